"""Any response gives a result or an API error; an invalid task never affects others."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.client import Client
from cdptui.api.decode import UNREADABLE, TaskDecoder, decode_page
from cdptui.api.errors import ApiError
from cdptui.models.auth import AccessKey, Credentials, PasswordLogin, SessionToken
from cdptui.models.server_metrics import MetricsRequest
from tests.doubles import EPOCH, FakeClock
from tests.unit.api.node import BASE, LOGIN, NAMES, TASKS, ZONE, MockNode, read
from tests.unit.api.wire import FULL_ROW, encoded, row

any_text = st.text(st.characters(exclude_categories=()), max_size=30)
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)

KEYS = ("inventories", "inventory", "total", "error", "schema", "uuid", "name", "timezone", "offset", "code", "details")
plausible_json = st.dictionaries(st.sampled_from(KEYS), st.one_of(any_json, st.lists(any_json, max_size=3)), max_size=4)
"""Objects with the keys of real responses and arbitrary values."""

bodies = st.one_of(
    st.binary(max_size=80),
    plausible_json.map(lambda value: json.dumps(value).encode()),
    any_json.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 400).map(lambda length: encoded({"inventories": [FULL_ROW], "total": 1})[:length]),
    st.text(max_size=60).map(lambda text: f"<html><title>{text}".encode(errors="replace")),
)


@settings(max_examples=200)
@given(bodies)
def test_any_body_is_decoded_or_unreadable(body: bytes) -> None:
    with contextlib.suppress(*UNREADABLE):
        page = decode_page(body)
        assert page.total is None or page.total >= 0
        assert len(TaskDecoder().decode(page.rows)) == len(page.rows)


@settings(max_examples=150)
@given(st.lists(st.one_of(st.none(), any_json), min_size=1, max_size=8), st.booleans())
def test_unreadable_records_do_not_affect_the_others(hostile: Sequence[object], is_compressed: bool) -> None:
    good = [json.loads(row(uuid=f"good-{number}", name=f"task {number}")) for number in range(len(hostile))]
    mixed = [record for pair in zip(good, hostile, strict=True) for record in pair]
    page = decode_page(json.dumps({"inventories": mixed, "total": len(mixed)}).encode())
    tasks = TaskDecoder().decode(page.rows, is_compressed=is_compressed)
    assert len(tasks) == len(mixed)
    assert all(task.uuid for task in tasks)
    assert [(task.uuid, task.name, task.status) for task in tasks[::2]] == [
        (record["uuid"], record["name"], "Running") for record in good
    ]


answers = st.builds(
    lambda status, body, location: httpx.Response(status, content=body, headers={"Location": location}),
    st.one_of(st.sampled_from([200, 200, 200, 302, 400, 404, 429, 500, 503]), st.integers(200, 599)),
    bodies,
    st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=20),
)

CREDENTIALS: tuple[Credentials, ...] = (
    PasswordLogin(name="admin", password="correct horse"),
    SessionToken(session_id="given"),
    AccessKey(key_id="CDPTUI", secret="secret"),
)

BACKGROUND_REQUESTS: dict[str, Callable[[Client], Awaitable[Any]]] = {
    NAMES: lambda client: client.resources.names(["a"]),
    "/backup-storage": lambda client: client.resources.storages(),
    "/cdp-backup-storage/policy": lambda client: client.resources.policies(),
    "/vm-instances": lambda client: client.resources.vm("a"),
    "/cdp-backup-storage": lambda client: client.resources.recovery_points("a", EPOCH),
    "/zwatch/metrics": lambda client: client.resources.task_metrics(MetricsRequest("a", 0, 3_600_000, 60)),
}


class FuzzedNode(MockNode):
    """Sends a given response for one path."""

    def __init__(self, path: str, answer: httpx.Response) -> None:
        super().__init__([FULL_ROW])
        self.sessions.add("given")
        self._fuzzed = (path, answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, answer = self._fuzzed
        if self._path(request).startswith(path):
            return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))
        return super()._answer(request)


@pytest.mark.parametrize("path", [LOGIN, ZONE, TASKS, *BACKGROUND_REQUESTS])
@settings(max_examples=40)
@given(answer=answers, auth=st.sampled_from(CREDENTIALS))
def test_any_response_is_accepted_or_raises_an_api_error(path: str, answer: httpx.Response, auth: Credentials) -> None:
    async def ask() -> None:
        client = Client(BASE, auth, timeout_s=15.0, clock=FakeClock(), transport=FuzzedNode(path, answer))
        try:
            with contextlib.suppress(ApiError):
                assert len(await read(client)) >= (path != TASKS)
            if path in BACKGROUND_REQUESTS:
                with contextlib.suppress(ApiError):
                    await BACKGROUND_REQUESTS[path](client)
        finally:
            await client.aclose()

    asyncio.run(ask())
