from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.task import ResourceRef, Task
from cdptui.monitor.fleet_tracker import ProtectionIndex
from tests.doubles import a_task


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
