"""Hypothesis strategies for expressions and rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from cdptui.models.capacity import GrowthRate
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity, status_severity
from cdptui.models.task import ResourceRef
from cdptui.models.task_row import TaskRow
from cdptui.query.expression import (
    And,
    Comparison,
    Expression,
    Fuzzy,
    Not,
    Operator,
    Or,
    Pattern,
    Quantity,
    SeverityValue,
    TextValue,
    UnknownValue,
    Word,
)
from cdptui.query.fields import FIELDS, QueryContext, QueryField
from cdptui.query.units import UNITS
from tests.doubles import EPOCH, GIB, a_task

ORDERED = [Operator.EQUAL, Operator.NOT_EQUAL, Operator.GREATER, Operator.AT_LEAST, Operator.BELOW, Operator.AT_MOST]
TEXTUAL = [Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS, Operator.NOT_CONTAINS]
UNKNOWABLE = [Operator.EQUAL, Operator.NOT_EQUAL]

pieces = st.sampled_from(
    ["erp", "ERP", "db", "gold", "Running", "a", "%", "two words", "or", "?", "不", '"', "\\", "re:x"]
)
texts = st.one_of(pieces, st.text(max_size=6))
words = texts.filter(bool)
patterns = st.sampled_from(["erp", "^c.*b$", r"\d+", "a|b", "(x y)", r"\"", 'q"', "[^a]", "x{2,3}"])
numbers = st.one_of(
    st.integers(0, 10**12).map(float), st.floats(0, 1e18, allow_nan=False), st.sampled_from([0.0, 1.0, 80.0, 1.5])
)


@st.composite
def comparisons(draw: st.DrawFn, fields: Sequence[QueryField[Any]] = FIELDS) -> Comparison:
    field = draw(st.sampled_from(fields))
    if draw(st.integers(0, 9)) == 0:
        return Comparison(field.name, draw(st.sampled_from(UNKNOWABLE)), UnknownValue())
    if field.is_text:
        how = draw(st.sampled_from(TEXTUAL))
        is_closed = field.allowed and how in UNKNOWABLE
        return Comparison(field.name, how, TextValue(draw(st.sampled_from(field.allowed) if is_closed else texts)))
    how = draw(st.sampled_from(ORDERED))
    if field.is_level:
        return Comparison(field.name, how, SeverityValue(draw(st.sampled_from(Severity))))
    return Comparison(field.name, how, draw(quantities(field)))


def quantities(field: QueryField[Any]) -> st.SearchStrategy[Quantity]:
    symbols = sorted({unit.symbol for unit in UNITS.values() if unit.dimension in field.dimensions})
    with_unit = st.builds(Quantity, numbers, st.sampled_from(symbols))
    return st.one_of(with_unit, st.just(Quantity(0.0)))


searches = st.one_of(st.builds(Word, words), st.builds(Fuzzy, words), st.builds(Pattern, patterns))


def _larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, parts), st.builds(Or, parts))


def expressions_of(fields: Sequence[QueryField[Any]]) -> st.SearchStrategy[Expression]:
    """Return expressions that compare these fields."""
    return st.recursive(st.one_of(searches, comparisons(fields)), _larger, max_leaves=8)


expressions = expressions_of(FIELDS)

moments = st.one_of(st.none(), st.integers(-100_000, 3600).map(lambda seconds: EPOCH + timedelta(seconds=seconds)))
amounts = st.one_of(st.none(), st.just(0), st.integers(1, 200).map(lambda count: count * GIB))
VMS = ["vm-1", "vm-2", "a" * 32]
CONTEXT = QueryContext(
    EPOCH,
    names={"vm-1": "erp-db", "bs-1": "gold store", "policy-1": "Gold"},
    changed_at={"task-1": EPOCH - timedelta(minutes=5)},
)


@st.composite
def rows(draw: st.DrawFn) -> TaskRow:
    refs = draw(st.lists(st.sampled_from(VMS), max_size=2))
    task = a_task(
        draw(st.one_of(pieces, st.sampled_from(["cdp-erp-db", "", "xxdb"]))),
        draw(st.sampled_from(["task-1", "task-2", "db" * 16])),
        status=draw(st.sampled_from(["Running", "Failed", "Stopped", "Odd"])),
        state=draw(st.sampled_from(["Enabled", "Disabled"])),
        description=draw(st.one_of(st.none(), pieces)),
        task_type=draw(st.sampled_from([None, "VM"])),
        policy_uuid=draw(st.sampled_from([None, "policy-1", "policy-2"])),
        backup_storage_uuid=draw(st.sampled_from([None, "bs-1", "bs-2"])),
        bandwidth_limit_bps=draw(amounts),
        plan_bytes=draw(amounts),
        used_bytes=draw(amounts),
        rpo_target_ms=draw(st.sampled_from([None, 0, 60_000, 600_000])),
        rpo_ms=draw(st.sampled_from([None, 0, 1_500, 60_000, 1_200_000])),
        created_at=draw(moments),
        last_op_at=draw(moments),
        resource_refs=tuple(ResourceRef(uuid, "VmInstanceVO") for uuid in refs),
    )
    growth = draw(st.one_of(st.none(), st.floats(0, 1e9, allow_nan=False).map(lambda rate: GrowthRate(rate, 600))))
    seconds_until_full = draw(st.one_of(st.none(), st.floats(0, 1e7, allow_nan=False)))
    kinds = draw(st.lists(st.sampled_from(ReasonKind), max_size=2, unique=True))
    reasons = tuple(Reason(kind, Severity.WARNING) for kind in kinds)
    return TaskRow(task, status_severity(task.status, task.state), growth, seconds_until_full, reasons)
