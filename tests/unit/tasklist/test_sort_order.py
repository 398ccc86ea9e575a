from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.capacity import GrowthRate
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import COLUMNS
from cdptui.render.sort_order import WORST_FIRST
from cdptui.tasklist.sort_order import TaskOrder, task_order
from cdptui.tasklist.sorted_rows import arrange
from tests.doubles import EPOCH, GIB
from tests.unit.render.rows import a_row
from tests.unit.render.tabs.rows import a_row as a_judged_row

KEYS = (WORST_FIRST, *(column.key for column in COLUMNS))
small = st.none() | st.integers(0, 3)

rows = st.lists(
    st.builds(
        lambda name, status, used, plan, rpo, growth, text, number: a_row(
            name,
            uuid=f"{name}-{number}",
            status=status,
            used_bytes=used,
            plan_bytes=plan,
            rpo_ms=rpo,
            rpo_target_ms=2,
            growth=None if growth is None else GrowthRate(float(growth), 600.0),
            seconds_until_full=growth,
            last_op_at=None if growth is None else EPOCH,
            policy_uuid=text,
            backup_storage_uuid=text,
            description=text,
        ),
        st.sampled_from(["a", "B", "c", "Ä", ""]),
        st.sampled_from(["Running", "Failed", "Starting"]),
        small,
        small,
        small,
        small,
        st.sampled_from([None, "", "a", "B"]),
        st.integers(0, 10**6),
    ),
    max_size=12,
    unique_by=lambda row: row.task.uuid,
)
orders = st.builds(task_order, st.sampled_from(KEYS), is_inverted=st.booleans())


@settings(max_examples=100)
@given(rows, orders)
def test_sorted_list_has_every_task_once(fleet: list[TaskRow], order: TaskOrder) -> None:
    assert sorted(map(id, arrange(fleet, order))) == sorted(map(id, fleet))


@settings(max_examples=100)
@given(rows, orders, st.randoms())
def test_order_does_not_depend_on_the_input_order(fleet: list[TaskRow], order: TaskOrder, random: Random) -> None:
    shuffled = list(fleet)
    random.shuffle(shuffled)
    assert arrange(shuffled, order) == arrange(fleet, order)


@settings(max_examples=100)
@given(rows, orders)
def test_unknown_values_are_last_in_both_directions(fleet: list[TaskRow], order: TaskOrder) -> None:
    column = order.column
    if column is None:
        return
    values = [column.sort_value(row) for row in arrange(fleet, order)]
    known = [value for is_unknown, value in values if not is_unknown]
    assert [is_unknown for is_unknown, _ in values] == [False] * len(known) + [True] * (len(values) - len(known))
    assert known == sorted(known, reverse=order.is_descending)


def before(fleet: list[TaskRow], value: Callable[[TaskRow], float | None], *, is_inverted: bool) -> bool:
    """Return whether known values are in order, followed by unknown ones."""
    values = [value(row) for row in fleet]
    known = [v for v in values if v is not None]
    return values == [*sorted(known, reverse=not is_inverted), *[None] * (len(values) - len(known))]


@settings(max_examples=150)
@given(rows, st.booleans())
def test_default_order_is_severity_rpo_used_name(fleet: list[TaskRow], is_inverted: bool) -> None:
    arranged = arrange(fleet, task_order(is_inverted=is_inverted))
    severities = [row.severity for row in arranged]
    assert severities == sorted(severities, reverse=not is_inverted)
    for severity in set(severities):
        same = [row for row in arranged if row.severity is severity]
        assert before(same, lambda row: row.task.rpo_ratio, is_inverted=is_inverted), "RPO against its target"
        for rpo in {row.task.rpo_ratio for row in same}:
            equal = [row for row in same if row.task.rpo_ratio == rpo]
            assert before(equal, lambda row: row.task.used_ratio, is_inverted=is_inverted), "used of plan"
            for used in {row.task.used_ratio for row in equal}:
                names = [row.task.name.casefold() for row in equal if row.task.used_ratio == used]
                assert names == sorted(names), "name"


def test_default_order_is_worst_first() -> None:
    fleet = [
        a_row("calm", status="Stopped", state="Disabled"),
        a_row("healthy", rpo_ms=1, used_bytes=1),
        a_row("healthy and fuller", rpo_ms=1, used_bytes=2),
        a_row("late", rpo_ms=900_000),
        a_row("failed", status="Failed"),
        a_row("starting", status="Starting"),
        a_row("odd", status="Levitating"),
    ]
    assert [row.task.name for row in arrange(fleet, task_order())] == [
        "failed",
        "odd",
        "starting",
        "late",
        "healthy and fuller",
        "healthy",
        "calm",
    ]


def test_default_order_within_a_severity_has_the_more_urgent_problem_first() -> None:
    measured = GrowthRate(GIB / 3600, 7200.0)
    fleet = [
        a_judged_row("over its target", rpo_ms=900_000),
        a_judged_row("protects nothing", resource_refs=()),
        a_judged_row("full in 9 h", {"growth": measured, "seconds_until_full": 32_400.0}),
        a_judged_row("full in 21 min", {"growth": measured, "seconds_until_full": 1_260.0}),
        a_judged_row("nearly full", used_bytes=95 * GIB),
        a_judged_row("full in 2 d", {"growth": measured, "seconds_until_full": 172_800.0}),
        a_judged_row("more nearly full", used_bytes=97 * GIB),
    ]
    expected = ["full in 21 min", "full in 9 h", "protects nothing", "over its target"]
    expected += ["full in 2 d", "more nearly full", "nearly full"]
    assert [row.task.name for row in arrange(fleet, task_order())] == expected
    assert [row.task.name for row in arrange(fleet, task_order(is_inverted=True))] == expected[::-1]


@pytest.mark.parametrize("key", KEYS)
def test_equal_tasks_are_sorted_by_name_in_both_directions(key: str) -> None:
    fleet = [a_row(name, resource_refs=()) for name in ("b", "A", "c")]
    if key not in {"name", "uuid"}:
        for is_inverted in (False, True):
            assert [row.task.name for row in arrange(fleet, task_order(key, is_inverted=is_inverted))] == [
                "A",
                "b",
                "c",
            ]


@pytest.mark.parametrize("key", KEYS)
def test_inverting_twice_restores_the_order(key: str) -> None:
    order = task_order(key)
    assert order.inverted().inverted() == order
    assert order.inverted().is_descending is not order.is_descending


def test_next_column_wraps_around() -> None:
    order = task_order()
    seen = []
    for _ in KEYS:
        seen.append(order.key)
        order = order.next_column(1)
    assert tuple(seen) == KEYS
    assert order == task_order()
    assert task_order().next_column(-1).key == KEYS[-1]


def test_new_column_starts_with_its_own_direction() -> None:
    assert task_order("name", is_inverted=True).next_column(1) == task_order("status", is_inverted=False)


@pytest.mark.parametrize(
    ("key", "is_descending"),
    [(WORST_FIRST, True), ("name", False), ("use", True), ("full-in", False), ("last-op", False)],
)
def test_column_starts_with_its_worst_value(key: str, is_descending: bool) -> None:
    assert task_order(key).is_descending is is_descending


def test_order_by_problem_has_the_more_urgent_first_and_rows_without_a_problem_last_in_both_directions() -> None:
    measured = GrowthRate(GIB / 3600, 7200.0)
    fleet = [
        a_judged_row("well"),
        a_judged_row("over its target", rpo_ms=900_000),
        a_judged_row("full in 9 h", {"growth": measured, "seconds_until_full": 32_400.0}),
        a_judged_row("full in 21 min", {"growth": measured, "seconds_until_full": 1_260.0}),
    ]
    expected = ["full in 21 min", "full in 9 h", "over its target"]
    assert [row.task.name for row in arrange(fleet, task_order("problem"))] == [*expected, "well"]
    assert [row.task.name for row in arrange(fleet, task_order("problem", is_inverted=True))] == [
        *expected[::-1],
        "well",
    ]
