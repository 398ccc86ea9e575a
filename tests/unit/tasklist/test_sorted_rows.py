from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.task_row import TaskRow
from cdptui.tasklist.sort_order import TaskOrder, task_order
from cdptui.tasklist.sorted_rows import SortedRows, arrange
from tests.unit.render.rows import a_row
from tests.unit.tasklist.test_sort_order import orders, rows


def uuids(fleet: list[TaskRow] | SortedRows) -> list[str]:
    return [row.task.uuid for row in fleet]


def update(sorted_rows: SortedRows, fleet: list[TaskRow], order: TaskOrder, anchor: str | None = None) -> int:
    """Run all steps and return their number."""
    return sum(1 for _ in sorted_rows.update_steps(fleet, order, lambda: anchor))


def grown(fleet: list[TaskRow], which: set[int]) -> list[TaskRow]:
    """Return the same fleet at the next poll: only some tasks are other objects."""
    return [
        a_row(row.task.name, uuid=row.task.uuid, used_bytes=index, plan_bytes=2, status=row.task.status)
        if index in which
        else row
        for index, row in enumerate(fleet)
    ]


polls = st.tuples(st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), rows, orders)


@settings(max_examples=200)
@given(rows, st.lists(polls, max_size=6), st.integers(0, 3))
def test_updated_list_equals_a_new_one(
    fleet: list[TaskRow], history: list[tuple[set[int], set[int], list[TaskRow], TaskOrder]], max_moves: int
) -> None:
    sorted_rows = SortedRows(max_moves)
    for changed, gone, new, order in history:
        stay = [row for index, row in enumerate(grown(fleet, changed)) if index not in gone]
        fleet = list({row.task.uuid: row for row in (*stay, *new)}.values())
        update(sorted_rows, fleet, order)
        assert list(sorted_rows) == arrange(fleet, order)
        assert [sorted_rows.index_of(row.task.uuid) for row in sorted_rows] == list(range(len(fleet)))


@given(rows, st.data())
def test_successor_of_a_deleted_anchor_is_its_neighbour(fleet: list[TaskRow], data: st.DataObject) -> None:
    sorted_rows = SortedRows()
    update(sorted_rows, fleet, task_order("name"))
    gone = data.draw(st.sets(st.sampled_from(uuids(fleet)))) if fleet else set()
    anchor = data.draw(st.sampled_from(uuids(sorted_rows))) if fleet else None
    old = uuids(sorted_rows)
    update(sorted_rows, [row for row in fleet if row.task.uuid not in gone], task_order("name"), anchor)
    if anchor is None or anchor not in gone:
        assert sorted_rows.successor_uuid is None
        return
    at = old.index(anchor)
    left = [uuid for uuid in (*old[at:], *reversed(old[:at])) if uuid not in gone]
    assert sorted_rows.successor_uuid == (left[0] if left else None)


def fleet_of(count: int) -> list[TaskRow]:
    return [a_row(f"task {number % 977}", uuid=f"{number:06d}", used_bytes=number % 101) for number in range(count)]


def test_abandoned_update_changes_nothing() -> None:
    sorted_rows, fleet = SortedRows(), fleet_of(9000)
    update(sorted_rows, fleet, task_order("name"))
    before = uuids(sorted_rows)
    steps: Iterator[None] = sorted_rows.update_steps(fleet, task_order("used"))
    assert len(list(islice(steps, 5))) == 5
    assert uuids(sorted_rows) == before
    assert sorted_rows.order == task_order("name")


def test_few_changes_sort_few_rows() -> None:
    sorted_rows, fleet = SortedRows(), fleet_of(9000)
    assert update(sorted_rows, fleet, task_order("used")) > 9
    assert update(sorted_rows, grown(fleet, {5, 6}), task_order("used")) <= 2
    assert update(sorted_rows, grown(fleet, set(range(8000))), task_order("used")) > 9


def test_empty_list_has_no_successor() -> None:
    sorted_rows = SortedRows()
    assert update(sorted_rows, [], task_order()) == 0 or not len(sorted_rows)
    assert sorted_rows.index_of(None) is None
    assert sorted_rows.index_of("x") is None


def test_replaced_list_is_released_in_steps() -> None:
    sorted_rows = SortedRows(max_moves=2)
    before = [a_row(f"task {number}", uuid=f"{number}") for number in range(9)]
    update(sorted_rows, before, task_order("name"))
    update(sorted_rows, grown(before, set(range(9))), task_order("name"))
    held = sys.getrefcount(before[0])
    steps = sum(1 for _ in sorted_rows.release_old())
    assert 3 <= steps <= 4
    left = sys.getrefcount(before[0])
    assert left < held
    assert not list(sorted_rows.release_old())
