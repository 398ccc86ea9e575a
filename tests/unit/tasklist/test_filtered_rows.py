from __future__ import annotations

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.capacity import GrowthRate
from cdptui.models.task_row import TaskRow
from cdptui.query.evaluator import compile_clause, compile_predicate
from cdptui.query.expression import Expression
from cdptui.query.fields import QueryContext
from cdptui.query.parser import parse
from cdptui.tasklist.filtered_rows import FilteredRows
from tests.doubles import EPOCH, GIB
from tests.unit.query.expressions import CONTEXT, expressions
from tests.unit.query.expressions import rows as any_rows
from tests.unit.render.rows import a_row


def update(selection: FilteredRows, fleet: list[TaskRow], context: QueryContext = CONTEXT) -> int:
    """Run all steps and return their number."""
    return sum(1 for _ in selection.steps(fleet, context))


changed = st.lists(st.tuples(st.integers(0, 9), any_rows()), max_size=3)


@settings(max_examples=150)
@given(expressions, st.lists(any_rows(), max_size=8), st.lists(changed, max_size=3))
def test_incremental_result_equals_a_new_evaluation(
    expression: Expression, fleet: list[TaskRow], polls: list[list[tuple[int, TaskRow]]]
) -> None:
    selection = FilteredRows(expression)
    for poll in polls:
        update(selection, fleet)
        is_meant = compile_predicate(expression, CONTEXT)
        assert list(selection.rows) == [row for row in fleet if is_meant(row)]
        for clause in selection.clauses:
            assert selection.counts[clause] == sum(map(compile_clause(clause, CONTEXT), fleet))
        fleet = fleet.copy()
        for place, row in poll:
            fleet[place : place + 1] = [row]


def fleet_of(count: int) -> list[TaskRow]:
    return [a_row(f"task {number}", uuid=f"{number:06d}", used_bytes=number % 100 * GIB) for number in range(count)]


def test_few_changes_evaluate_few_rows() -> None:
    fleet = fleet_of(9000)
    selection = FilteredRows(parse("used>49GiB"))
    assert update(selection, fleet) > 9
    assert update(selection, fleet.copy()) == 1
    assert len(selection.rows) == 4500


def test_rough_estimates_that_the_filter_leaves_out_are_counted() -> None:
    rough, trusted = GrowthRate(GIB / 3600, 60.0), GrowthRate(GIB / 3600, 7200.0)
    fleet = [
        a_row("trusted", growth=trusted, seconds_until_full=3600.0),
        a_row("rough", growth=rough, seconds_until_full=7200.0),
        a_row("rough and far", growth=rough, seconds_until_full=9e6),
        a_row("other", growth=rough, seconds_until_full=7200.0),
        a_row("full", growth=rough, seconds_until_full=0.0),
    ]
    for text, shown, left_out in (
        ("full<3d", 2, 2),
        ("full<3d !other", 2, 1),
        ("full<3d or rough", 4, 1),
        ("full=?", 3, 0),
        ("rough", 2, 0),
    ):
        selection = FilteredRows(parse(text))
        update(selection, fleet)
        assert (len(selection.rows), selection.rough) == (shown, left_out), text


def test_time_and_new_names_evaluate_all_rows() -> None:
    fleet = [a_row("a", created_at=EPOCH, backup_storage_uuid="bs-1")]
    later = QueryContext(EPOCH.replace(year=EPOCH.year + 1))
    aged, named = FilteredRows(parse("age>1d")), FilteredRows(parse("bs~gold"))
    update(aged, fleet, QueryContext(EPOCH))
    update(named, fleet, QueryContext(EPOCH))
    assert not aged.rows
    assert not named.rows
    update(aged, fleet, later)
    update(named, fleet, QueryContext(EPOCH, {"bs-1": "gold"}))
    assert list(aged.rows) == list(named.rows) == fleet


def test_abandoned_update_changes_nothing() -> None:
    fleet = fleet_of(9000)
    selection = FilteredRows(parse("used>49GiB"))
    update(selection, fleet)
    before = selection.rows
    assert len(list(islice(selection.steps(fleet_of(8000), CONTEXT), 5))) == 5
    assert selection.rows is before
    assert selection.total == 9000


class CountingClock:
    """A processor clock that advances by a fixed number of seconds per call."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = 0.0, seconds

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


def test_slow_regex_keeps_the_previous_result() -> None:
    fleet, clock = fleet_of(400), CountingClock(0.0)
    selection = FilteredRows(parse("re:9$ or used>90GiB"), clock)
    update(selection, fleet)
    rows, counts = list(selection.rows), dict(selection.counts)
    assert selection.timeout is None
    assert 40 < len(rows) < 400
    clock.seconds = 0.01
    update(selection, [*fleet, *fleet_of(400)])
    assert selection.timeout is not None
    assert selection.timeout.pattern == "9$"
    assert (list(selection.rows), dict(selection.counts), selection.total) == (rows, counts, 400)
    clock.seconds = 0.0
    update(selection, [*fleet, *fleet_of(400)])
    assert selection.timeout is None
    assert len(selection.rows) == 2 * len(rows)


def test_plain_text_never_times_out() -> None:
    selection = FilteredRows(parse("task"), CountingClock(60.0))
    update(selection, fleet_of(400))
    assert selection.timeout is None
    assert len(selection.rows) == 400


def test_slow_regex_evaluates_few_rows_per_step() -> None:
    slow, quick = FilteredRows(parse("re:9$"), CountingClock(0.003)), FilteredRows(parse("re:9$"), CountingClock(0.0))
    fleet = fleet_of(60)
    assert update(slow, fleet) > 4 * update(quick, fleet) or slow.timeout is not None
    assert update(FilteredRows(parse("re:9$"), CountingClock(0.003)), fleet) >= 10


def test_many_clauses_are_evaluated_in_many_steps() -> None:
    fleet = fleet_of(500)
    few = update(FilteredRows(parse("task")), fleet)
    many = " ".join(f"t{number}" for number in range(150))
    assert update(FilteredRows(parse(many.replace(" ", "|"))), fleet) > few + 30
