from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from cdptui import __version__
from cdptui.api import errors as e
from cdptui.api.inventory_api import NAMES_PER_CALL
from cdptui.models.snapshot import FetchProgress
from tests.doubles import FakeClock
from tests.unit.api.node import BASE, LOGIN, NAMES, TASKS, ZONE, Answer, MockNode, connect, read, respond
from tests.unit.api.wire import FULL_ROW, VENDOR_ROW, error, reply

PAGE = b"<html><head><title>404 Not Found</title></head></html>"


def fleet(count: int) -> list[dict[str, object]]:
    return [{**VENDOR_ROW, "uuid": f"{number:032x}", "name": f"task {number}"} for number in range(count)]


async def test_read_returns_the_tasks_of_the_node() -> None:
    client = connect(MockNode([FULL_ROW, VENDOR_ROW]))
    assert [task.name for task in await read(client)] == ["cdp-erp-db", "My Task"]
    await client.aclose()


async def test_node_without_tasks_gives_an_empty_list_after_one_request() -> None:
    node = MockNode()
    client = connect(node)
    assert await read(client) == ()
    assert len(node.asked(TASKS)) == 1
    await client.aclose()


async def test_task_query_has_limit_start_count_and_sort_parameters() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    (query,) = node.asked(TASKS)
    assert query.method == "GET"
    assert str(query.url) == f"{BASE}/cdp-task?limit=1000&start=0&replyWithCount=true&sort=%2Buuid"
    await client.aclose()


async def test_every_request_has_user_agent_and_accept_language() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    await client.resources.names(["vm"])
    await client.aclose()
    assert {request.headers["user-agent"] for request in node.requests} == {f"cdptui/{__version__}"}
    assert {request.headers["accept-language"] for request in node.requests} == {"en"}


async def test_next_page_is_requested_before_the_one_before_is_used() -> None:
    node = MockNode(fleet(2500))
    client = connect(node)
    requests = []
    async for reading in client.read():
        # The request of the next page has begun.
        await asyncio.sleep(0)
        requests.append((len(reading.tasks), len(node.asked(TASKS))))
    await client.aclose()
    assert requests == [(1000, 2), (2000, 3), (2500, 3)]


async def test_page_that_was_requested_too_early_is_requested_again() -> None:
    node = MockNode(fleet(2500))
    client = connect(node)
    removed = node.rows[1999]
    async for reading in client.read():
        if len(reading.tasks) == 1000:
            # Of the second page, which then has another last task.
            node.rows.remove(removed)
        tasks = reading.tasks
    await client.aclose()
    names = [task.name for task in tasks]
    assert len(names) == len(set(names))
    assert {row["name"] for row in node.rows} <= set(names)


async def test_endless_list_times_out_with_the_number_of_tasks_read() -> None:
    clock = FakeClock()
    node = MockNode(fleet(9000))

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            clock.seconds += 200.0
            return await node.handle_async_request(request)

    client = connect(Slow(), clock=clock)
    readings: list[FetchProgress] = []
    with pytest.raises(e.TimedOut, match="longer than 600 s, 2 pages"):
        await read(client, readings)
    assert len(readings[-1].tasks) == 2000
    await client.aclose()


async def test_long_list_is_read_page_by_page() -> None:
    node = MockNode(fleet(2500))
    client = connect(node)
    readings, counts = list[FetchProgress](), list[int]()
    async for reading in client.read():
        readings.append(reading)
        counts.append(len(reading.tasks))
    assert counts == [1000, 2000, 2500]
    assert [reading.is_complete for reading in readings] == [False, False, True]
    assert [reading.pages for reading in readings] == [1, 2, 3]
    assert {reading.total for reading in readings} == {2500}
    assert [request.url.params["start"] for request in node.asked(TASKS)] == ["0", "999", "1999"]
    await client.aclose()


async def test_list_is_as_old_as_its_oldest_page_in_a_cache() -> None:
    node = MockNode(fleet(1500))
    ages = iter(["", "70"])

    class Cache(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            reply = await node.handle_async_request(request)
            if request.url.path.endswith("/cdp-task"):
                reply.headers["Age"] = next(ages)
            else:
                reply.headers["Age"] = "5000"
            return reply

    client = connect(Cache())
    assert [reading.cached_s async for reading in client.read()] == [0.0, 70.0]
    await client.aclose()


async def test_unchanged_task_is_the_same_object_in_the_next_poll() -> None:
    node = MockNode([FULL_ROW, VENDOR_ROW])
    client = connect(node)
    first = await read(client)
    node.rows = [FULL_ROW, {**VENDOR_ROW, "status": "Failed"}]
    second = await read(client)
    assert second[0] is first[0]
    assert second[1] is not first[1]
    await client.aclose()


async def test_time_zone_is_requested_once_and_applied_to_dates() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    assert client.zone is None
    for _ in range(3):
        (task,) = await read(client)
        assert task.created_at == datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC)
    assert client.zone == ZoneInfo("Asia/Shanghai")
    assert len(node.asked(ZONE)) == 1
    await client.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(respond(404, b"no api mapping to /v1/management-nodes/platform-timezone"), id="unknown API"),
        pytest.param(respond(404, PAGE), id="404 of a filtering proxy"),
        pytest.param(respond(403, b"forbidden"), id="403"),
        pytest.param(respond(403, PAGE), id="403 of a firewall"),
        pytest.param(respond(503, error("ID.1002", "admin only")), id="admin only"),
        pytest.param(respond(503, error("SYS.1006", "operation[API:x] is denied by default")), id="denied by policy"),
        pytest.param(respond(503, error("PORTAL.1000", "no service")), id="API without a service"),
        pytest.param(respond(500, b""), id="500"),
        pytest.param(respond(200, b"{}"), id="empty object"),
        pytest.param(respond(200, b'{"timezone":'), id="truncated"),
        pytest.param(respond(200, b'{"timezone":8}'), id="wrong type"),
        pytest.param(respond(200, b'{"timezone":"Mars/Olympus"}'), id="unknown time zone"),
    ],
)
async def test_tasks_are_read_without_a_time_zone(answer: httpx.Response) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(ZONE, answer)
    for _ in range(2):
        (task,) = await read(client)
        assert task.name == "cdp-erp-db"
        assert task.created_at is None
        assert task.unreadable_fields == frozenset()
    assert len(node.asked(ZONE)) == 1
    await client.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.ConnectError("refused"), id="connection refused"),
        pytest.param(httpx.ReadTimeout("late"), id="read time-out"),
        pytest.param(respond(503, error("SYS.1001", "message timeout")), id="time-out reported by the node"),
        pytest.param(respond(504, b""), id="504 of a proxy"),
        pytest.param(respond(429, b"rate"), id="too many requests"),
    ],
)
async def test_unavailable_time_zone_does_not_block_the_list_and_is_retried(answer: Answer) -> None:
    node, clock = MockNode([FULL_ROW]), FakeClock()
    client = connect(node, clock=clock)
    node.next(ZONE, answer)
    for _ in range(2):
        assert len(await read(client)) == 1
    assert client.zone is None
    assert len(node.asked(ZONE)) == 1
    clock.seconds += 60
    (task,) = await read(client)
    assert client.zone == ZoneInfo("Asia/Shanghai")
    assert task.created_at is not None, "the record is read again"
    await client.aclose()


async def test_list_does_not_wait_for_the_time_zone() -> None:
    node = MockNode([FULL_ROW])

    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith(ZONE):
                await asyncio.Event().wait()
            return await node.handle_async_request(request)

    client = connect(Hanging())
    async with asyncio.timeout(10):
        assert len(await read(client)) == 1
    assert client.zone is None
    await client.aclose()


async def test_time_zone_is_requested_again_after_a_failed_first_poll() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(TASKS, httpx.ConnectError("refused"))
    with pytest.raises(e.Unreachable):
        await read(client)
    await read(client)
    assert client.zone == ZoneInfo("Asia/Shanghai")
    await client.aclose()


async def test_time_zone_is_fetched_after_a_failed_login() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(500, b"starting"))
    with suppress(e.ServerError):
        await read(client)
    await read(client)
    assert client.zone == ZoneInfo("Asia/Shanghai")
    await client.aclose()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"{}", e.UnreadableAnswer, id="empty object"),
        pytest.param(b'{"schema":{},"total":3}', e.UnreadableAnswer, id="count without a list"),
        pytest.param(b'{"inventories":null}', e.UnreadableAnswer, id="null"),
        pytest.param(b"[]", e.UnreadableAnswer, id="bare list"),
        pytest.param(b"", e.NotAManagementNode, id="empty body"),
        pytest.param(PAGE, e.NotAManagementNode, id="web page"),
        pytest.param(reply([FULL_ROW])[:-1], e.UnreadableAnswer, id="truncated at the end"),
        pytest.param(reply([FULL_ROW])[:99], e.UnreadableAnswer, id="truncated in the middle"),
        pytest.param(b"{", e.UnreadableAnswer, id="truncated at the start"),
        pytest.param(b'{"inventories":' + b"[" * 100_000, e.UnreadableAnswer, id="deeply nested"),
    ],
)
async def test_invalid_response_is_never_an_empty_list(body: bytes, kind: type[e.ApiError]) -> None:
    client = connect(node := MockNode([FULL_ROW]))
    node.next(TASKS, respond(200, body))
    readings: list[FetchProgress] = []
    with pytest.raises(e.ApiError) as caught:
        await read(client, readings)
    assert type(caught.value) is kind
    assert caught.value.url == f"{BASE}/cdp-task"
    assert readings == []
    await client.aclose()


async def test_failed_second_page_gives_no_complete_list() -> None:
    client = connect(node := MockNode(fleet(1500)))
    first_page = respond(200, reply(fleet(1000), total=1500))
    node.next(TASKS, first_page, respond(500, b"oops"))
    readings: list[FetchProgress] = []
    with pytest.raises(e.ServerError):
        await read(client, readings)
    assert [reading.is_complete for reading in readings] == [False]
    await client.aclose()


@pytest.mark.parametrize("path", [LOGIN, ZONE, TASKS])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_is_not_followed(path: str, status: int) -> None:
    client = connect(node := MockNode([FULL_ROW]))
    moved: Answer = respond(status, b"", Location="http://elsewhere.example/zstack/v1/cdp-task")
    node.next(path, moved)
    if path == ZONE:
        # A redirect of the time zone is ignored, so the task query is redirected too.
        node.next(TASKS, moved)
    with pytest.raises(e.NotAManagementNode, match=r"redirects to http://elsewhere\.example"):
        await read(client)
    await client.aclose()
    assert {request.url.host for request in node.requests} == {"10.0.0.5"}


async def test_names_are_requested_in_one_call_with_repeated_uuids_parameters() -> None:
    node = MockNode(names={"vm": "erp-db-01", "bs": "backup\x1b[2J"})
    client = connect(node)
    assert (await client.resources.names(["vm", "bs", "gone"])).value == {"vm": "erp-db-01", "bs": "backup␛[2J"}
    (request,) = node.asked(NAMES)
    assert request.url.query == b"uuids=vm&uuids=bs&uuids=gone"
    await client.aclose()


async def test_names_request_is_limited_to_the_url_length() -> None:
    node = MockNode()
    client = connect(node)
    await client.resources.names([f"{number:032x}" for number in range(NAMES_PER_CALL + 50)])
    (request,) = node.asked(NAMES)
    assert len(request.url.params.get_list("uuids")) == NAMES_PER_CALL
    assert len(str(request.url)) < 8192
    await client.aclose()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(respond(200, b'{"inventories":[{"name":'), e.UnreadableAnswer, id="truncated"),
        pytest.param(respond(200, b'{"inventories":7}'), e.UnreadableAnswer, id="wrong type"),
        pytest.param(respond(503, error("SYS.1006", "is denied")), e.PermissionDenied, id="denied"),
        pytest.param(httpx.ReadTimeout("slow"), e.TimedOut, id="slow"),
    ],
)
async def test_failed_names_request_raises_an_api_error(answer: Answer, kind: type[e.ApiError]) -> None:
    client = connect(node := MockNode())
    node.next(NAMES, answer)
    with pytest.raises(kind):
        await client.resources.names(["vm"])
    await client.aclose()


async def test_resource_without_a_name_has_no_name() -> None:
    client = connect(node := MockNode())
    node.next(NAMES, respond(200, b'{"inventories":[{"uuid":"a"},{"uuid":"b","resourceName":""}]}'))
    assert (await client.resources.names(["a", "b"])).value == {}
    await client.aclose()


async def test_all_raw_fields_of_a_task_are_available() -> None:
    client = connect(MockNode([{**FULL_ROW, "scene": "Normal"}]))
    (task,) = await read(client)
    fields = {field.name: field for field in client.fields(task)}
    assert fields["createDate"].at == datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC)
    assert not fields["scene"].is_known
    await client.aclose()
