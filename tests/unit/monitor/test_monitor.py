from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest

from cdptui.api.errors import ApiError, Intercepted, LoginRefused, ProxyRefused, SecondFactorNeeded, Unreachable
from cdptui.models.capacity import ObservationGap
from cdptui.models.change import ChangeKind
from cdptui.models.failure import FailureKind
from cdptui.models.snapshot import FetchProgress
from cdptui.monitor.monitor import Monitor
from cdptui.monitor.schedule import PollSchedule
from cdptui.monitor.update import Update
from tests.doubles import GIB, FakeClock, ScriptedNode, a_task

URL = "http://node/zstack/v1/cdp-task"


def a_monitor(node: ScriptedNode, clock: FakeClock, interval_s: float = 10.0) -> Monitor:
    return Monitor(node, clock, PollSchedule(interval_s, random_unit=lambda: 0.5))


async def next_updates(updates: AsyncIterator[Update], count: int) -> list[Update]:
    return [await anext(updates) for _ in range(count)]


async def test_polls_follow_the_interval() -> None:
    clock, starts = FakeClock(), []
    node = ScriptedNode([a_task()], on_read=lambda: starts.append(clock.seconds))
    await next_updates(a_monitor(node, clock).updates(), 4)
    assert starts == [0.0, 10.0, 20.0, 30.0]


async def test_repeated_refresh_never_runs_two_polls_at_once() -> None:
    clock = FakeClock()
    node = ScriptedNode([a_task()])
    monitor = a_monitor(node, clock)
    updates = monitor.updates()
    for _ in range(20):
        monitor.refresh()
        await anext(updates)
        monitor.refresh()
        monitor.refresh()
    assert node.most_in_flight == 1


async def test_refresh_polls_at_once() -> None:
    clock = FakeClock()
    monitor = a_monitor(ScriptedNode([a_task()]), clock)
    updates = monitor.updates()
    await anext(updates)
    monitor.refresh()
    await anext(updates)
    assert clock.seconds == 0.0


async def test_first_list_fills_page_by_page() -> None:
    one, two = a_task("a"), a_task("b")
    pages = [
        FetchProgress((one,), 2, is_complete=False, pages=1),
        FetchProgress((one, two), 2, is_complete=True, pages=2),
    ]
    updates = await next_updates(a_monitor(ScriptedNode(pages), FakeClock()).updates(), 2)
    loaded = [(len(update.rows), update.snapshot and update.snapshot.is_partial) for update in updates]
    assert loaded == [(1, True), (2, False)]
    assert updates[0].next_poll_at is None
    assert updates[1].next_poll_at == 10.0


async def test_later_poll_never_shows_a_partial_list() -> None:
    one, two = a_task("a"), a_task("b")
    pages = [FetchProgress((one,), 2, is_complete=False), FetchProgress((one, two), 2, is_complete=True)]
    updates = await next_updates(a_monitor(ScriptedNode([one, two], pages), FakeClock()).updates(), 2)
    assert [len(update.rows) for update in updates] == [2, 2]


async def test_failed_poll_keeps_the_last_data_and_its_failure() -> None:
    node = ScriptedNode([a_task()], Unreachable("Connection refused", url=URL))
    good, bad = await next_updates(a_monitor(node, FakeClock()).updates(), 2)
    assert bad.snapshot is good.snapshot
    assert bad.rows is good.rows
    assert bad.failure is not None
    assert (bad.failure.kind, bad.failure.detail, bad.attempt) == (FailureKind.UNREACHABLE, "Connection refused", 1)
    assert bad.next_poll_at == 12.0


async def test_updates_continue_after_an_internal_error() -> None:
    node = ScriptedNode(ZeroDivisionError("oops"), [a_task()])
    bad, good = await next_updates(a_monitor(node, FakeClock()).updates(), 2)
    assert bad.failure is not None
    assert bad.failure.kind is FailureKind.INTERNAL
    assert good.failure is None
    assert len(good.rows) == 1


async def test_lack_of_local_resources_is_not_an_internal_error() -> None:
    node = ScriptedNode(RuntimeError("can't start new thread"), [a_task()])
    bad, good = await next_updates(a_monitor(node, FakeClock()).updates(), 2)
    assert bad.failure is not None
    assert (bad.failure.kind, bad.failure.detail) == (FailureKind.MACHINE_LIMIT, "no thread can be started")
    assert not bad.failure.needs_user_action
    assert good.failure is None


async def test_refused_login_is_tried_once_until_the_user_refreshes() -> None:
    clock = FakeClock()
    monitor = a_monitor(ScriptedNode(LoginRefused("wrong", url=URL, code="ID.1000"), [a_task()]), clock)
    updates = monitor.updates()
    refused = await anext(updates)
    assert refused.next_poll_at is None
    waiting = asyncio.ensure_future(anext(updates))
    await run_event_loop()
    assert clock.waits == [None], "it waits without a time-out"
    monitor.refresh()
    assert (await waiting).failure is None


@pytest.mark.parametrize("is_during", [True, False], ids=["during the poll", "after the poll"])
@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param(lambda monitor: monitor.on_resume(), id="resume"),
        pytest.param(lambda monitor: monitor.set_interval(5.0), id="other interval"),
        pytest.param(lambda monitor: monitor.set_interval(10.0), id="same interval"),
    ],
)
async def test_failures_that_need_the_user_are_retried_only_on_refresh(
    trigger: Callable[[Monitor], None], is_during: bool
) -> None:
    node = ScriptedNode([a_task()], SecondFactorNeeded("code", url=URL), [a_task()])
    monitor = a_monitor(node, FakeClock())
    updates = monitor.updates()
    await anext(updates)
    node.gate.clear()
    refused = asyncio.ensure_future(anext(updates))
    await run_event_loop()
    if is_during:
        trigger(monitor)
    node.gate.set()
    assert (await refused).failure is not None
    if not is_during:
        trigger(monitor)
    waiting = asyncio.ensure_future(anext(updates))
    await run_event_loop()
    if waiting.done():
        # A new interval is an update.
        waiting = asyncio.ensure_future(anext(updates))
        await run_event_loop()
    assert node.reads == 2
    monitor.refresh()
    assert (await waiting).failure is None


async def test_unchanged_interval_starts_no_poll() -> None:
    node, clock = ScriptedNode([a_task()]), FakeClock()
    monitor = a_monitor(node, clock)
    updates = monitor.updates()
    await anext(updates)
    waiting = asyncio.ensure_future(anext(updates))
    monitor.set_interval(monitor.interval_s)
    await waiting
    assert clock.seconds == monitor.interval_s, "the next poll is not earlier"


async def run_event_loop() -> None:
    """Run everything that is due now."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_resume_polls_at_once_unless_the_user_must_decide() -> None:
    clock = FakeClock()
    refused = LoginRefused("wrong", url=URL, code="ID.1000")
    node = ScriptedNode([a_task()], Unreachable("down", url=URL), refused, [a_task()])
    monitor = a_monitor(node, clock)
    updates = monitor.updates()
    await anext(updates)
    for _ in range(2):
        monitor.on_resume()
        await anext(updates)
    assert clock.seconds == 0.0
    monitor.on_resume()
    waiting = asyncio.ensure_future(anext(updates))
    done, _ = await asyncio.wait([waiting], timeout=0.02)
    assert not done
    assert node.reads == 3
    monitor.refresh()
    assert (await waiting).failure is None


async def test_new_interval_is_an_update_and_moves_the_next_poll() -> None:
    clock = FakeClock()
    monitor = a_monitor(ScriptedNode([a_task()]), clock)
    updates = monitor.updates()
    await anext(updates)
    monitor.set_interval(30.0)
    update = await anext(updates)
    assert (update.interval_s, update.next_poll_at, clock.seconds) == (30.0, 30.0, 0.0)
    await anext(updates)
    assert clock.seconds == 30.0


async def test_changes_are_lossless() -> None:
    stays, goes, moves = a_task("stays"), a_task("goes"), a_task("moves")
    comes, moved = a_task("comes"), a_task("moves", status="Failed")
    node = ScriptedNode([stays, goes, moves], [stays, moved, comes])
    _, update = await next_updates(a_monitor(node, FakeClock()).updates(), 2)
    seen = {(change.task.name, change.kind, change.fields) for change in update.changes}
    assert seen == {
        ("moves", ChangeKind.CHANGED, frozenset({"status"})),
        ("comes", ChangeKind.APPEARED, frozenset()),
        ("goes", ChangeKind.VANISHED, frozenset()),
    }


async def test_unchanged_task_keeps_its_row_object() -> None:
    task, other = a_task("same"), a_task("other")
    node = ScriptedNode([task, other], [task, a_task("other", used_bytes=41 * GIB)])
    first, second = await next_updates(a_monitor(node, FakeClock()).updates(), 2)
    assert second.rows[0] is first.rows[0]
    assert second.rows[1] is not first.rows[1]


async def test_growth_comes_from_used_capacity_over_time() -> None:
    polls = [[a_task(used_bytes=(40 + n) * GIB)] for n in range(5)]
    updates = await next_updates(a_monitor(ScriptedNode(*polls), FakeClock()).updates(), 5)
    newest = updates[-1].rows[0]
    assert newest.growth is not None
    assert newest.growth.bytes_per_s == pytest.approx(GIB / 10)
    assert newest.seconds_until_full == pytest.approx((100 - 44) * 10)


async def test_task_without_changes_has_zero_growth() -> None:
    polls = [[a_task(used_bytes=(40 + n) * GIB)] for n in range(5)]
    updates = a_monitor(ScriptedNode(*polls), FakeClock(), interval_s=60.0).updates()
    newest = (await next_updates(updates, 120))[-1].rows[0]
    assert newest.growth is not None
    assert newest.growth.bytes_per_s == pytest.approx(0.0)
    assert newest.seconds_until_full is None


async def test_outage_is_a_gap_in_the_history() -> None:
    down = Unreachable("down", url=URL)
    clock = FakeClock()
    node = ScriptedNode([a_task()], down, down, down, down, down, [a_task()])
    monitor = a_monitor(node, clock)
    await next_updates(monitor.updates(), 7)
    track = monitor.history("uuid-of-cdp-erp-db")
    assert track.gaps == (ObservationGap(0.0, clock.seconds),)
    assert track.value_at(clock.seconds / 2) is None
    assert track.value_at(clock.seconds) == 40 * GIB


async def test_deleted_task_is_forgotten() -> None:
    monitor = a_monitor(ScriptedNode([a_task("a")], []), FakeClock())
    await next_updates(monitor.updates(), 2)
    assert monitor.history("uuid-of-a").points == ()


@pytest.mark.parametrize(("error", "longest_s"), [(Unreachable, 10.0), (Intercepted, 300.0), (ProxyRefused, 300.0)])
async def test_pauses_after_a_refusal_on_the_way_grow_to_minutes(error: type[ApiError], longest_s: float) -> None:
    clock, starts = FakeClock(), []
    node = ScriptedNode(*[error("no", url=URL)] * 12, on_read=lambda: starts.append(clock.seconds))
    await next_updates(a_monitor(node, clock).updates(), 12)
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert pauses[:3] == [2.0, 4.0, 8.0]
    assert max(pauses) == longest_s
