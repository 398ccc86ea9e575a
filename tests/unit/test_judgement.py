"""One judgement: tick, colour, order, filter, view and problem agree about when a plan is full."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.config.saved_views import PRESETS
from cdptui.models.aggregates import is_unhealthy
from cdptui.models.capacity import CapacityHistory
from cdptui.models.reasons import ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.query.evaluator import compile_predicate
from cdptui.query.fields import QueryContext
from cdptui.query.parser import parse
from cdptui.render.columns import FULL_IN, USE
from cdptui.render.spans import Role, plain_text
from cdptui.render.statuses import ROLES
from cdptui.render.tabs import why
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import CellContext
from cdptui.tasklist.sort_order import task_order
from cdptui.tasklist.sorted_rows import arrange
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import EPOCH, GIB, FakeClock, a_task

STEP_S: Final = 1200.0
STEPS: Final = 40
PLAN: Final = 1000 * GIB

SHAPES: Final[dict[str, Callable[[int, float], float]]] = {
    "still": lambda step, rate: 0.0,
    "steady": lambda step, rate: step * rate,
    "accelerating": lambda step, rate: rate * 1.15**step,
    "sawtooth": lambda step, rate: step % 9 * rate,
    "paused": lambda step, rate: min(step, 22) * rate,
    "late": lambda step, rate: max(0, step - 22) * rate,
    "new": lambda step, rate: max(0, step - STEPS + 3) * rate,
}
"""Used GiB over the base at a step."""

histories = st.tuples(
    st.sampled_from(sorted(SHAPES)),
    st.floats(0.1, 40.0),
    st.integers(100, 1000),
    st.sampled_from([0, PLAN]),
    st.sampled_from(["Running", "Running", "Running", "Stopped", "DataMerging", "Failed", "Starting"]),
    st.sampled_from(["Enabled", "Enabled", "Enabled", "Disabled"]),
)
"""Shape, GiB a step, GiB at the start, plan, status and state of a task."""

History = tuple[str, float, int, int, str, str]


def tasks_at(step: int, fleet: list[History]) -> tuple[Task, ...]:
    return tuple(
        a_task(
            f"task-{place}",
            used_bytes=int((base + SHAPES[shape](step, rate)) * GIB),
            plan_bytes=plan,
            status=status,
            state=state,
        )
        for place, (shape, rate, base, plan, status, state) in enumerate(fleet)
    )


def watch(fleet: list[History]) -> list[TaskRow]:
    """Return the rows after half a day of polls."""

    async def poll() -> list[TaskRow]:
        tracker, rows = FleetTracker(FakeClock()), list[TaskRow]()
        for step in range(STEPS):
            tasks, at = tasks_at(step, fleet), step * STEP_S
            snapshot = Snapshot(tasks, len(tasks), True, EPOCH + timedelta(seconds=at), at, 0.1)
            rows = list((await tracker.apply_snapshot(snapshot, 1e9))[0])
        return rows

    return asyncio.run(poll())


has_problem = compile_predicate(parse("reason=full or reason=full-soon"), QueryContext(EPOCH))


def plan_checks(row: TaskRow) -> list[str]:
    """Return the lines of tab Why that report on the plan as checked."""
    context = DetailContext(
        fields=(),
        track=CapacityHistory(),
        names={},
        names_problem="",
        now=EPOCH,
        zone=None,
        keys=DEFAULT_KEYMAP.labels,
        at=100.0,
    )
    lines = [plain_text(line) for line in why.lines(row, context, 400, 40)]
    return [line for line in lines if line[0:1] in {"✔", "?"} and "plan is used" in line]


_USE_PROBLEMS: Final = {ReasonKind.FULL, ReasonKind.STOPPED_PLAN_FULL, ReasonKind.NEAR_FULL}
"""Problems of the used share of the plan."""


def _full_in_rank(row: TaskRow) -> tuple[int, float]:
    text = plain_text(FULL_IN.cell(row, CellContext(EPOCH, {})))
    rank = 3 if not text else 2 if text == "> 1 y" else 1 if text.startswith("~") else 0
    return rank, row.seconds_until_full or 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(histories, max_size=6))
@example([("steady", 20.0, 700, PLAN, "Running", "Enabled"), ("new", 20.0, 700, PLAN, "Running", "Enabled")])
@example([("accelerating", 1.0, 300, PLAN, "Running", "Enabled"), ("sawtooth", 20.0, 700, PLAN, "Running", "Enabled")])
def test_tick_colour_order_filter_view_and_problem_agree_about_each_task(fleet: list[History]) -> None:
    rows = watch(fleet)
    context = QueryContext(EPOCH)
    matches = compile_predicate(parse("full<3d"), context)
    is_in_view = compile_predicate(parse(PRESETS[2].filter), context)
    for row in rows:
        cell = FULL_IN.cell(row, CellContext(EPOCH, {}))
        roles = {span.role for span in cell}
        is_problem = has_problem(row)
        worst = {
            ROLES[reason.severity]
            for reason in row.reasons
            if reason.kind in {ReasonKind.FULL, ReasonKind.FULL_SOON, ReasonKind.STOPPED_PLAN_FULL}
        }
        assert not is_problem or roles == (worst or {Role.BAD}), "the colour is that of the problem"
        assert is_problem or not roles & set(ROLES.values()), "no colour of a problem"
        assert matches(row) is is_problem, "filter"
        assert is_in_view(row) is is_problem, "view"
        assert is_unhealthy(row) or not is_problem, "unhealthy only"
        is_marked = plain_text(cell).startswith("~")
        assert is_marked is (row.full_in_doubt is not None and plain_text(cell) != "> 1 y"), "mark"
        assert not is_marked or roles == {Role.DIM}, "what is not trusted is dim"
        use_role = USE.cell(row, CellContext(EPOCH, {}))[0].role if row.task.plan_bytes else Role.TEXT
        near = {reason.severity for reason in row.reasons if reason.kind in _USE_PROBLEMS}
        assert not near or use_role is ROLES[max(near)], "the colour of the used share is that of the problem"
        assert use_role in {Role.TEXT, Role.BAD, Role.ACCENT}
        checks = plan_checks(row)
        if is_problem:
            assert not checks, "no tick beside a problem"
        elif row.full_in_doubt is not None and checks:
            assert checks[0].startswith("? "), "no tick for what is not trusted"
    by_full_in = arrange(rows, task_order("full-in"))
    ranks = [_full_in_rank(row) for row in by_full_in]
    assert ranks == sorted(ranks), "order of the column: trusted, rough, more than a year, none; each by time"
    reverse = [row for row in arrange(rows, task_order("full-in").inverted()) if row.seconds_until_full is not None]
    assert [_full_in_rank(row) for row in reverse] == sorted(map(_full_in_rank, reverse), reverse=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(histories, min_size=2, max_size=6))
def test_default_order_has_the_sooner_full_plan_first(fleet: list[History]) -> None:
    soon = [
        row
        for row in arrange(watch(fleet), task_order())
        if row.reasons and row.reasons[0].kind is ReasonKind.FULL_SOON
    ]
    for severity in Severity:
        times = [row.seconds_until_full or 0.0 for row in soon if row.severity is severity]
        assert times == sorted(times)
