"""A proxy that shows its own page in place of the node's errors: told from an outage, and no login is repeated."""

from __future__ import annotations

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.client import Client
from cdptui.models.auth import AccessKey, SessionToken
from tests.doubles import FakeClock
from tests.unit.api.node import BASE, LOGIN, PASSWORD, TASKS, MockNode, connect, read, respond
from tests.unit.api.wire import FULL_ROW, encoded, error

PAGE = b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>"
VALIDITY = "/accounts/sessions/"


class ErrorPages(httpx.AsyncBaseTransport):
    """A proxy in front of a node: shows `page` in place of each 503, and for every request while the node is down."""

    def __init__(self, node: MockNode, page: httpx.Response | None = None) -> None:
        self.node = node
        self.page = page or respond(503, PAGE)
        self.is_node_down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_node_down:
            return self._error_page()
        if request.url.path.endswith("/valid"):
            self.node.requests.append(request)
            return respond(200, encoded({"valid": request.url.path.split("/")[-2] in self.node.sessions}))
        reply = await self.node.handle_async_request(request)
        return self._error_page() if reply.status_code == 503 else reply

    def _error_page(self) -> httpx.Response:
        return respond(self.page.status_code, self.page.content)


async def test_ended_session_behind_error_pages_is_renewed() -> None:
    node = MockNode([FULL_ROW])
    client = connect(ErrorPages(node))
    await read(client)
    node.kill_sessions()
    assert len(await read(client)) == 1
    assert len(node.asked(LOGIN)) == 2
    await client.aclose()


async def test_error_behind_error_pages_is_no_outage() -> None:
    node = MockNode([FULL_ROW])
    client = connect(ErrorPages(node))
    await read(client)
    node.next(TASKS, respond(503, error("SYS.1000", "disk full")))
    with pytest.raises(e.ErrorReplaced) as caught:
        await read(client)
    assert not caught.value.as_failure().needs_user_action
    assert len(await read(client)) == 1
    assert len(node.asked(LOGIN)) == 1
    await client.aclose()


@pytest.mark.parametrize("status", [503, 200])
async def test_refused_login_behind_error_pages_is_not_repeated_without_another_password(status: int) -> None:
    node = MockNode([FULL_ROW])
    client = connect(ErrorPages(node, respond(status, PAGE)))
    node.next(LOGIN, respond(503, error("ID.1000", "wrong")))
    for _ in range(5):
        with pytest.raises(e.LoginErrorReplaced) as caught:
            await read(client)
        assert caught.value.as_failure().needs_user_action
    assert len(node.asked(LOGIN)) == 1
    client.use_password("another")
    assert len(await read(client)) == 1
    await client.aclose()


async def test_page_during_an_outage_is_an_outage() -> None:
    node = MockNode([FULL_ROW])
    front = ErrorPages(node)
    front.is_node_down = True
    client = connect(front)
    for _ in range(3):
        with pytest.raises(e.Unreachable, match="503 Service Temporarily Unavailable"):
            await read(client)
    front.is_node_down = False
    assert len(await read(client)) == 1
    front.is_node_down = True
    with pytest.raises(e.Unreachable):
        await read(client)
    await client.aclose()


async def test_ended_session_token_behind_error_pages_waits_for_the_user() -> None:
    client = connect(ErrorPages(MockNode()), SessionToken(session_id="given"))
    with pytest.raises(e.SessionInvalid) as caught:
        await read(client)
    assert caught.value.as_failure().needs_user_action
    await client.aclose()


async def test_error_of_a_signed_request_behind_error_pages_is_no_outage() -> None:
    node = MockNode([FULL_ROW])
    node.next("/management-nodes/actions", respond(404, b"no api mapping"))
    node.next(TASKS, respond(503, error("SYS.1000", "disk full")))
    client = Client(
        BASE, AccessKey(key_id="id", secret="secret"), timeout_s=5.0, clock=FakeClock(), transport=ErrorPages(node)
    )
    with pytest.raises(e.ErrorReplaced):
        await read(client)
    await client.aclose()


@pytest.mark.parametrize("body", [b"Blocked by policy 17", b'{"message":"blocked"}', PAGE, b""])
async def test_login_blocked_on_the_way_is_retried_at_the_next_poll(body: bytes) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(403, body), respond(403, body))
    for _ in range(2):
        with pytest.raises(e.Intercepted) as caught:
            await read(client)
        assert not caught.value.as_failure().needs_user_action
    assert len(await read(client)) == 1
    await client.aclose()


async def test_session_lost_after_a_block_on_the_way_is_no_contention() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    for _ in range(3):
        node.kill_sessions()
        assert len(await read(client)) == 1
        node.next(TASKS, respond(403, b"Blocked by policy 17"))
        with pytest.raises(e.Intercepted):
            await read(client)
    await client.aclose()


async def test_checks_of_sessions_show_no_session() -> None:
    node = MockNode([FULL_ROW])
    client = connect(ErrorPages(node))
    await read(client)
    node.next(TASKS, respond(503, error("SYS.1000", "disk full")))
    with pytest.raises(e.ErrorReplaced) as caught:
        await read(client)
    assert f"session{1:025}" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    await client.aclose()
