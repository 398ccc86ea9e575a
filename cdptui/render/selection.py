"""The rows that a filter means, kept from poll to poll: what did not change is not looked at again.

It stands before the arrangement and works as that does: in steps, between which keys are answered, and given up halfway
it is what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from itertools import compress
from operator import is_not
from typing import Final

from cdptui.models.vitals import Vitals
from cdptui.query.context import Context
from cdptui.query.evaluator import clause_predicate, is_timed, needs_machines, needs_names, verdict
from cdptui.query.expression import Clause, Expression, clauses

_STEP: Final = 500
"""Rows in one step: a millisecond for each clause."""

MOST_NAMELESS: Final = 10_000
"""More names than these are not asked for: a filter must not become a load on the node."""


class Selection:
    """Rows of a list that one expression means, and how many each of its clauses means alone."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.clauses = clauses(expression)
        self.rows: Sequence[Vitals] = ()
        """What is meant, in the order of the whole list."""
        self.counts: dict[Clause, int] = dict.fromkeys(self.clauses, 0)
        self._all: Sequence[Vitals] = ()
        self._masks: list[int] = []
        """For each row of the whole list which clauses are so: one bit each. The small numbers are shared."""
        self._verdicts = _Verdicts(expression, self.clauses)
        self._is_timed = is_timed(expression)
        self._needs_names = needs_names(expression)
        self._needs_machines = needs_machines(expression)
        self.names = 0
        """How many names were known at the last look."""
        self.nameless: Sequence[str] = ()
        """Uuids of machines whose names are asked for and not known yet; not all of them where that is hopeless."""

    @property
    def total(self) -> int:
        """Rows of the whole list."""
        return len(self._all)

    def steps(self, rows: Sequence[Vitals], context: Context) -> Iterator[None]:
        """Look at `rows`, a step at a time. Rows are the same object as long as they did not change."""
        names = len(context.names)
        if self._is_timed or (self._needs_names and names != self.names) or len(rows) != len(self._all):
            masks: list[int] = []
            nameless: list[str] = []
            for at in range(0, len(rows), _STEP):
                masks += self._look_at(rows[at : at + _STEP], context)
                if self._needs_machines and len(nameless) < MOST_NAMELESS:
                    nameless += _nameless(rows[at : at + _STEP], context)
                yield
            self.nameless = nameless
        else:
            changed = [*compress(range(len(rows)), map(is_not, rows, self._all))]
            yield
            if not changed:
                self.names = names
                return
            masks = yield from self._with(changed, rows, context)
        kept: list[Vitals] = []
        tally: Counter[int] = Counter()
        for at in range(0, len(rows), 4 * _STEP):
            piece = masks[at : at + 4 * _STEP]
            kept += compress(rows[at : at + 4 * _STEP], map(self._verdicts.__getitem__, piece))
            tally.update(piece)
            yield
        self.rows, self._all, self._masks, self.names = kept, rows, masks, names
        self.counts = {
            clause: sum(count for mask, count in tally.items() if mask >> bit & 1)
            for bit, clause in enumerate(self.clauses)
        }

    def _with(
        self, changed: Sequence[int], rows: Sequence[Vitals], context: Context
    ) -> Generator[None, None, list[int]]:
        """What is known of the list as it was, with the places that changed looked at again."""
        masks = self._masks.copy()
        for at in range(0, len(changed), _STEP):
            places = changed[at : at + _STEP]
            for place, mask in zip(places, self._look_at([rows[place] for place in places], context), strict=True):
                masks[place] = mask
            yield
        return masks

    def _look_at(self, rows: Sequence[Vitals], context: Context) -> list[int]:
        masks = [0] * len(rows)
        for bit, clause in enumerate(self.clauses):
            is_so = clause_predicate(clause, context)
            value = 1 << bit
            masks = [mask | value if is_so(row) else mask for mask, row in zip(masks, rows, strict=True)]
        return masks


def _nameless(rows: Sequence[Vitals], context: Context) -> list[str]:
    uuids = [ref.resource_uuid for row in rows for ref in row.task.resource_refs]
    return [uuid for uuid in uuids if uuid not in context.names]


class _Verdicts(dict[int, bool]):
    """What comes of the clauses; there are far fewer combinations of them than rows."""

    def __init__(self, expression: Expression, asked: Sequence[Clause]) -> None:
        super().__init__()
        self._expression = expression
        self._bits = {clause: 1 << bit for bit, clause in enumerate(asked)}

    def __missing__(self, mask: int) -> bool:
        is_meant = self[mask] = verdict(self._expression, lambda clause: bool(mask & self._bits[clause]))
        return is_meant
