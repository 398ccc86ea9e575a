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
    guards, tasks, told = ProtectionIndex(), dict[str, Task](), dict[str, str]()
    for name, vms in steps:
        if name in tasks:
            guards.remove(tasks.pop(name))
        else:
            tasks[name] = on(name, vms)
            guards.add(tasks[name])
        touched = guards.pop_affected()
        for other, task in tasks.items():
            rival = guards.other_task_on_same_resource(task)
            mine = {ref.resource_uuid for ref in task.resource_refs}
            sharing = {
                each.uuid
                for each in tasks.values()
                if each is not task and mine & {ref.resource_uuid for ref in each.resource_refs}
            }
            assert (rival in sharing) if sharing else rival == ""
            assert rival == told.get(other, rival) or task.uuid in touched or other == name
            told[other] = rival
        told = {other: rival for other, rival in told.items() if other in tasks}


def test_thousands_of_tasks_on_one_vm_are_fast() -> None:
    guards = ProtectionIndex()
    for number in range(20_000):
        guards.add(on(f"t{number}", [0]))
    assert guards.pop_affected() == {"uuid-of-t0"}
    assert guards.other_task_on_same_resource(on("t0", [0])) == "uuid-of-t1"
    assert guards.other_task_on_same_resource(on("t19999", [0])) == "uuid-of-t0"
