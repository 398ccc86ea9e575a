"""All login types against the simulated node, and the sessions that remain."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from cdptui.api.client import Client
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import AccessKey, Credentials, LoginType, PasswordLogin
from cdptui.models.failure import FailureKind
from cdptui.models.timezones import parse_timezone
from cdptui.monitor.connection import NodeConnection, connect
from cdptui.monitor.update import Update
from cdptui.render.failure_messages import failure_sentence
from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import Dialect, SimulatorSettings
from cdptui.tui.keymap import DEFAULT_KEYMAP

SETTINGS = SimulatorSettings(port=0, tasks=3)
KEY = AccessKey(key_id=SETTINGS.access_key_id, secret=SETTINGS.access_key_secret)


def login(name: str, kind: LoginType = LoginType.ACCOUNT, **more: str) -> PasswordLogin:
    return PasswordLogin(name=name, password="password", type=kind, **more)


async def link_to(
    server: EmbeddedServer, auth: Credentials, zone: str | None = None, timeout_s: float = 5.0
) -> NodeConnection:
    settings = MonitorSettings(
        base_url=normalize_url(server.url),
        auth=auth,
        server_zone=None if zone is None else parse_timezone(zone),
        interval_s=3600.0,
        timeout_s=timeout_s,
    )
    return await connect(settings, SystemClock())


async def first_update(server: EmbeddedServer, auth: Credentials, zone: str | None = None) -> Update:
    link = await link_to(server, auth, zone)
    try:
        async with aclosing(link.monitor.updates()) as updates:
            return await anext(updates)
    finally:
        await link.aclose()


@pytest.mark.parametrize(
    ("auth", "sessions"),
    [
        (login("admin"), 1),
        (login("operator", LoginType.USER, account="admin"), 1),
        (login("directory-operator", LoginType.LDAP), 1),
        (login("virtual-operator", LoginType.IAM2), 1),
        (login("virtual-operator", LoginType.IAM2, project="production"), 2),
        (login("directory-operator", LoginType.IAM2_LDAP), 1),
        (login("directory-operator", LoginType.IAM2_LDAP, project="production"), 2),
        (login("admin", LoginType.UNIFIED), 1),
        (login("virtual-operator", LoginType.UNIFIED_IAM2, project="production"), 2),
        (login("directory-operator", LoginType.UNIFIED_LDAP), 1),
        (KEY, 0),
    ],
    ids=lambda value: f"{getattr(value, 'type', 'key')} {getattr(value, 'project', None) or ''}" if value != 1 else "",
)
async def test_every_login_type_reads_the_list_and_leaves_no_session(auth: Credentials, sessions: int) -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        update = await first_update(server, auth)
        assert update.failure is None
        assert len(update.rows) == 3
        assert server.node.sessions.logins == sessions
        assert server.node.sessions.alive() == 0


async def test_unknown_project_leaves_no_session_of_the_virtual_id() -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        link = await link_to(server, login("virtual-operator", LoginType.IAM2, project="nowhere"))
        async with aclosing(link.monitor.updates()) as updates:
            update = await anext(updates)
        assert update.failure is not None
        assert update.failure.kind is FailureKind.PROJECT_REFUSED
        assert "nowhere" in update.failure.detail
        assert update.next_poll_at is None, "the login is not retried automatically"
        assert server.node.sessions.logins == 1
        assert server.node.sessions.alive() == 0
        await link.aclose()


async def test_login_longer_than_several_polls_opens_one_session_and_leaves_none() -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        server.node.faults.add_fault(Fault(kind=FaultKind.DELAY, path_prefix="/accounts/login", seconds=1.0))
        link = await link_to(server, login("admin"), timeout_s=0.1)
        seen = []
        async with aclosing(link.monitor.updates()) as updates:
            async for update in updates:
                seen.append(update.failure and update.failure.kind)
                if update.failure is None:
                    break
                link.monitor.refresh()
        assert set(seen[:-1]) == {FailureKind.TIMED_OUT}
        assert server.node.sessions.logins == 1
        await link.aclose()
        assert server.node.sessions.alive() == 0


async def test_close_without_a_connection_returns_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as nowhere, ExitStack() as queue:
        address = nowhere.getsockname()
        # While the queue is full, a new client gets no response at all.
        for _ in range(3):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        client = Client(f"http://127.0.0.1:{address[1]}", login("admin"), timeout_s=60.0, clock=SystemClock())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await anext(aiter(client.read()))
        async with asyncio.timeout(0.9):
            assert await client.aclose()


async def test_expired_project_session_is_renewed_and_all_sessions_are_closed() -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        link = await link_to(server, login("virtual-operator", LoginType.IAM2, project="production"))
        async with aclosing(link.monitor.updates()) as updates:
            await anext(updates)
            sessions = server.node.sessions
            for uuid in list(sessions._alive)[1:]:
                sessions.end(uuid)
            link.monitor.refresh()
            assert (await anext(updates)).failure is None
            assert (sessions.logins, sessions.alive()) == (4, 2)
        await link.aclose()
        assert sessions.alive() == 0


async def test_one_of_two_clients_that_end_each_others_session_stops_and_reports_it() -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        server.node.faults.add_fault(Fault(kind=FaultKind.UNIQUE_SESSION))
        ours, theirs = await link_to(server, login("admin")), await link_to(server, login("admin"))

        async def poll(link: NodeConnection, updates: AsyncIterator[Update]) -> Update:
            link.monitor.refresh()
            return await anext(updates)

        async with aclosing(ours.monitor.updates()) as our, aclosing(theirs.monitor.updates()) as their:
            for link, updates in ((ours, our), (theirs, their), (ours, our), (theirs, their)):
                assert (await poll(link, updates)).failure is None, "renewed silently"
            update = await poll(ours, our)
            assert update.failure is not None
            assert update.failure.kind is FailureKind.SESSION_CONTENDED
            assert "access key" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)
            assert update.next_poll_at is None
            ours.monitor.on_resume()
            assert (await poll(theirs, their)).failure is None
            assert server.node.sessions.logins == 4, "our client no longer ends their session"
            assert (await poll(ours, our)).failure is None, "after the user refreshes"
        await ours.aclose()
        await theirs.aclose()
        assert server.node.sessions.alive() == 0


@pytest.mark.parametrize("newer", [False, True])
async def test_second_factor_code_is_requested_and_used_once(newer: bool) -> None:
    settings = replace(SETTINGS, two_factor_code="123456", dialect=Dialect(newer_errors=newer))
    with EmbeddedServer(ManagementNode(settings)) as server:
        link = await link_to(server, login("admin"))
        async with aclosing(link.monitor.updates()) as updates:
            update = await anext(updates)
            assert update.failure is not None
            assert update.failure.kind is FailureKind.SECOND_FACTOR
            assert "press r to type the second-factor code" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)
            link.use_code("000000")
            update = await anext(updates)
            assert update.failure is not None
            assert update.failure.kind is FailureKind.SECOND_FACTOR_REFUSED
            link.use_code("123456")
            assert (await anext(updates)).failure is None
            server.node.sessions.kill_all()
            link.monitor.refresh()
            update = await anext(updates)
            assert update.failure is not None
            assert update.failure.kind is FailureKind.SECOND_FACTOR, "the old code is not sent again"
        await link.aclose()
        assert server.node.sessions.alive() == 0


@pytest.mark.parametrize(
    ("code", "kind", "advice"),
    [
        ("LOGIN_CONTROL.1000", FailureKind.OLD_PASSWORD, "web console"),
        ("LOGIN_CONTROL.1002", FailureKind.LOCKED, "wait until the lock ends"),
        ("LOGIN_CONTROL.1003", FailureKind.CAPTCHA, "web console"),
        ("LOGIN_CONTROL.1004", FailureKind.ADDRESS_REFUSED, "administrator"),
        ("LOGIN_CONTROL.1005", FailureKind.CAPTCHA, "web console"),
        ("ID.1000", FailureKind.LOGIN_REFUSED, "press r"),
        ("ID.1005", FailureKind.NEW_PASSWORD, "web console"),
        ("ID.1006", FailureKind.TOO_MANY_SESSIONS, "access key"),
        ("ID.2000", FailureKind.LOGIN_NEEDS_MORE, "web console"),
    ],
)
async def test_login_obstacle_is_reported_and_tried_once(code: str, kind: FailureKind, advice: str) -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        server.node.faults.add_fault(Fault(kind=FaultKind.ERROR, path_prefix="/accounts/login", code=code))
        update = await first_update(server, login("admin"))
        assert update.failure is not None
        assert update.failure.kind is kind
        assert advice in failure_sentence(update.failure, DEFAULT_KEYMAP.labels).partition(" → ")[2]
        assert update.next_poll_at is None, "it waits for the user"
        paths = [request.path for request in server.node.journal.requests]
        assert paths.count("/zstack/v1/accounts/login") == 1


async def test_unsupported_login_type_is_not_reported_as_missing_cdp() -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        server.node.faults.add_fault(Fault(kind=FaultKind.MODULE_MISSING, path_prefix="/iam2"))
        update = await first_update(server, login("virtual-operator", LoginType.IAM2))
        assert update.failure is not None
        assert update.failure.kind is FailureKind.LOGIN_UNKNOWN
        assert "--login-type" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/Caracas", "Asia/Kathmandu"])
@pytest.mark.parametrize("checks_zone", [False, True])
@pytest.mark.parametrize("skew_s", [0, 7200])
async def test_access_key_signs_with_the_node_time(zone: str, checks_zone: bool, skew_s: float) -> None:
    settings = replace(SETTINGS, zone=zone, dialect=Dialect(check_time_zone=checks_zone))
    with EmbeddedServer(ManagementNode(settings)) as server:
        if skew_s:
            server.node.faults.add_fault(Fault(kind=FaultKind.CLOCK_SKEW, seconds=skew_s))
        update = await first_update(server, KEY, zone)
        assert update.failure is None
        assert len(update.rows) == 3


async def test_unknown_server_time_zone_is_reported() -> None:
    with EmbeddedServer(ManagementNode(replace(SETTINGS, zone="Pacific/Chatham"))) as server:
        update = await first_update(server, KEY)
        assert update.failure is not None
        assert update.failure.kind is FailureKind.CLOCK_SKEW
        assert "--server-zone" in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)
        assert len(server.node.journal.requests) < 12, "only a few time zones are tried"


async def test_reported_time_zone_replaces_the_guess() -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        link = await link_to(server, KEY)
        async with aclosing(link.monitor.updates()) as updates:
            assert (await anext(updates)).failure is None
        assert link.zone == ZoneInfo("Asia/Shanghai")
        await link.aclose()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (structs.replace(KEY, key_id="NOBODY"), FailureKind.KEY_UNKNOWN),
        (structs.replace(KEY, secret="0123456789terces"), FailureKind.KEY_SIGNATURE),
    ],
)
async def test_wrong_access_key_is_reported_and_not_retried(key: AccessKey, kind: FailureKind) -> None:
    with EmbeddedServer(ManagementNode(SETTINGS)) as server:
        update = await first_update(server, key, "Asia/Shanghai")
        assert update.failure is not None
        assert update.failure.kind is kind
        assert update.next_poll_at is None
        assert key.secret not in failure_sentence(update.failure, DEFAULT_KEYMAP.labels)


async def test_access_key_without_permissions_is_permission_denied() -> None:
    with EmbeddedServer(ManagementNode(replace(SETTINGS, access_key_owner="eve"))) as server:
        update = await first_update(server, KEY, "Asia/Shanghai")
        assert update.failure is not None
        assert update.failure.kind is FailureKind.PERMISSION_DENIED
