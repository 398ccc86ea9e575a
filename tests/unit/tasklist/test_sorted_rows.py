from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.task_row import TaskRow
from cdptui.tasklist.sort_order import SortOrder
from cdptui.tasklist.sorted_rows import SortedRows, arrange
from tests.unit.render.rows import a_row
from tests.unit.tasklist.test_sort_order import orders, rows


def uuids(fleet: list[TaskRow] | SortedRows) -> list[str]:
    return [row.task.uuid for row in fleet]


def take(kept: SortedRows, fleet: list[TaskRow], order: SortOrder, anchor: str | None = None) -> int:
    """Run all steps and return their number."""
    return sum(1 for _ in kept.update_steps(fleet, order, lambda: anchor))


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
    fleet: list[TaskRow], history: list[tuple[set[int], set[int], list[TaskRow], SortOrder]], max_moves: int
) -> None:
    kept = SortedRows(max_moves)
    for changed, gone, new, order in history:
        stay = [row for index, row in enumerate(grown(fleet, changed)) if index not in gone]
        fleet = list({row.task.uuid: row for row in (*stay, *new)}.values())
        take(kept, fleet, order)
        assert list(kept) == arrange(fleet, order)
        assert [kept.index_of(row.task.uuid) for row in kept] == list(range(len(fleet)))


@given(rows, st.data())
def test_successor_of_a_deleted_anchor_is_its_neighbour(fleet: list[TaskRow], data: st.DataObject) -> None:
    kept = SortedRows()
    take(kept, fleet, SortOrder("name"))
    gone = data.draw(st.sets(st.sampled_from(uuids(fleet)))) if fleet else set()
    anchor = data.draw(st.sampled_from(uuids(kept))) if fleet else None
    old = uuids(kept)
    take(kept, [row for row in fleet if row.task.uuid not in gone], SortOrder("name"), anchor)
    if anchor is None or anchor not in gone:
        assert kept.successor_uuid is None
        return
    at = old.index(anchor)
    left = [uuid for uuid in (*old[at:], *reversed(old[:at])) if uuid not in gone]
    assert kept.successor_uuid == (left[0] if left else None)


def fleet_of(count: int) -> list[TaskRow]:
    return [a_row(f"task {number % 977}", uuid=f"{number:06d}", used_bytes=number % 101) for number in range(count)]


def test_abandoned_update_changes_nothing() -> None:
    kept, fleet = SortedRows(), fleet_of(9000)
    take(kept, fleet, SortOrder("name"))
    before = uuids(kept)
    steps: Iterator[None] = kept.update_steps(fleet, SortOrder("used"))
    assert len(list(islice(steps, 5))) == 5
    assert uuids(kept) == before
    assert kept.order == SortOrder("name")


def test_few_changes_sort_few_rows() -> None:
    kept, fleet = SortedRows(), fleet_of(9000)
    assert take(kept, fleet, SortOrder("used")) > 9
    assert take(kept, grown(fleet, {5, 6}), SortOrder("used")) <= 2
    assert take(kept, grown(fleet, set(range(8000))), SortOrder("used")) > 9


def test_empty_list_has_no_successor() -> None:
    kept = SortedRows()
    assert take(kept, [], SortOrder()) == 0 or not len(kept)
    assert kept.index_of(None) is None
    assert kept.index_of("x") is None


def test_replaced_list_is_released_in_steps() -> None:
    kept = SortedRows(max_moves=2)
    before = [a_row(f"task {number}", uuid=f"{number}") for number in range(9)]
    take(kept, before, SortOrder("name"))
    take(kept, grown(before, set(range(9))), SortOrder("name"))
    held = sys.getrefcount(before[0])
    steps = sum(1 for _ in kept.release_old())
    assert 3 <= steps <= 4
    left = sys.getrefcount(before[0])
    assert left < held
    assert not list(kept.release_old())
