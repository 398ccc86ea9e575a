"""Brings the list up to date in pieces between which keys are answered: first the filter, then the order."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cdptui.clock import TURN_S, Clock, give_way
from cdptui.models.task_row import TaskRow
from cdptui.tasklist.grouped_rows import GroupedRows
from cdptui.tasklist.sort_order import SortOrder

if TYPE_CHECKING:
    from cdptui.query.errors import RegexTimeoutError
    from cdptui.query.expression import Expression
    from cdptui.query.fields import QueryContext
    from cdptui.tasklist.filtered_rows import FilteredRows

_UNNOTICED_S: Final = 0.012
"""Work that takes no longer is done before the next key."""

_AWAITED_S: Final = 0.022
"""The same for a list that somebody waits for: pauses between pieces would only keep it from him."""


class ListQuery(Struct, frozen=True):
    """What the list is to show."""

    rows: Sequence[TaskRow]
    order: SortOrder
    expression: Expression | None
    """What the rows must meet; None is no filter."""
    context: Callable[[], QueryContext]
    """What the expression needs to know; asked only where there is one."""


class TaskListModel:
    """The rows that are shown, and the work on them that is not done yet."""

    def __init__(
        self,
        clock: Clock,
        wanted: Callable[[], ListQuery],
        anchor: Callable[[], str | None],
        show: Callable[[], None],
        spawn: Callable[[Callable[[], Coroutine[object, object, None]]], object],
    ) -> None:
        """`anchor` is the uuid of the row that somebody stands on, `show` is called when the rows have changed.

        `spawn` runs the rest of a long piece of work, instead of the one before.
        """
        self.rows = GroupedRows()
        self.selection: FilteredRows | None = None
        """The filter behind `rows`; None when they are all there are."""
        self.timeout: RegexTimeoutError | None = None
        """Why the last filter was given up; `rows` are still those of the one before."""
        self._clock = clock
        self._wanted = wanted
        self._anchor = anchor
        self._show = show
        self._spawn = spawn
        self._steps: Iterator[None] | None = None
        self._needs_rerun = False

    def update(self, *, is_anew: bool = False) -> None:
        """Show what is wanted: at once when that is little work, else as soon as may be.

        A list that is under way is brought to its end first, so that polls that come fast cannot keep it from being
        shown; `is_anew` gives it up.
        """
        if self._steps is not None and not is_anew:
            self._needs_rerun = True
            return
        self._begin()
        if not self._go_on(_AWAITED_S if is_anew else _UNNOTICED_S):
            self._spawn(self._run_remaining)
            return
        self._show()
        if next(self.rows.release_old(), self) is None:
            # There is more than one step of it.
            self._spawn(self._run_remaining)

    def _begin(self) -> None:
        self._needs_rerun, self.timeout = False, None
        self._steps = self._work(self._wanted())

    def _work(self, wanted: ListQuery) -> Iterator[None]:
        rows, selection = wanted.rows, None
        if wanted.expression is not None:
            selection = self._selection_of(wanted.expression)
            yield from selection.steps(rows, wanted.context())
            self.timeout = selection.timeout
            if self.timeout is not None:
                return
            rows = selection.rows
        yield from self.rows.update_steps(rows, wanted.order, self._anchor)
        self.selection = selection

    def _selection_of(self, expression: Expression) -> FilteredRows:
        if self.selection is not None and self.selection.expression == expression:
            return self.selection
        from cdptui.tasklist.filtered_rows import FilteredRows  # noqa: PLC0415 - not needed for the first frame

        return FilteredRows(expression)

    async def _run_remaining(self) -> None:
        while self._steps is not None:
            await give_way()
            if self._go_on(TURN_S):
                self._show()
                if self._needs_rerun:
                    self._begin()
        for _ in self.rows.release_old():
            await give_way()

    def _go_on(self, seconds: float) -> bool:
        """Work for about so long; whether all is done."""
        until = self._clock.monotonic() + seconds
        for _ in self._steps or ():
            if self._clock.monotonic() >= until:
                return False
        self._steps = None
        return True
