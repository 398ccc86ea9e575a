from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.change import Change, ChangeKind, diff_task
from cdptui.models.task import Task
from tests.doubles import EPOCH, a_task


def diff(before: list[Task], after: list[Task]) -> list[Change]:
    """Return all changes from one list to another."""
    old, new = ({task.uuid: task for task in tasks} for tasks in (before, after))
    found = [diff_task(old.get(uuid), new.get(uuid)) for uuid in (*new, *(old.keys() - new.keys()))]
    return [change for change in found if change is not None]


fleets = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2)).map(
    lambda fleet: [a_task(name, used_bytes=used) for name, used in fleet.items()]
)


def kinds(before: list[Task], after: list[Task]) -> list[tuple[str, str]]:
    return [(change.kind.value, change.task.name) for change in diff(before, after)]


def test_equal_lists_have_no_changes() -> None:
    tasks = [a_task("a"), a_task("b")]
    assert diff(tasks, list(tasks)) == []


def test_equal_raw_bytes_are_no_change() -> None:
    assert diff([a_task("a")], [a_task("a")]) == []


def test_changes_are_in_the_order_of_the_new_list() -> None:
    before = [a_task("a"), a_task("b"), a_task("c")]
    after = [a_task("d"), a_task("c", status="Failed"), a_task("a")]
    assert kinds(before, after) == [("appeared", "d"), ("changed", "c"), ("vanished", "b")]


def test_renamed_task_is_a_change() -> None:
    task = a_task("old")
    (change,) = diff([task], [msgspec.structs.replace(task, name="new", raw=b"as renamed")])
    assert change.kind is ChangeKind.CHANGED
    assert change.fields == {"name"}
    assert (change.before and change.before.name, change.after and change.after.name) == ("old", "new")


@pytest.mark.parametrize(
    ("changes", "is_notable"),
    [
        pytest.param({"used_bytes": 1}, False, id="used capacity"),
        pytest.param({"rpo_ms": 5}, False, id="RPO"),
        pytest.param({"used_bytes": 1, "rpo_ms": 5, "last_op_at": EPOCH}, False, id="all volatile fields"),
        pytest.param({"status": "Failed"}, True, id="status"),
        pytest.param({"used_bytes": 1, "status": "Failed"}, True, id="status and volatile fields"),
        pytest.param({"plan_bytes": 7}, True, id="plan"),
    ],
)
def test_change_of_volatile_fields_only_is_not_significant(changes: dict[str, object], is_notable: bool) -> None:
    changed = a_task("a", **changes)  # type: ignore[arg-type]  # no uuid among them
    (change,) = diff([a_task("a")], [changed])
    assert change.fields == set(changes)
    assert change.is_significant is is_notable


def test_new_and_deleted_tasks_are_significant() -> None:
    assert all(change.is_significant for change in diff([a_task("a")], [a_task("b")]))


@settings(max_examples=100)
@given(fleets, fleets)
def test_changes_applied_to_the_old_list_give_the_new_one(before: list[Task], after: list[Task]) -> None:
    tasks = {task.uuid: task for task in before}
    for change in diff(before, after):
        if change.after is None:
            del tasks[change.task.uuid]
        else:
            tasks[change.task.uuid] = change.after
    assert sorted(tasks.values(), key=lambda task: task.uuid) == sorted(after, key=lambda task: task.uuid)
