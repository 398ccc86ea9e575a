"""The fleet tracker: reasons, changes and growth from poll to poll, and the index of protected resources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.inventory import DependencyState
from cdptui.models.reasons import ReasonKind, VmCondition
from cdptui.models.severity import Severity
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import ResourceRef, Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker, ProtectionIndex
from tests.doubles import EPOCH, GIB, FakeClock, a_task

SAME_VM: dict[str, Any] = {"resource_refs": (ResourceRef("vm-1", "VmInstanceVO"),)}


class TrackerRunner:
    """A fleet tracker and the times of its snapshots."""

    def __init__(self) -> None:
        self.tracker = FleetTracker(FakeClock())

    async def apply(self, at: float, *tasks: Task) -> list[TaskRow]:
        snapshot = Snapshot(tasks, len(tasks), True, EPOCH + timedelta(seconds=at), at, 0.1)
        rows, _ = await self.tracker.apply_snapshot(snapshot, 1e9)
        return list(rows)


def kinds(row: TaskRow) -> list[ReasonKind]:
    return [reason.kind for reason in row.reasons]


async def test_two_tasks_on_one_vm_both_have_a_reason() -> None:
    first, second, third = a_task("a", **SAME_VM), a_task("b", **SAME_VM), a_task("c")
    runner = TrackerRunner()
    a, b, c = await runner.apply(0, first, second, third)
    assert [row.reasons[0].other for row in (a, b)] == [second.uuid, first.uuid]
    assert c.reasons == ()
    (again, _) = await runner.apply(10, first, third)
    assert again.reasons == ()


async def test_vm_that_moves_to_another_task_leaves_no_reason() -> None:
    runner = TrackerRunner()
    await runner.apply(0, a_task("a", **SAME_VM), a_task("b"))
    a, b = await runner.apply(10, a_task("a"), a_task("b", **SAME_VM))
    assert a.reasons == b.reasons == ()


async def test_disconnected_storage_affects_only_its_own_tasks() -> None:
    ours, theirs = a_task("a", backup_storage_uuid="bs-1"), a_task("b", backup_storage_uuid="bs-2")
    runner = TrackerRunner()
    before = await runner.apply(0, ours, theirs)
    runner.tracker.set_dependencies(DependencyState(disconnected_storages=frozenset({"bs-1"})))
    lost, other = await runner.apply(10, ours, theirs)
    assert kinds(lost) == [ReasonKind.STORAGE]
    assert lost.severity is Severity.CRITICAL
    assert other is before[1]
    runner.tracker.set_dependencies(DependencyState())
    assert (await runner.apply(20, ours, theirs))[0].reasons == ()


async def test_policy_is_missing_only_when_policies_are_known() -> None:
    task = a_task("a", policy_uuid="gold")
    runner = TrackerRunner()
    assert (await runner.apply(0, task))[0].reasons == ()
    runner.tracker.set_dependencies(DependencyState(policies=frozenset({"silver"})))
    assert kinds((await runner.apply(10, task))[0]) == [ReasonKind.POLICY]
    runner.tracker.set_dependencies(DependencyState(policies=frozenset({"silver", "gold"})))
    assert (await runner.apply(20, task))[0].reasons == ()


async def test_long_start_is_found_at_its_second_without_a_change() -> None:
    task = a_task(status="Starting", last_op_at=None)
    runner = TrackerRunner()
    assert (await runner.apply(0, task))[0].reasons == ()
    assert (await runner.apply(599, task))[0].reasons == ()
    (late,) = await runner.apply(600, task)
    assert kinds(late) == [ReasonKind.STARTING]
    assert late.reasons[0].since == EPOCH


async def test_stalled_task_is_found_and_cleared_by_the_next_change() -> None:
    runner = TrackerRunner()
    for n in range(8):
        await runner.apply(300.0 * n, a_task(used_bytes=(40 + n) * GIB, plan_bytes=0))
    still = a_task(used_bytes=47 * GIB, plan_bytes=0)
    assert (await runner.apply(2400, still))[0].reasons == ()
    (row,) = await runner.apply(3000, still)
    assert kinds(row) == [ReasonKind.STALLED]
    assert row.reasons[0].since == EPOCH + timedelta(seconds=2100)
    (same,) = await runner.apply(3010, still)
    assert same is row
    (late,) = await runner.apply(3020, a_task(used_bytes=47 * GIB, plan_bytes=0, rpo_ms=2_000))
    assert kinds(late) == [ReasonKind.STALLED]
    assert (await runner.apply(3030, a_task(used_bytes=48 * GIB, plan_bytes=0)))[0].reasons == ()


async def test_row_with_unchanged_reasons_stays_the_same_object() -> None:
    task = a_task(rpo_ms=700_000)
    runner = TrackerRunner()
    (first,) = await runner.apply(0, task)
    (later,) = await runner.apply(400, task)
    assert first.reasons == later.reasons


async def test_time_of_a_significant_change_is_kept_until_the_task_is_deleted() -> None:
    runner, task = TrackerRunner(), a_task("a")
    await runner.apply(0, task, a_task("b"))
    await runner.apply(10, a_task("a", used_bytes=41 * GIB), a_task("b"))
    assert runner.tracker.changed_at == {}
    await runner.apply(20, a_task("a", status="Failed"), a_task("b"))
    assert runner.tracker.changed_at == {task.uuid: EPOCH + timedelta(seconds=20)}
    await runner.apply(30, a_task("b"))
    assert runner.tracker.changed_at == {}


async def test_unchanged_capacity_gives_zero_growth_after_a_while() -> None:
    runner, task = TrackerRunner(), a_task()
    for at, expected in ((0.0, None), (300.0, None), (600.0, 0.0), (900.0, 0.0)):
        (row,) = await runner.apply(at, task)
        assert (row.growth and row.growth.bytes_per_s) == expected, at


def on(name: str, vms: Sequence[int]) -> Task:
    return a_task(name, resource_refs=tuple(ResourceRef(f"vm-{vm}", "VmInstanceVO") for vm in vms))


STEPS = st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.integers(0, 2), max_size=2)), max_size=30)


@given(STEPS)
def test_tasks_on_one_vm_know_another_and_are_affected_when_it_changes(
    steps: list[tuple[str, list[int]]],
) -> None:
    index, tasks, reported = ProtectionIndex(), dict[str, Task](), dict[str, str]()
    for name, vms in steps:
        if name in tasks:
            index.remove(tasks.pop(name))
        else:
            tasks[name] = on(name, vms)
            index.add(tasks[name])
        affected = index.pop_affected()
        for other, task in tasks.items():
            duplicate = index.other_task_on_same_resource(task)
            mine = {ref.resource_uuid for ref in task.resource_refs}
            sharing = {
                each.uuid
                for each in tasks.values()
                if each is not task and mine & {ref.resource_uuid for ref in each.resource_refs}
            }
            assert (duplicate in sharing) if sharing else duplicate == ""
            assert duplicate == reported.get(other, duplicate) or task.uuid in affected or other == name
            reported[other] = duplicate
        reported = {other: duplicate for other, duplicate in reported.items() if other in tasks}


def test_thousands_of_tasks_on_one_vm_are_fast() -> None:
    index = ProtectionIndex()
    for number in range(20_000):
        index.add(on(f"t{number}", [0]))
    assert index.pop_affected() == {"uuid-of-t0"}
    assert index.other_task_on_same_resource(on("t0", [0])) == "uuid-of-t1"
    assert index.other_task_on_same_resource(on("t19999", [0])) == "uuid-of-t0"


async def test_task_seen_running_that_fails_has_failed_since_the_poll_that_saw_it() -> None:
    old = EPOCH - timedelta(days=527)
    runner = TrackerRunner()
    for at in (0, 10, 20):
        await runner.apply(at, a_task(last_op_at=old))
    (failed,) = await runner.apply(30, a_task(status="Failed", last_op_at=old))
    (later,) = await runner.apply(500, a_task(status="Failed", last_op_at=old))
    for row in (failed, later):
        assert (row.reasons[0].since, row.reasons[0].is_last_op) == (EPOCH + timedelta(seconds=30), False)


async def test_task_that_had_failed_before_the_first_poll_has_the_last_operation() -> None:
    old = EPOCH - timedelta(days=527)
    (row,) = await TrackerRunner().apply(0, a_task(status="Failed", last_op_at=old))
    assert (row.reasons[0].since, row.reasons[0].is_last_op) == (old, True)


async def test_cause_of_a_stop_appears_and_goes_with_the_state_of_the_vm() -> None:
    runner, running, stopped = TrackerRunner(), a_task("a"), a_task("b", status="Stopped")
    first, (_, row) = (await runner.apply(0, running, stopped))[0], await runner.apply(5, running, stopped)
    assert (row.severity, kinds(row)) == (Severity.CRITICAL, [ReasonKind.STOPPED])
    assert runner.tracker.stopped_vms() == ["vm-of-b"]
    off = DependencyState(vms={"vm-of-b": VmCondition.OFF, "vm-of-a": VmCondition.OFF})
    runner.tracker.set_dependencies(off)
    same, row = await runner.apply(10, running, stopped)
    assert (row.severity, kinds(row)) == (Severity.NOTICE, [ReasonKind.STOPPED_VM_OFF])
    assert same is first, "a running task is not affected by the state of its VM"
    runner.tracker.set_dependencies(DependencyState(vms={"vm-of-b": VmCondition.ON}))
    assert kinds((await runner.apply(20, running, stopped))[1]) == [ReasonKind.STOPPED]
    await runner.apply(30, running, a_task("b"))
    assert not runner.tracker.stopped_vms()


async def test_vms_of_deleted_tasks_are_not_looked_up() -> None:
    runner = TrackerRunner()
    await runner.apply(0, a_task("a", status="Stopped"), a_task("b", status="Stopped", state="Disabled"))
    assert runner.tracker.stopped_vms() == ["vm-of-a"]
    await runner.apply(10, a_task("b", status="Stopped", state="Disabled"))
    assert not runner.tracker.stopped_vms()


async def test_stop_after_a_breach_of_the_rpo_is_one_of_the_rpo() -> None:
    runner = TrackerRunner()
    await runner.apply(0, a_task(rpo_ms=590_000))
    (row,) = await runner.apply(60, a_task(status="Stopped", rpo_ms=600_000))
    assert kinds(row) == [ReasonKind.STOPPED_RPO]
    assert not row.reasons[0].is_likely
