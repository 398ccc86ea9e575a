"""Error messages contain no credentials, whatever part of the request a server quotes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.client import Client
from cdptui.models.auth import AccessKey, PasswordLogin, SessionToken
from tests.doubles import FakeClock
from tests.unit.api.node import BASE, LOGIN, TASKS, MockNode, connect, read, say
from tests.unit.api.wire import FULL_ROW, error

PASSWORD = "error inventories \udcff long enough"
KEY_SECRET = "keykeykeykeykeykeykeykeykeykeykeykeykeyk"
SHORTEST_TELLING = 8
"""Characters of a secret, in a row, that are a part of it."""


def quoted(request: httpx.Request) -> str:
    """Everything that came, the way that it is written in most programs."""
    return f"{request.url} {dict(request.headers)} {request.content.decode()}"


FORMS: dict[str, Callable[[httpx.Request, str], httpx.Response]] = {
    "an error": lambda request, before: say(503, error("SYS.1000", before + quoted(request))),
    "an error with escapes": lambda request, before: say(
        503, error("SYS.1000", before + quoted(request)).replace(b"/", b"\\/")
    ),
    "plain text": lambda request, before: say(500, (before + quoted(request)).encode()),
    "a page": lambda request, before: say(404, f"<title>{before}{quoted(request)}</title>".encode()),
    "a redirect": lambda request, before: say(302, b"", Location=f"/?{before[:150]}{request.headers}"),
    "no list": lambda request, before: say(200, json.dumps([before + quoted(request)]).encode()),
}


def pieces(secret: str) -> set[str]:
    return {secret[at : at + SHORTEST_TELLING] for at in range(len(secret) - SHORTEST_TELLING + 1)}


async def failures(client: Client, node: MockNode, path: str, form: str) -> list[str]:
    """What is said, wherever the quotation is cut off: the secrets come earlier and later in it."""
    said = []
    for length in range(0, 300, 7):
        node.next(path, lambda request, length=length: FORMS[form](request, "x" * length))  # type: ignore[misc]  # bound
        with pytest.raises(e.ApiError) as caught:
            await read(client)
        said.append(str(caught.value) + caught.value.detail)
    return said


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", [LOGIN, TASKS])
async def test_errors_contain_no_part_of_a_password_session_or_cookie(form: str, path: str) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node, PasswordLogin(name="admin", password=PASSWORD))
    if path == TASKS:
        await read(client)
    hashed = hashlib.sha512(PASSWORD.encode(errors="surrogateescape")).hexdigest()
    secrets = pieces(hashed).union(*map(pieces, node.sessions), pieces("cookie1"))
    said = "\n".join(await failures(client, node, path, form))
    assert not {piece for piece in secrets if piece in said}
    await client.aclose()


@pytest.mark.parametrize("form", FORMS)
async def test_errors_contain_no_part_of_a_signature_or_session_token(form: str) -> None:
    session = hashlib.md5(b"given").hexdigest()
    for auth in (AccessKey(key_id="CDPTUI", secret=KEY_SECRET), SessionToken(session_id=session)):
        node = MockNode([FULL_ROW])
        node.sessions.add(session)
        client = connect(node, auth)
        said = "\n".join(await failures(client, node, TASKS, form))
        sent = {request.headers["authorization"].rpartition(":")[2] for request in node.asked(TASKS)}
        assert not {piece for secret in sent for piece in pieces(secret.removeprefix("OAuth ")) if piece in said}
        await client.aclose()


async def test_refused_login_is_recognised_with_any_password() -> None:
    for password in ("error", "ID.1000", '{"error":{"code":"ID.1000"', "a"):
        node = MockNode([FULL_ROW])
        client = connect(node, PasswordLogin(name="admin", password=password))
        node.next(LOGIN, say(503, error("ID.1000", f"wrong: {password}")))
        with pytest.raises(e.LoginRefused):
            await read(client)
        await client.aclose()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", [LOGIN, TASKS])
async def test_errors_contain_no_part_of_a_proxy_password(form: str, path: str) -> None:
    password = "pr0xy:s3cret@x:of:a:length:that:is:no:word"
    proxy = f"http://user:{quote(password, safe='')}@proxy.example:3128"
    encoded = base64.b64encode(f"user:{password}".encode()).decode()
    node = MockNode([FULL_ROW])
    auth = PasswordLogin(name="admin", password=PASSWORD)
    client = Client(BASE, auth, timeout_s=15.0, clock=FakeClock(), proxy=proxy, transport=node)
    if path == TASKS:
        await read(client)

    def passed_on(request: httpx.Request) -> httpx.Request:
        """The request with what a careless proxy adds to it."""
        added = {"Proxy-Authorization": f"Basic {encoded}", "Via": f"{proxy} {password}"}
        return httpx.Request(request.method, request.url, headers={**added, **request.headers}, content=request.content)

    said = []
    for length in range(0, 300, 7):
        node.next(path, lambda request, length=length: FORMS[form](passed_on(request), "x" * length))  # type: ignore[misc]  # bound
        with pytest.raises(e.ApiError) as caught:
            await read(client)
        said.append(str(caught.value) + caught.value.detail)
    secrets = pieces(encoded) | pieces(password) | pieces(quote(password, safe=""))
    assert not {piece for piece in secrets if piece in "\n".join(said)}
    await client.aclose()


async def test_errors_of_later_requests_contain_no_part_of_the_login_password() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node, PasswordLogin(name="admin", password=PASSWORD))
    secret = hashlib.sha512(PASSWORD.encode(errors="surrogateescape")).hexdigest()
    said = []
    for length in range(0, 300, 7):
        details = "x" * length + secret
        node.next(TASKS, lambda _, details=details: say(503, error("SYS.1000", details)))  # type: ignore[misc]  # bound
        with pytest.raises(e.ApiError) as caught:
            await read(client)
        said.append(str(caught.value) + caught.value.detail)
    assert not [text for text in said for piece in pieces(secret) if piece in text]
    await client.aclose()
