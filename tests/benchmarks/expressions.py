"""Time to evaluate filters."""

from __future__ import annotations

import time
from random import Random
from statistics import median
from typing import Final

from msgspec import structs

from cdptui.models.capacity import GrowthRate
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.query.evaluator import compile_predicate
from cdptui.query.fields import QueryContext
from cdptui.query.parser import parse
from tests.benchmarks.figures import Figure, Measured
from tests.doubles import EPOCH, GIB
from tests.unit.render.rows import a_row

_TASKS: Final = 10_000
_ROUNDS: Final = 5
_FILTERS: Final = (
    "used>80% and status!=Running",
    "erp",
    "full<3d bs=backup-server-1",
    "!running rpo>2x",
    "~erpdb",
    "vm~erp",
    r"re:^cdp-\d+$",
    '"nearly full"',
)


def slowest_filter() -> Measured:
    """Evaluate each kind of filter on 10,000 tasks, median of five: the slowest filter."""
    fleet, names = _fleet(), {f"bs-{number}": f"backup-server-{number}" for number in range(7)}
    found = {text: median(_seconds(text, fleet, names) for _ in range(_ROUNDS)) for text in _FILTERS}
    slowest = max(found, key=lambda text: found[text])
    return Measured(found[slowest] * 1000, f"{found[slowest] * 1000:.0f} ms", note=slowest)


def _seconds(text: str, fleet: list[TaskRow], names: dict[str, str]) -> float:
    expression, began = parse(text), time.perf_counter()
    is_shown = compile_predicate(expression, QueryContext(EPOCH, names))
    for row in fleet:
        is_shown(row)
    return time.perf_counter() - began


def _fleet() -> list[TaskRow]:
    random = Random(1)
    fleet = [
        a_row(
            f"cdp-{random.choice(['erp', 'oa', 'mail'])}-{number}",
            uuid=f"{number:032x}",
            used_bytes=random.randrange(100) * GIB,
            backup_storage_uuid=f"bs-{number % 7}",
            seconds_until_full=random.random() * 1e6,
            growth=GrowthRate(1.0, 600),
        )
        for number in range(_TASKS)
    ]
    problem = (Reason(ReasonKind.RPO, Severity.WARNING),)
    return [structs.replace(row, reasons=problem) if number % 3 == 0 else row for number, row in enumerate(fleet)]


FIGURES = (Figure("filter-kinds", "the slowest kind of filter on 10,000 tasks", "<= 50 ms", 50, slowest_filter),)
