"""Invalid responses are reported in one line, and good data stays."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from cdptui.api.errors import ApiError
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.models.failure import FailureKind
from cdptui.monitor.connection import NodeConnection, connect
from cdptui.monitor.update import Update
from cdptui.render.failure_messages import failure_sentence
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.wire.canned import VENDOR_PAGE, Canned, canned

GOOD = VENDOR_PAGE.read_bytes()
TASKS = "/zstack/v1/cdp-task"
LOGIN = "/zstack/v1/accounts/login"


async def link_to(url: str, *, timeout_s: float = 5.0) -> NodeConnection:
    settings = MonitorSettings(
        base_url=normalize_url(url),
        auth=PasswordLogin(name="admin", password="password"),
        interval_s=3600.0,
        timeout_s=timeout_s,
    )
    return await connect(settings, SystemClock())


async def after_good_and_bad(server: Canned, status: int, body: bytes) -> tuple[Update, Update]:
    """Return the updates of a good poll and of the bad one after it."""
    link = await link_to(server.url)
    try:
        async with aclosing(link.monitor.updates()) as updates:
            good = await anext(updates)
            server.answer(TASKS, body, status)
            link.monitor.refresh()
            return good, await anext(updates)
    finally:
        await link.aclose()


PROXY_PAGE = b"<html><head><title>Corporate Proxy: sign in</title></head><body>...</body></html>"
TOMCAT_404 = b"<!doctype html><html lang=en><head><title>HTTP Status 404 \xe2\x80\x93 Not Found</title></head></html>"


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        pytest.param(200, PROXY_PAGE, FailureKind.NOT_A_NODE, "Corporate Proxy", id="web page of a proxy"),
        pytest.param(404, TOMCAT_404, FailureKind.NOT_A_NODE, "Not Found", id="Tomcat without ZStack"),
        pytest.param(
            404, b"no api mapping to /v1/cdp-task", FailureKind.CDP_UNAVAILABLE, "no api mapping", id="no CDP"
        ),
        pytest.param(302, b"", FailureKind.NOT_A_NODE, "elsewhere.invalid", id="redirect"),
        pytest.param(502, PROXY_PAGE, FailureKind.UNREACHABLE, "proxy", id="bad gateway"),
        pytest.param(503, PROXY_PAGE, FailureKind.UNREACHABLE, "proxy", id="503 of a proxy"),
        pytest.param(503, b'{"x":1}', FailureKind.UNREACHABLE, "503", id="503 without an error"),
        pytest.param(500, b"", FailureKind.SERVER_ERROR, "no details", id="empty 500"),
        pytest.param(429, b"Rate limit exceeded", FailureKind.RATE_LIMITED, "Rate limit", id="rate limit"),
        pytest.param(200, b"", FailureKind.NOT_A_NODE, "empty", id="empty body"),
        pytest.param(200, GOOD[:200], FailureKind.UNREADABLE, "", id="truncated JSON"),
        pytest.param(200, b'{"inventories": 5}', FailureKind.UNREADABLE, "inventories", id="no list"),
        pytest.param(200, b"{}", FailureKind.UNREADABLE, "no list of inventories", id="empty object"),
        pytest.param(200, b'{"a":' * 100_000, FailureKind.UNREADABLE, "", id="deeply nested JSON"),
        pytest.param(200, b"[1,2,3]", FailureKind.UNREADABLE, "", id="list"),
        pytest.param(202, b"{}", FailureKind.UNREADABLE, "", id="202 of a job"),
        pytest.param(
            503,
            b'{"error":{"code":"SYS.1006","details":"operation[API:x] is denied by default, please contact admin"}}',
            FailureKind.PERMISSION_DENIED,
            "denied by default",
            id="permission denied",
        ),
        pytest.param(
            503,
            b'{"error":{"code":"SYS.1006","details":"outer","cause":{"code":"SYS.1006","details":"disk is gone"}}}',
            FailureKind.SERVER_ERROR,
            "disk is gone",
            id="deepest cause",
        ),
        pytest.param(503, b'{"error":{"code":"SYS.1010"}}', FailureKind.NOT_READY, "SYS.1010", id="node is starting"),
        pytest.param(
            503,
            b'{"error":{"code":"LICENSE.1001","details":"\\u001b[31mno licence\\u202e"}}',
            FailureKind.CDP_UNAVAILABLE,
            "␛[31mno licence\ufffd",
            id="hostile text",
        ),
    ],
)
async def test_bad_response_is_reported_and_the_last_data_is_kept(
    status: int, body: bytes, kind: FailureKind, text: str
) -> None:
    with canned(GOOD) as server:
        good, bad = await after_good_and_bad(server, status, body)
    assert [row.task.name for row in good.rows] == ["My Task"]
    assert bad.snapshot is good.snapshot
    assert bad.failure is not None
    assert bad.failure.kind is kind
    assert text in failure_sentence(bad.failure, DEFAULT_KEYMAP.labels)
    assert "\n" not in failure_sentence(bad.failure, DEFAULT_KEYMAP.labels)
    assert "→" in failure_sentence(bad.failure, DEFAULT_KEYMAP.labels), "the message says what to do"


async def test_unreadable_task_does_not_hide_the_others() -> None:
    rows = (
        b'{"uuid":"a","name":"fine","status":"Running","state":"Enabled","usedCapacity":1},'
        b'{"uuid":"b","name":"odd","status":"Running","state":"Enabled","usedCapacity":"lots","createDate":{}},'
        b'{"uuid":"c","name":["x"],"status":7,"state":null},'
        b"null,"
        b'{"uuid":"e","name":"newer","status":"Teleporting","state":"Enabled","scene":"Normal"}'
    )
    with canned(b'{"inventories":[' + rows + b"]}") as server:
        link = await link_to(server.url)
        try:
            async with aclosing(link.monitor.updates()) as updates:
                update = await anext(updates)
        finally:
            await link.aclose()
    tasks = {row.task.name: row.task for row in update.rows}
    assert len(update.rows) == 5
    assert tasks["fine"].unreadable_fields == frozenset()
    assert tasks["odd"].unreadable_fields == {"usedCapacity", "createDate"}
    assert tasks["newer"].status == "Teleporting"
    assert {task.uuid for task in tasks.values()} >= {"a", "b", "c", "e"}


async def test_deeply_nested_record_does_not_hide_the_others() -> None:
    deep = b"[" * 1_000 + b"]" * 1_000
    rows = (
        b'{"uuid":"a","name":"fine","status":"Running","state":"Enabled","usedCapacity":1},'
        b'{"uuid":"b","name":"deep","status":"Running","state":"Enabled","scene":' + deep + b"},"
        b'{"uuid":"c","name":"\xff\xfe","status":"Running","state":"Enabled","usedCapacity":NaN}'
    )
    with canned(b'{"total":3,"inventories":[' + rows + b"]}") as server:
        update = await first_update(server.url)
    assert update.failure is None
    assert update.snapshot is not None
    assert not update.snapshot.is_partial
    bad = {row.task.uuid: row.task.unreadable_fields for row in update.rows}
    assert bad == {"a": frozenset(), "b": {"scene"}, "c": {"usedCapacity"}}


async def first_update(url: str, *, timeout_s: float = 5.0) -> Update:
    link = await link_to(url, timeout_s=timeout_s)
    try:
        async with aclosing(link.monitor.updates()) as updates:
            return await anext(updates)
    finally:
        await link.aclose()


async def test_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failure = (await first_update(f"127.0.0.1:{port}")).failure
    assert failure is not None
    assert failure.kind is FailureKind.UNREACHABLE
    assert "Connection refused" in failure.detail


async def test_unknown_host_is_unreachable() -> None:
    failure = (await first_update("no-such-host.invalid")).failure
    assert failure is not None
    assert failure.kind is FailureKind.UNREACHABLE
    assert "no-such-host.invalid" in failure.url


async def test_silent_server_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = (await first_update(f"127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3)).failure
    assert failure is not None
    assert failure.kind is FailureKind.TIMED_OUT


async def test_https_to_an_http_port_is_a_tls_failure() -> None:
    with canned() as server:
        failure = (await first_update(server.url.replace("http://", "https://"))).failure
    assert failure is not None
    assert failure.kind is FailureKind.TLS


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"code":"ID.1000","description":"Unable to authenticate a user"}}', FailureKind.LOGIN_REFUSED),
        (b'{"error":{"code":"ID.2001","description":"addition authentication"}}', FailureKind.SECOND_FACTOR),
        (b'{"error":{"code":"LOGIN_CONTROL.1005","description":"Missing captcha"}}', FailureKind.CAPTCHA),
        (b'{"error":{"code":"ID.1006","description":"too many"}}', FailureKind.TOO_MANY_SESSIONS),
    ],
)
async def test_refused_login_is_tried_once(body: bytes, kind: FailureKind) -> None:
    with canned() as server:
        server.answer(LOGIN, body, 503)
        update = await first_update(server.url)
        assert server.count("PUT", LOGIN) == 1
    assert update.failure is not None
    assert update.failure.kind is kind
    assert update.failure.needs_user_action
    assert update.next_poll_at is None


async def test_expired_session_is_renewed_once() -> None:
    expired = b'{"error":{"code":"ID.1001","description":"session","details":"Session expired"}}'
    with canned(GOOD) as server:
        good, bad = await after_good_and_bad(server, 503, expired)
        assert server.count("PUT", LOGIN) == 2
    assert good.failure is None
    assert bad.failure is not None, "the new session was rejected as well"
    assert bad.failure.kind is FailureKind.SESSION_CONTENDED


async def test_too_large_response_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdptui.api.responses.MAX_BODY_BYTES", 10_000)
    with canned(b'{"inventories":[' + b" " * 20_000 + b"]}") as server:
        update = await first_update(server.url)
    assert update.failure is not None
    assert update.failure.kind is FailureKind.UNREADABLE


async def test_error_contains_no_secret() -> None:
    with canned() as server:
        server.answer(TASKS, b"oops", 500)
        link = await link_to(server.url)
        with pytest.raises(ApiError) as raised:
            await drain(link._node.read())
        await link.aclose()
    shown = f"{raised.value} {raised.value!r} {link!r}"
    assert "7c1e2d3f" not in shown
    assert "b109f3bb" not in shown, "the SHA-512 of the password"


async def drain(readings: AsyncIterator[object]) -> None:
    async for _ in readings:
        pass
