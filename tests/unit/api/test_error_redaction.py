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
from cdptui.models.proxy import Proxy
from tests.doubles import FakeClock
from tests.unit.api.node import BASE, LOGIN, TASKS, MockNode, connect, read, respond
from tests.unit.api.wire import FULL_ROW, error

PASSWORD = "error inventories \udcff long enough"
KEY_SECRET = "keykeykeykeykeykeykeykeykeykeykeykeykeyk"
MIN_LEAK_LENGTH = 8
"""Consecutive characters of a secret that count as a leak."""


def quoted(request: httpx.Request) -> str:
    """Return the whole request as text, as most programs would log it."""
    return f"{request.url} {dict(request.headers)} {request.content.decode()}"


FORMS: dict[str, Callable[[httpx.Request, str], httpx.Response]] = {
    "error": lambda request, before: respond(503, error("SYS.1000", before + quoted(request))),
    "error with escapes": lambda request, before: respond(
        503, error("SYS.1000", before + quoted(request)).replace(b"/", b"\\/")
    ),
    "plain text": lambda request, before: respond(500, (before + quoted(request)).encode()),
    "web page": lambda request, before: respond(404, f"<title>{before}{quoted(request)}</title>".encode()),
    "redirect": lambda request, before: respond(302, b"", Location=f"/?{before[:150]}{request.headers}"),
    "not an object": lambda request, before: respond(200, json.dumps([before + quoted(request)]).encode()),
}


def parts(secret: str) -> set[str]:
    return {secret[at : at + MIN_LEAK_LENGTH] for at in range(len(secret) - MIN_LEAK_LENGTH + 1)}


async def failures(client: Client, node: MockNode, path: str, form: str) -> list[str]:
    """Return the error messages for quotations that are truncated at different places around the secrets."""
    messages = []
    for length in range(0, 300, 7):
        node.next(path, lambda request, length=length: FORMS[form](request, "x" * length))  # type: ignore[misc]  # bound
        with pytest.raises(e.ApiError) as caught:
            await read(client)
        messages.append(str(caught.value) + caught.value.detail)
    return messages


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", [LOGIN, TASKS])
async def test_errors_contain_no_part_of_a_password_session_or_cookie(form: str, path: str) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node, PasswordLogin(name="admin", password=PASSWORD))
    if path == TASKS:
        await read(client)
    hashed = hashlib.sha512(PASSWORD.encode(errors="surrogateescape")).hexdigest()
    secrets = parts(hashed).union(*map(parts, node.sessions), parts("cookie1"))
    messages = "\n".join(await failures(client, node, path, form))
    assert not {part for part in secrets if part in messages}
    await client.aclose()


@pytest.mark.parametrize("form", FORMS)
async def test_errors_contain_no_part_of_a_signature_or_session_token(form: str) -> None:
    session = hashlib.md5(b"given").hexdigest()
    for auth in (AccessKey(key_id="CDPTUI", secret=KEY_SECRET), SessionToken(session_id=session)):
        node = MockNode([FULL_ROW])
        node.sessions.add(session)
        client = connect(node, auth)
        messages = "\n".join(await failures(client, node, TASKS, form))
        sent = {request.headers["authorization"].rpartition(":")[2] for request in node.asked(TASKS)}
        assert not {part for secret in sent for part in parts(secret.removeprefix("OAuth ")) if part in messages}
        await client.aclose()


async def test_refused_login_is_recognised_with_any_password() -> None:
    for password in ("error", "ID.1000", '{"error":{"code":"ID.1000"', "a"):
        node = MockNode([FULL_ROW])
        client = connect(node, PasswordLogin(name="admin", password=password))
        node.next(LOGIN, respond(503, error("ID.1000", f"wrong: {password}")))
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
    client = Client(BASE, auth, timeout_s=15.0, clock=FakeClock(), proxy=Proxy(proxy), transport=node)
    if path == TASKS:
        await read(client)

    def with_proxy_headers(request: httpx.Request) -> httpx.Request:
        """Return the request with headers that a careless proxy adds."""
        added = {"Proxy-Authorization": f"Basic {encoded}", "Via": f"{proxy} {password}"}
        return httpx.Request(request.method, request.url, headers={**added, **request.headers}, content=request.content)

    messages = []
    for length in range(0, 300, 7):
        node.next(path, lambda request, length=length: FORMS[form](with_proxy_headers(request), "x" * length))  # type: ignore[misc]  # bound
        with pytest.raises(e.ApiError) as caught:
            await read(client)
        messages.append(str(caught.value) + caught.value.detail)
    secrets = parts(encoded) | parts(password) | parts(quote(password, safe=""))
    assert not {part for part in secrets if part in "\n".join(messages)}
    await client.aclose()


async def test_errors_of_later_requests_contain_no_part_of_the_login_password() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node, PasswordLogin(name="admin", password=PASSWORD))
    secret = hashlib.sha512(PASSWORD.encode(errors="surrogateescape")).hexdigest()
    messages = []
    for length in range(0, 300, 7):
        details = "x" * length + secret
        node.next(TASKS, lambda _, details=details: respond(503, error("SYS.1000", details)))  # type: ignore[misc]  # bound
        with pytest.raises(e.ApiError) as caught:
            await read(client)
        messages.append(str(caught.value) + caught.value.detail)
    assert not [text for text in messages for part in parts(secret) if part in text]
    await client.aclose()
