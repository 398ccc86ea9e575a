"""The rows that a filter means, kept from poll to poll: what did not change is not looked at again.

It stands before the arrangement and works as that does: in steps, between which keys are answered, and given up halfway
it is what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import compress
from operator import is_not
from typing import Final

from cdptui.clock import TURN_S, thread_cpu_s
from cdptui.models.task_row import TaskRow
from cdptui.query.errors import RegexTimeoutError
from cdptui.query.evaluator import (
    Predicate,
    combine_clauses,
    compile_clause,
    depends_on_time,
    needs_names,
    needs_vm_names,
)
from cdptui.query.expression import Clause, Expression, Pattern, clauses
from cdptui.query.fields import QueryContext
from cdptui.query.regex import MatchBudget

_STEP: Final = 500
"""Rows in one step, asked of a few clauses: a millisecond for each."""

_FIRST_STEP: Final = 2
"""The same for a regular expression, as long as it is not known how long a row takes: a microsecond or 10 ms."""

_CLAUSES_AT_ONCE: Final = 4

_VERDICTS_AT_ONCE: Final = 8000
"""Clauses that are looked up in one step for rows that no other row resembles."""

MOST_NAMELESS: Final = 10_000
"""More names than these are not asked for: a filter must not become a load on the node."""


class FilteredRows:
    """Rows of a list that one expression means, and how many each of its clauses means alone."""

    def __init__(self, expression: Expression, cpu_s: Callable[[], float] = thread_cpu_s) -> None:
        """`cpu_s` is the processor time used so far, by which regular expressions are given up."""
        self.expression = expression
        self.clauses = clauses(expression)
        self.rows: Sequence[TaskRow] = ()
        """What is meant, in the order of the whole list."""
        self.counts: dict[Clause, int] = dict.fromkeys(self.clauses, 0)
        self.timeout: RegexTimeoutError | None = None
        """Why the last evaluation was given up; then all else is what it was before."""
        self._cpu_s = cpu_s
        self._all: Sequence[TaskRow] = ()
        self._masks: list[int] = []
        """For each row of the whole list which clauses are so: one bit each. The small numbers are shared."""
        self._verdicts = _ClauseCombinations(expression, self.clauses)
        self._is_timed = depends_on_time(expression)
        self._needs_names = needs_names(expression)
        self._needs_machines = needs_vm_names(expression)
        self.names = 0
        """How many names were known at the last look."""
        self.missing_names: Sequence[str] = ()
        """Uuids of machines whose names are asked for and not known yet; not all of them where that is hopeless."""

    @property
    def total(self) -> int:
        """Rows of the whole list."""
        return len(self._all)

    def steps(self, rows: Sequence[TaskRow], context: QueryContext) -> Iterator[None]:
        """Evaluate `rows`, a step at a time. Rows are the same object as long as they did not change.

        Sets `timeout` when a regular expression takes too long.
        """
        self.timeout = None
        try:
            yield from self._evaluate(rows, context, MatchBudget(len(rows), self._cpu_s))
        except RegexTimeoutError as error:
            self.timeout = error

    def _evaluate(self, rows: Sequence[TaskRow], context: QueryContext, budget: MatchBudget) -> Iterator[None]:
        names = len(context.names)
        if self._is_timed or (self._needs_names and names != self.names) or len(rows) != len(self._all):
            masks: list[int] = []
            predicates = self._predicates(context, budget)
            nameless: list[str] = []
            for at in range(0, len(rows), _STEP):
                masks += yield from self._masks_of(rows[at : at + _STEP], predicates, budget)
                if self._needs_machines and len(nameless) < MOST_NAMELESS:
                    nameless += _nameless(rows[at : at + _STEP], context)
                yield
            self.missing_names = nameless
        else:
            changed = [*compress(range(len(rows)), map(is_not, rows, self._all))]
            yield
            if not changed:
                self.names = names
                return
            masks = yield from self._with(changed, rows, self._predicates(context, budget), budget)
        kept: list[TaskRow] = []
        tally: Counter[int] = Counter()
        step = max(1, min(4 * _STEP, _VERDICTS_AT_ONCE // len(self.clauses)))
        for at in range(0, len(rows), step):
            piece = masks[at : at + step]
            kept += compress(rows[at : at + step], map(self._verdicts.__getitem__, piece))
            tally.update(piece)
            yield
        counts: dict[Clause, int] = {}
        for bit, clause in enumerate(self.clauses):
            counts[clause] = sum(count for mask, count in tally.items() if mask >> bit & 1)
            yield
        self.rows, self._all, self._masks, self.names, self.counts = kept, rows, masks, names, counts

    def _with(
        self, changed: Sequence[int], rows: Sequence[TaskRow], predicates: Sequence[Predicate], budget: MatchBudget
    ) -> Generator[None, None, list[int]]:
        """What is known of the list as it was, with the places that changed looked at again."""
        masks = self._masks.copy()
        for at in range(0, len(changed), _STEP):
            places = changed[at : at + _STEP]
            found = yield from self._masks_of([rows[place] for place in places], predicates, budget)
            for place, mask in zip(places, found, strict=True):
                masks[place] = mask
            yield
        return masks

    def _predicates(self, context: QueryContext, budget: MatchBudget) -> list[Predicate]:
        return [compile_clause(clause, context, budget) for clause in self.clauses]

    def _masks_of(
        self, rows: Sequence[TaskRow], predicates: Sequence[Predicate], budget: MatchBudget
    ) -> Generator[None, None, list[int]]:
        masks = [0] * len(rows)
        for bit, (clause, is_so) in enumerate(zip(self.clauses, predicates, strict=True)):
            value = 1 << bit
            if isinstance(clause, Pattern):
                at, step = 0, _FIRST_STEP
                while at < len(rows):
                    with budget:
                        found = [*map(is_so, rows[at : at + step])]
                    for place, is_meant in enumerate(found, at):
                        if is_meant:
                            masks[place] |= value
                    at += step
                    step = max(1, step // 2) if budget.last_s > TURN_S else 2 * step
                    yield
            else:
                masks = [mask | value if is_so(row) else mask for mask, row in zip(masks, rows, strict=True)]
                if bit % _CLAUSES_AT_ONCE == _CLAUSES_AT_ONCE - 1:
                    yield
        return masks


def _nameless(rows: Sequence[TaskRow], context: QueryContext) -> list[str]:
    uuids = [ref.resource_uuid for row in rows for ref in row.task.resource_refs]
    return [uuid for uuid in uuids if uuid not in context.names]


class _ClauseCombinations(dict[int, bool]):
    """What comes of the clauses; there are far fewer combinations of them than rows."""

    def __init__(self, expression: Expression, asked: Sequence[Clause]) -> None:
        super().__init__()
        self._expression = expression
        self._bits = {clause: 1 << bit for bit, clause in enumerate(asked)}

    def __missing__(self, mask: int) -> bool:
        is_meant = self[mask] = combine_clauses(self._expression, lambda clause: bool(mask & self._bits[clause]))
        return is_meant
