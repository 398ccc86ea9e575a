"""Reasons, changes and growth of the fleet tracker from poll to poll."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cdptui.models.inventory import DependencyState
from cdptui.models.reasons import ReasonKind, VmCondition
from cdptui.models.severity import Severity
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import ResourceRef, Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker
from tests.doubles import EPOCH, GIB, FakeClock, a_task

SAME_VM: dict[str, Any] = {"resource_refs": (ResourceRef("vm-1", "VmInstanceVO"),)}


class Watcher:
    """A fleet tracker and the times of its snapshots."""

    def __init__(self) -> None:
        self.tracker = FleetTracker(FakeClock())

    async def see(self, at: float, *tasks: Task) -> list[TaskRow]:
        snapshot = Snapshot(tasks, len(tasks), True, EPOCH + timedelta(seconds=at), at, 0.1)
        rows, _ = await self.tracker.apply_snapshot(snapshot, 1e9)
        return list(rows)


def kinds(row: TaskRow) -> list[ReasonKind]:
    return [reason.kind for reason in row.reasons]


async def test_two_tasks_on_one_vm_both_have_a_reason() -> None:
    first, second, third = a_task("a", **SAME_VM), a_task("b", **SAME_VM), a_task("c")
    watcher = Watcher()
    a, b, c = await watcher.see(0, first, second, third)
    assert [row.reasons[0].other for row in (a, b)] == [second.uuid, first.uuid]
    assert c.reasons == ()
    (again, _) = await watcher.see(10, first, third)
    assert again.reasons == ()


async def test_vm_that_moves_to_another_task_leaves_no_reason() -> None:
    watcher = Watcher()
    await watcher.see(0, a_task("a", **SAME_VM), a_task("b"))
    a, b = await watcher.see(10, a_task("a"), a_task("b", **SAME_VM))
    assert a.reasons == b.reasons == ()


async def test_disconnected_storage_affects_only_its_own_tasks() -> None:
    ours, theirs = a_task("a", backup_storage_uuid="bs-1"), a_task("b", backup_storage_uuid="bs-2")
    watcher = Watcher()
    before = await watcher.see(0, ours, theirs)
    watcher.tracker.set_dependencies(DependencyState(disconnected_storages=frozenset({"bs-1"})))
    lost, other = await watcher.see(10, ours, theirs)
    assert kinds(lost) == [ReasonKind.STORAGE]
    assert lost.severity is Severity.CRITICAL
    assert other is before[1]
    watcher.tracker.set_dependencies(DependencyState())
    assert (await watcher.see(20, ours, theirs))[0].reasons == ()


async def test_policy_is_missing_only_when_policies_are_known() -> None:
    task = a_task("a", policy_uuid="gold")
    watcher = Watcher()
    assert (await watcher.see(0, task))[0].reasons == ()
    watcher.tracker.set_dependencies(DependencyState(policies=frozenset({"silver"})))
    assert kinds((await watcher.see(10, task))[0]) == [ReasonKind.POLICY]
    watcher.tracker.set_dependencies(DependencyState(policies=frozenset({"silver", "gold"})))
    assert (await watcher.see(20, task))[0].reasons == ()


async def test_task_seen_running_that_fails_has_failed_since_the_poll_that_saw_it() -> None:
    old = EPOCH - timedelta(days=527)
    watcher = Watcher()
    for at in (0, 10, 20):
        await watcher.see(at, a_task(last_op_at=old))
    (failed,) = await watcher.see(30, a_task(status="Failed", last_op_at=old))
    (later,) = await watcher.see(500, a_task(status="Failed", last_op_at=old))
    for row in (failed, later):
        assert (row.reasons[0].since, row.reasons[0].is_last_op) == (EPOCH + timedelta(seconds=30), False)


async def test_task_that_had_failed_before_the_first_poll_has_the_last_operation() -> None:
    old = EPOCH - timedelta(days=527)
    (row,) = await Watcher().see(0, a_task(status="Failed", last_op_at=old))
    assert (row.reasons[0].since, row.reasons[0].is_last_op) == (old, True)


async def test_cause_of_a_stop_appears_and_goes_with_the_state_of_the_vm() -> None:
    watcher, running, stopped = Watcher(), a_task("a"), a_task("b", status="Stopped")
    first, (_, row) = (await watcher.see(0, running, stopped))[0], await watcher.see(5, running, stopped)
    assert (row.severity, kinds(row)) == (Severity.CRITICAL, [ReasonKind.STOPPED])
    assert watcher.tracker.stopped_vms() == ["vm-of-b"]
    off = DependencyState(vms={"vm-of-b": VmCondition.OFF, "vm-of-a": VmCondition.OFF})
    watcher.tracker.set_dependencies(off)
    same, row = await watcher.see(10, running, stopped)
    assert (row.severity, kinds(row)) == (Severity.NOTICE, [ReasonKind.STOPPED_VM_OFF])
    assert same is first, "a running task is not affected by the state of its VM"
    watcher.tracker.set_dependencies(DependencyState(vms={"vm-of-b": VmCondition.ON}))
    assert kinds((await watcher.see(20, running, stopped))[1]) == [ReasonKind.STOPPED]
    await watcher.see(30, running, a_task("b"))
    assert not watcher.tracker.stopped_vms()


async def test_vms_of_deleted_tasks_are_not_looked_up() -> None:
    watcher = Watcher()
    await watcher.see(0, a_task("a", status="Stopped"), a_task("b", status="Stopped", state="Disabled"))
    assert watcher.tracker.stopped_vms() == ["vm-of-a"]
    await watcher.see(10, a_task("b", status="Stopped", state="Disabled"))
    assert not watcher.tracker.stopped_vms()


async def test_stop_after_a_breach_of_the_rpo_is_one_of_the_rpo() -> None:
    watcher = Watcher()
    await watcher.see(0, a_task(rpo_ms=590_000))
    (row,) = await watcher.see(60, a_task(status="Stopped", rpo_ms=600_000))
    assert kinds(row) == [ReasonKind.STOPPED_RPO]
    assert not row.reasons[0].is_likely


async def test_long_start_is_found_at_its_second_without_a_change() -> None:
    task = a_task(status="Starting", last_op_at=None)
    watcher = Watcher()
    assert (await watcher.see(0, task))[0].reasons == ()
    assert (await watcher.see(599, task))[0].reasons == ()
    (late,) = await watcher.see(600, task)
    assert kinds(late) == [ReasonKind.STARTING]
    assert late.reasons[0].since == EPOCH


async def test_stalled_task_is_found_and_cleared_by_the_next_change() -> None:
    watcher = Watcher()
    for n in range(8):
        await watcher.see(300.0 * n, a_task(used_bytes=(40 + n) * GIB, plan_bytes=0))
    still = a_task(used_bytes=47 * GIB, plan_bytes=0)
    assert (await watcher.see(2400, still))[0].reasons == ()
    (row,) = await watcher.see(3000, still)
    assert kinds(row) == [ReasonKind.STALLED]
    assert row.reasons[0].since == EPOCH + timedelta(seconds=2100)
    (same,) = await watcher.see(3010, still)
    assert same is row
    (late,) = await watcher.see(3020, a_task(used_bytes=47 * GIB, plan_bytes=0, rpo_ms=2_000))
    assert kinds(late) == [ReasonKind.STALLED]
    assert (await watcher.see(3030, a_task(used_bytes=48 * GIB, plan_bytes=0)))[0].reasons == ()


async def test_row_with_unchanged_reasons_stays_the_same_object() -> None:
    task = a_task(rpo_ms=700_000)
    watcher = Watcher()
    (first,) = await watcher.see(0, task)
    (later,) = await watcher.see(400, task)
    assert first.reasons == later.reasons


async def test_time_of_a_significant_change_is_kept_until_the_task_is_deleted() -> None:
    watcher, task = Watcher(), a_task("a")
    await watcher.see(0, task, a_task("b"))
    await watcher.see(10, a_task("a", used_bytes=41 * GIB), a_task("b"))
    assert watcher.tracker.changed_at == {}
    await watcher.see(20, a_task("a", status="Failed"), a_task("b"))
    assert watcher.tracker.changed_at == {task.uuid: EPOCH + timedelta(seconds=20)}
    await watcher.see(30, a_task("b"))
    assert watcher.tracker.changed_at == {}


async def test_unchanged_capacity_gives_zero_growth_after_a_while() -> None:
    watcher, task = Watcher(), a_task()
    for at, expected in ((0.0, None), (300.0, None), (600.0, 0.0), (900.0, 0.0)):
        (row,) = await watcher.see(at, task)
        assert (row.growth and row.growth.bytes_per_s) == expected, at
