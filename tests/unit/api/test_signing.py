from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.http import HttpClient, Timeouts
from cdptui.api.server_clock import ServerClock
from cdptui.api.signing import canonical_path, sign
from cdptui.models.auth import AccessKey
from tests.doubles import EPOCH, FakeClock
from tests.unit.api.node import BASE, NAMES, TASKS, ZONE, MockNode, connect, read, respond
from tests.unit.api.wire import FULL_ROW, encoded

KEY = AccessKey(key_id="KEYID01", secret="secret0123456789")
TIME = "/management-nodes/actions"


def test_signature_equals_the_test_vector() -> None:
    date = "Tue, 14 Nov 2017 22:20:57 GMT+08:00"
    assert sign("secret0123456789", "GET", date, "/v1/cdp-task") == "MnIaWqH2X2xTPiSc4qmNMSGufg4="
    assert sign("secret0123456789", "get", date, "/v1/cdp-task") == "MnIaWqH2X2xTPiSc4qmNMSGufg4="


@pytest.mark.parametrize(
    ("base_url", "path", "expected"),
    [
        ("http://10.0.0.5:8080/zstack/v1", "/cdp-task", "/v1/cdp-task"),
        ("https://cloud.example.com/behind/a/proxy/zstack/v1", "/cdp-task", "/v1/cdp-task"),
        ("https://zstack.example.com/zstack/zstack/v1", "/cdp-task", "/v1/cdp-task"),
        ("http://node/zstack/v1", "/vm-instances/a%20b/recovery-points", "/v1/vm-instances/a b/recovery-points"),
        ("http://node/zstack/v1", "/vm-instances/%E8%B4%A2", "/v1/vm-instances/财"),
    ],
)
def test_canonical_path_is_the_decoded_path_after_the_context_path(base_url: str, path: str, expected: str) -> None:
    assert canonical_path(base_url, path) == expected


class KeyNode(httpx.AsyncBaseTransport):
    """A node that compares local times, as servers do, and reports its time without authentication."""

    def __init__(
        self, clock: FakeClock, zone: tzinfo, *, ahead: timedelta = timedelta(), reports_time: bool = True
    ) -> None:
        self.clock, self.zone, self.ahead, self.reports_time = clock, zone, ahead, reports_time
        self.dates: list[str] = []
        self.asked_time = 0
        self._node = MockNode([FULL_ROW], names={"vm": "erp-db-01"})
        self._node.sessions.add("inside")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = self.clock.now() + self.ahead
        if request.url.path.endswith(TIME):
            self.asked_time += 1
            reported = {"currentTime": {"MillionSeconds": int(now.timestamp() * 1000)}, "success": True}
            return (
                respond(200, encoded(reported))
                if self.reports_time
                else respond(404, b"no api mapping to /v1" + TIME.encode())
            )
        date = request.headers["date"]
        self.dates.append(date)
        shown = datetime.strptime(f"{date[:25]} +0000", "%a, %d %b %Y %H:%M:%S %z")
        if abs(shown - now.astimezone(self.zone).replace(tzinfo=UTC)) > timedelta(minutes=15):
            return respond(403, b"requestTimeTooSkewed")
        path = request.url.path.removeprefix("/zstack")
        if request.headers["authorization"] != f"ZStack {KEY.key_id}:{sign(KEY.secret, 'GET', date, path)}":
            return respond(403, b"wrong accessKey signature")
        if request.url.path.endswith(ZONE):
            return respond(200, encoded({"timezone": str(self.zone), "success": True}))
        request.headers["authorization"] = "OAuth inside"
        return await self._node.handle_async_request(request)


@pytest.fixture(autouse=True)
def _live_in_berlin() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


async def test_reported_time_zone_replaces_the_guessed_one() -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Europe/Paris"))
    client = connect(node, KEY, clock)
    await read(client)
    clock.seconds += 180 * 86_400
    assert len(await read(client)) == 1
    assert [date[-9:] for date in node.dates] == ["GMT+01:00", "GMT+01:00", "GMT+02:00"]
    await client.aclose()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Shanghai", "UTC"])
async def test_likely_time_zone_is_found_without_configuration(zone: str) -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo(zone))
    client = connect(node, KEY, clock)
    for _ in range(3):
        assert len(await read(client)) == 1
    assert node.asked_time <= 2
    assert client.zone == ZoneInfo(zone), "the server reports the time zone that was guessed"
    await client.aclose()


async def test_configured_time_zone_is_the_only_one_used() -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Asia/Kathmandu"))
    client = connect(node, KEY, clock, zone=ZoneInfo("Asia/Kathmandu"))
    assert len(await read(client)) == 1
    assert node.dates == ["Thu, 01 Jan 2026 05:45:00 GMT+05:45"]
    await client.aclose()


@pytest.mark.parametrize("ahead", [timedelta(hours=-3), timedelta(minutes=20), timedelta(days=400)])
async def test_request_is_signed_with_the_time_of_a_wrong_server_clock(ahead: timedelta) -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Europe/Berlin"), ahead=ahead)
    client = connect(node, KEY, clock, zone=ZoneInfo("Europe/Berlin"))
    assert len(await read(client)) == 1
    assert len(node.dates) == 1
    await client.aclose()


async def test_server_time_is_fetched_again_after_its_clock_was_set() -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Europe/Berlin"))
    client = connect(node, KEY, clock, zone=ZoneInfo("Europe/Berlin"))
    await read(client)
    node.ahead = timedelta(hours=5)
    assert len(await read(client)) == 1
    assert (node.asked_time, len(node.dates)) == (2, 3)
    await client.aclose()


async def test_server_time_advances_with_the_monotonic_clock() -> None:
    clock = FakeClock()
    node = KeyNode(clock, UTC)
    client = connect(node, KEY, clock, zone=UTC)
    await read(client)
    clock.seconds += 86_400
    assert len(await read(client)) == 1
    assert node.asked_time == 1
    await client.aclose()


@pytest.mark.parametrize("configured", [None, ZoneInfo("UTC")])
async def test_rejected_dates_are_reported_after_a_few_attempts(configured: tzinfo | None) -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("America/Caracas"))
    client = connect(node, KEY, clock, zone=configured)
    for poll in (1, 2):
        with pytest.raises(e.ClockSkewed) as caught:
            await read(client)
        assert len(node.dates) == poll * (2 if configured else 4)
        assert f"signed for {node.dates[-1][17:22]} {node.dates[-1][26:]} (server clock" in caught.value.detail
        assert ("configured time zone" in caught.value.detail) is (configured is not None)
    assert not caught.value.as_failure().needs_user_action
    await client.aclose()


async def test_server_time_is_taken_from_the_date_header() -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Europe/Berlin"), ahead=timedelta(hours=3, minutes=20), reports_time=False)

    class Dated(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await node.handle_async_request(request)
            answer.headers["Date"] = f"{clock.now() + node.ahead:%a, %d %b %Y %H:%M:%S} GMT"
            return answer

    client = connect(Dated(), KEY, clock)
    assert len(await read(client)) == 1
    await client.aclose()


async def test_local_time_is_used_when_the_server_reports_none() -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Europe/Berlin"), reports_time=False)
    client = connect(node, KEY, clock)
    assert len(await read(client)) == 1
    node.ahead = timedelta(hours=3, minutes=20)
    with pytest.raises(e.ClockSkewed, match="local clock"):
        await read(client)
    await client.aclose()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (respond(403, b"the accessKey[KEYID01] is not existed or disabled"), e.KeyRefused),
        (respond(403, b"wrong accessKey signature"), e.KeySignatureWrong),
    ],
)
async def test_refused_access_key_sends_no_more_requests_until_the_next_poll(
    answer: httpx.Response, kind: type[e.ApiError]
) -> None:
    node = MockNode()
    node.next(TIME, respond(200, b'{"currentTime":{"Seconds":1767225600}}'))
    node.next(ZONE, answer)
    node.next(TASKS, answer)
    client = connect(node, KEY)
    with pytest.raises(kind) as caught:
        await read(client)
    assert caught.value.as_failure().needs_user_action
    for _ in range(2):
        with pytest.raises(kind):
            await client.resources.names(["vm"])
    assert node.asked(NAMES) == []
    assert KEY.secret not in str(caught.value)
    await client.aclose()


async def test_access_key_opens_and_closes_no_session() -> None:
    clock = FakeClock()
    node = KeyNode(clock, ZoneInfo("Europe/Berlin"))
    client = connect(node, KEY, clock)
    await read(client)
    assert (await client.resources.names(["vm"])).value == {"vm": "erp-db-01"}
    await client.aclose()
    assert not [request for request in node._node.requests if "/accounts/" in request.url.path]


@pytest.mark.parametrize(
    "reported",
    [b"{}", b'{"currentTime":{}}', b'{"currentTime":{"MillionSeconds":"soon"}}', b'{"currentTime":{"Seconds":1e300}}'],
)
async def test_invalid_server_time_is_ignored(reported: bytes) -> None:
    node = MockNode()
    node.next(TIME, respond(200, reported))
    clock = ServerClock(HttpClient(BASE, Timeouts.of(1.0), FakeClock(), transport=node), FakeClock(), UTC)
    await clock.synchronize()
    assert clock.date_header() == f"{EPOCH:%a, %d %b %Y %H:%M:%S} GMT"
