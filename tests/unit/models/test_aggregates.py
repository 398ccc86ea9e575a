from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from cdptui.models.aggregates import FleetAccumulator, GroupAccumulator, is_unhealthy
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.query.evaluator import compile_predicate
from cdptui.query.expression import UNHEALTHY
from cdptui.query.fields import QueryContext
from tests.doubles import EPOCH
from tests.unit.render.rows import a_row

REASON = Reason(ReasonKind.NO_VM, Severity.NOTICE)
EVERY = [
    replace(a_row(), severity=severity, reasons=reasons) for severity, reasons in product(Severity, [(), (REASON,)])
]


@pytest.mark.parametrize("row", EVERY)
def test_group_counts_the_same_unhealthy_tasks_as_the_filter(row: TaskRow) -> None:
    assert is_unhealthy(row) is compile_predicate(UNHEALTHY, QueryContext(EPOCH, {}))(row)


STATES = [
    replace(a_row(status=status), reasons=reasons)
    for status, reasons in product(["Running", "Stopped"], [(), (REASON,)])
]
STATES += [replace(each, task=replace(each.task, state="Disabled", used_bytes=7)) for each in STATES]


@pytest.mark.parametrize(("before", "after"), list(product(STATES, STATES)))
def test_totals_after_a_row_was_replaced_are_those_of_the_new_row(before: TaskRow, after: TaskRow) -> None:
    totals, expected = FleetAccumulator(), FleetAccumulator()
    totals.add(before)
    totals.replace(before, after)
    expected.add(after)
    assert totals.total() == expected.total()


def test_groups_rank_by_worst_severity_then_by_unhealthy_tasks() -> None:
    def group(key: str, *statuses: str) -> GroupAccumulator:
        found = GroupAccumulator("policy", key)
        for at, status in enumerate(statuses):
            found.add(a_row(f"{key}-{at}", status=status))
        return found

    groups = [
        group("a", "Running", "Running"),
        group("b", "Failed", "Running"),
        group("c", "Failed", "Failed"),
        group("d", "Levitating"),
        group("e", "Running"),
    ]
    ranked = sorted((found.total() for found in groups), key=lambda found: found.rank)
    assert [found.key for found in ranked] == ["c", "b", "d", "a", "e"]
