from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cdptui.models.aggregates import GroupSummary, is_unhealthy
from cdptui.models.estimate import rate_doubt
from cdptui.models.severity import is_recording, is_rpo_judged
from cdptui.models.task_row import TaskRow
from cdptui.render.groups import BY_KEY, GROUPINGS
from cdptui.tasklist.grouped_rows import GroupedRows
from cdptui.tasklist.sort_order import TaskOrder, task_order
from cdptui.tasklist.sorted_rows import SortedRows, arrange
from tests.unit.render.rows import a_row
from tests.unit.tasklist.test_sort_order import orders, rows

grouped = st.builds(
    lambda order, group: structs.replace(order, group=group),
    orders,
    st.sampled_from(["", *(grouping.key for grouping in GROUPINGS)]),
)


def update(grouped: GroupedRows, fleet: list[TaskRow], order: TaskOrder, anchor: str | None = None) -> None:
    for _ in grouped.update_steps(fleet, order, lambda: anchor):
        pass


def outline_of(fleet: list[TaskRow], order: TaskOrder) -> GroupedRows:
    grouped = GroupedRows()
    update(grouped, fleet, order)
    return grouped


def in_words(grouped: GroupedRows) -> list[str]:
    return [line.key if isinstance(line, GroupSummary) else line.task.name for line in grouped]


FLEET = [
    a_row("a", status="Running"),
    a_row("b", status="Failed"),
    a_row("c", status="Running", rpo_ms=1),
    a_row("d", status="Failed"),
    a_row("e", status="Stopped", state="Disabled"),
]


def test_ungrouped_list_has_only_rows() -> None:
    grouped = outline_of(FLEET, task_order("name"))
    assert in_words(grouped) == ["a", "b", "c", "d", "e"]
    assert grouped.groups == ()
    assert grouped.group_of_line(0) is None
    assert not grouped.fold_all()


def test_groups_are_worst_first_with_rows_in_sort_order() -> None:
    grouped = outline_of(FLEET, task_order("name", is_inverted=True, group="status"))
    assert in_words(grouped) == ["Failed", "d", "b", "Running", "c", "a", "Stopped", "e"]


def test_folded_group_is_one_line() -> None:
    grouped = outline_of(FLEET, task_order("name", group="status"))
    assert grouped.fold(grouped.groups[0])
    assert in_words(grouped) == ["Failed", "Running", "a", "c", "Stopped", "e"]
    assert grouped.index_of("uuid-of-b") == 0, "a task that is folded is found at its group"
    assert not grouped.fold(grouped.groups[0])
    assert grouped.index_of("uuid-of-b") == 1


def test_fold_all_unfolds_when_all_are_folded() -> None:
    grouped = outline_of(FLEET, task_order("name", group="status"))
    grouped.fold(grouped.groups[1])
    assert grouped.fold_all()
    assert in_words(grouped) == ["Failed", "Running", "Stopped"]
    assert not grouped.fold_all()
    assert len(grouped) == 8


def test_folded_groups_are_kept_across_polls_and_groupings() -> None:
    grouped = outline_of(FLEET, task_order("name", group="status"))
    grouped.fold(grouped.groups[0])
    update(grouped, FLEET[1:], task_order("name", group="status"))
    update(grouped, FLEET, task_order("name", group="state"))
    assert in_words(grouped)[:2] == ["Enabled", "a"]
    update(grouped, FLEET, task_order("name"))
    update(grouped, FLEET, task_order("used", group="status"))
    assert in_words(grouped)[:2] == ["Failed", "Running"]


def test_group_that_becomes_worst_moves_to_the_top() -> None:
    healthy = [a_row("a", backup_storage_uuid="one"), a_row("b", backup_storage_uuid="two")]
    grouped = outline_of(healthy, task_order(group="storage"))
    assert in_words(grouped) == ["one", "a", "two", "b"]
    update(grouped, [healthy[0], a_row("b", backup_storage_uuid="two", status="Failed")], task_order(group="storage"))
    assert in_words(grouped) == ["two", "b", "one", "a"]


def test_abandoned_update_changes_nothing() -> None:
    fleet = [a_row(f"task {n:05d}", status="Running" if n % 3 else "Failed") for n in range(9000)]
    grouped = outline_of(fleet, task_order("name", group="status"))
    before = list(grouped)
    total = sum(1 for _ in GroupedRows().update_steps(fleet[3000:], task_order("used", group="state")))
    for count in range(total):
        list(islice(grouped.update_steps(fleet[3000:], task_order("used", group="state")), count))
        if count % 5 == 0:
            assert list(grouped) == before


@settings(max_examples=150)
@given(st.lists(st.tuples(rows, grouped, st.sets(st.integers(0, 5)), st.booleans()), min_size=1, max_size=4))
def test_lines_rows_and_groups_are_consistent(history: list[tuple[list[TaskRow], TaskOrder, set[int], bool]]) -> None:
    grouped = GroupedRows(SortedRows(2))
    for fleet, order, to_fold, is_all in history:
        update(grouped, fleet, order)
        for at in to_fold & set(range(len(grouped.groups))):
            grouped.fold(grouped.groups[at])
        if is_all:
            grouped.fold_all()
        lines = list(grouped)
        assert lines == [grouped[at] for at in range(len(grouped))] == list(grouped[:])
        assert sorted(map(id, grouped.tasks())) == sorted(map(id, fleet))
        if not order.group:
            assert lines == arrange(fleet, order)
            continue
        value = BY_KEY[order.group].value
        expected: list[TaskRow | GroupSummary] = []
        for group in sorted(grouped.groups, key=lambda group: group.rank):
            members = [row for row in arrange(fleet, order) if value(row) == group.key]
            assert list(grouped.members(group)) == members
            assert group.count == len(members)
            expected += [group] if grouped.is_folded(group) else [group, *members]
        assert lines == expected
        for at, line in enumerate(lines):
            if isinstance(line, GroupSummary):
                assert grouped.index_of_group(line.key) == at
                shown = line
            else:
                assert grouped.index_of(line.task.uuid) == at
            assert grouped.group_of_line(at) == shown


@settings(max_examples=100)
@given(rows)
def test_group_totals_equal_those_of_their_rows(fleet: list[TaskRow]) -> None:
    grouped = outline_of(fleet, task_order(group="status"))
    for group in grouped.groups:
        members = [row for row in fleet if row.task.status == group.key]
        used = [row.task.used_bytes for row in members if row.task.used_bytes is not None]
        assert group.used_bytes == (sum(used) if used else None)
        assert group.unhealthy == sum(map(is_unhealthy, members))
        assert group.worst == max(row.severity for row in members)
        ratios = [row.task.rpo_ratio for row in members if row.task.rpo_ratio is not None and is_rpo_judged(row.task)]
        assert group.rpo_ratio == max(ratios, default=None)
        rates = [
            row.growth for row in members if row.growth and is_recording(row.task) and row.task.state != "Disabled"
        ]
        growths = [rate.bytes_per_s for rate in [rate for rate in rates if rate_doubt(rate) is None] or rates]
        assert group.growth_bytes_per_s == (pytest.approx(sum(growths)) if growths else None)


def test_used_ratio_counts_only_tasks_with_a_plan() -> None:
    fleet = [a_row("a", used_bytes=50, plan_bytes=100), a_row("b", used_bytes=1000, plan_bytes=0)]
    (group,) = outline_of(fleet, task_order(group="state")).groups
    assert group.used_ratio == 0.5
    assert group.used_bytes == 1050


def test_rpo_of_disabled_tasks_does_not_count() -> None:
    fleet = [a_row("a", rpo_ms=10**9, state="Disabled", status="Stopped"), a_row("b", rpo_ms=1_000)]
    groups = {group.key: group for group in outline_of(fleet, task_order(group="state")).groups}
    assert groups["Disabled"].rpo_ratio is None
    assert groups["Enabled"].rpo_ms == 1_000


@pytest.mark.parametrize(
    ("stopped_ms", "worst_ms"), [pytest.param(600_000, 1_000, id="not measured"), (700_000, 700_000)]
)
def test_last_measured_rpo_counts_only_over_its_target(stopped_ms: int, worst_ms: int) -> None:
    fleet = [a_row("a", rpo_ms=stopped_ms, rpo_target_ms=600_000, status="Stopped"), a_row("b", rpo_ms=1_000)]
    (group,) = outline_of(fleet, task_order(group="state")).groups
    assert group.rpo_ms == worst_ms
