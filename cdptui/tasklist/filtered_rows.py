"""The rows that match a filter, updated incrementally: unchanged rows are not evaluated again.

The update runs in steps, between which keys are handled. An update that is abandoned halfway changes nothing. The
result is the input of the sorted rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import compress
from operator import is_not
from typing import Final

from msgspec import structs

from cdptui.clock import TIME_SLICE_S, thread_cpu_s
from cdptui.models.task_row import TaskRow
from cdptui.query.errors import RegexTimeoutError
from cdptui.query.evaluator import (
    Predicate,
    combine_clauses,
    compares_field,
    compile_clause,
    depends_on_time,
    needs_names,
    needs_vm_names,
)
from cdptui.query.expression import Clause, Expression, Pattern, clauses
from cdptui.query.fields import QueryContext
from cdptui.query.regex import MatchBudget

_STEP: Final = 500
"""Rows per step and few clauses: about a millisecond."""

_FIRST_STEP: Final = 2
"""Rows in the first step of a regular expression, as a row may take a microsecond or 10 ms."""

_CLAUSES_PER_STEP: Final = 4

_COMBINED_CLAUSES_PER_STEP: Final = 8000
"""Clauses per step that are combined when every row has another combination of results."""

MAX_MISSING_NAMES: Final = 10_000
"""Maximum names that a filter requests, so that it does not overload the node."""


class FilteredRows:
    """The rows that match an expression, and the number of rows that each of its clauses matches."""

    def __init__(self, expression: Expression, cpu_s: Callable[[], float] = thread_cpu_s) -> None:
        """`cpu_s` returns the processor time used so far, which limits regular expressions."""
        self.expression = expression
        self.clauses = clauses(expression)
        self.rows: Sequence[TaskRow] = ()
        """The matching rows, in the order of the list."""
        self.counts: dict[Clause, int] = dict.fromkeys(self.clauses, 0)
        self.rough = 0
        """Rows that do not match only because their estimate of the time until full is not trusted."""
        self.timeout: RegexTimeoutError | None = None
        """Why the last update was abandoned; all other attributes are from the one before then."""
        self._cpu_s = cpu_s
        self._all: Sequence[TaskRow] = ()
        self._masks: list[int] = []
        """The matching clauses of each row, one bit per clause. Python shares the objects of small numbers."""
        self._combinations = _ClauseCombinations(expression, self.clauses)
        self._is_timed = depends_on_time(expression)
        self._needs_names = needs_names(expression)
        self._needs_vm_names = needs_vm_names(expression)
        self._compares_estimates = compares_field(expression, "full")
        self.names = 0
        """Number of known names at the last update."""
        self.missing_names: Sequence[str] = ()
        """UUIDs of VMs whose names the filter needs and that are not known yet, up to about `MAX_MISSING_NAMES`."""

    @property
    def total(self) -> int:
        """Number of rows of the unfiltered list."""
        return len(self._all)

    def steps(self, rows: Sequence[TaskRow], context: QueryContext) -> Iterator[None]:
        """Evaluate `rows` in steps. Unchanged rows must be the same objects as before.

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
            missing_names: list[str] = []
            for at in range(0, len(rows), _STEP):
                masks += yield from self._masks_of(rows[at : at + _STEP], predicates, budget)
                if self._needs_vm_names and len(missing_names) < MAX_MISSING_NAMES:
                    missing_names += _missing_names(rows[at : at + _STEP], context)
                yield
            self.missing_names = missing_names
        else:
            changed = [*compress(range(len(rows)), map(is_not, rows, self._all))]
            yield
            if not changed:
                self.names = names
                return
            masks = yield from self._updated_masks(changed, rows, self._predicates(context, budget), budget)
        matching: list[TaskRow] = []
        tally: Counter[int] = Counter()
        step = max(1, min(4 * _STEP, _COMBINED_CLAUSES_PER_STEP // len(self.clauses)))
        for at in range(0, len(rows), step):
            piece = masks[at : at + step]
            matching += compress(rows[at : at + step], map(self._combinations.__getitem__, piece))
            tally.update(piece)
            yield
        counts: dict[Clause, int] = {}
        for bit, clause in enumerate(self.clauses):
            counts[clause] = sum(count for mask, count in tally.items() if mask >> bit & 1)
            yield
        self.rough = yield from self._count_rough(rows, masks, context, budget)
        self.rows, self._all, self._masks, self.names, self.counts = matching, rows, masks, names, counts

    def _count_rough(
        self, rows: Sequence[TaskRow], masks: Sequence[int], context: QueryContext, budget: MatchBudget
    ) -> Generator[None, None, int]:
        """Return how many rows do not match, but would if all estimates were trusted."""
        count = 0
        if not self._compares_estimates:
            return count
        predicates = self._predicates(structs.replace(context, is_rough_known=True), budget)
        for at in range(0, len(rows), _STEP):
            pairs = zip(rows[at : at + _STEP], masks[at : at + _STEP], strict=True)
            left_out = [row for row, mask in pairs if not self._combinations[mask] and row.full_in_doubt is not None]
            found = yield from self._masks_of(left_out, predicates, budget)
            count += sum(self._combinations[mask] for mask in found)
            yield
        return count

    def _updated_masks(
        self, changed: Sequence[int], rows: Sequence[TaskRow], predicates: Sequence[Predicate], budget: MatchBudget
    ) -> Generator[None, None, list[int]]:
        """Return the masks from before, with those of the changed rows evaluated again."""
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
        for bit, (clause, matches) in enumerate(zip(self.clauses, predicates, strict=True)):
            value = 1 << bit
            if isinstance(clause, Pattern):
                at, step = 0, _FIRST_STEP
                while at < len(rows):
                    with budget:
                        found = [*map(matches, rows[at : at + step])]
                    for place, is_match in enumerate(found, at):
                        if is_match:
                            masks[place] |= value
                    at += step
                    step = max(1, step // 2) if budget.last_s > TIME_SLICE_S else 2 * step
                    yield
            else:
                masks = [mask | value if matches(row) else mask for mask, row in zip(masks, rows, strict=True)]
                if bit % _CLAUSES_PER_STEP == _CLAUSES_PER_STEP - 1:
                    yield
        return masks


def _missing_names(rows: Sequence[TaskRow], context: QueryContext) -> list[str]:
    uuids = [ref.resource_uuid for row in rows for ref in row.task.resource_refs]
    return [uuid for uuid in uuids if uuid not in context.names]


class _ClauseCombinations(dict[int, bool]):
    """Results of the expression by combination of matching clauses, of which there are far fewer than rows."""

    def __init__(self, expression: Expression, clauses: Sequence[Clause]) -> None:
        super().__init__()
        self._expression = expression
        self._bits = {clause: 1 << bit for bit, clause in enumerate(clauses)}

    def __missing__(self, mask: int) -> bool:
        is_match = self[mask] = combine_clauses(self._expression, lambda clause: bool(mask & self._bits[clause]))
        return is_match
