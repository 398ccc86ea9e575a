"""The task list as a model: which rows it shows, in which order, with which columns and marks.

It knows no Textual. Long updates run in time slices, between which keys are handled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cdptui.clock import TIME_SLICE_S, Clock, yield_to_loop
from cdptui.models.aggregates import GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.render.column_layout import ColumnLayout
from cdptui.tasklist.grouped_rows import GroupedRows
from cdptui.tasklist.marks import MarkedTasks
from cdptui.tasklist.sort_order import TaskOrder, task_order

if TYPE_CHECKING:
    from cdptui.query.errors import RegexTimeoutError
    from cdptui.query.expression import Expression
    from cdptui.query.fields import QueryContext
    from cdptui.render.filter_lines import FilterResult
    from cdptui.tasklist.filtered_rows import FilteredRows

_UNNOTICED_S: Final = 0.012
"""An update of up to this length runs before the next key is handled."""

_AWAITED_S: Final = 0.022
"""The same for an update that the user waits for: pauses between its slices would only delay it."""

_NAME_SHARE: Final = 4
"""A list filtered by name is updated each time a quarter of the missing names has arrived."""

Work = Callable[[], Coroutine[object, object, None]]
"""A coroutine that has not begun."""

RunLater = Callable[[Work], object]
"""Runs a coroutine in place of the one that was given before."""


class TaskListModel:
    """Filtered, sorted and grouped rows, with the columns and the marks of the list.

    Args:
        clock: Measures the time slices.
        on_change: Called after each update that changed the rows, and when a filter was rejected (`rejected`).
        run_later: Runs the rest of a long update; replaces the rest of the update before.
        columns: Keys of the columns to begin with; None for the default ones.

    """

    def __init__(
        self, clock: Clock, on_change: Callable[[], None], run_later: RunLater, columns: Sequence[str] | None = None
    ) -> None:
        self.lines = GroupedRows()
        self.order = task_order()
        self.default_columns = self.columns = ColumnLayout() if columns is None else ColumnLayout.of(columns)
        self.marks = MarkedTasks()
        self.all_rows: Sequence[TaskRow] = ()
        """What the list is made of, before the filter."""
        self.filtered: FilteredRows | None = None
        """The evaluated filter behind `lines`; None when the list is not filtered."""
        self.typed: Expression | None = None
        """The filter as the user typed it, without `is_unhealthy_only`."""
        self.is_unhealthy_only = False
        self.rejected: RegexTimeoutError | None = None
        """Why the last filter was rejected; `lines` are still those of the filter before. Cleared by the next one."""
        self._evaluated: Expression | None = None
        """The last `typed` that could be evaluated in time."""
        self._clock = clock
        self._on_change = on_change
        self._run_later = run_later
        self._anchor_uuid: str | None = None
        self._now = clock.now()
        self._names: Mapping[str, str] = {}
        self._changed_at: Mapping[str, datetime] = {}
        self._steps: Iterator[None] | None = None
        self._needs_rerun = False

    # Input

    def set_rows(
        self, rows: Sequence[TaskRow], now: datetime, names: Mapping[str, str], changed_at: Mapping[str, datetime]
    ) -> None:
        """Replace the rows and what filters need to know beside them; see `QueryContext`."""
        self.all_rows = rows
        self.set_context(now, names, changed_at)
        self.update()

    def set_context(self, now: datetime, names: Mapping[str, str], changed_at: Mapping[str, datetime]) -> None:
        """Replace what filters need to know beside the rows, without an update."""
        self._now, self._names, self._changed_at = now, names, changed_at

    def set_anchor(self, uuid: str | None) -> None:
        """Set the row under the cursor: when an update removes it, `lines.successor_uuid` takes its place."""
        self._anchor_uuid = uuid

    def set_filter(self, expression: Expression | None, *, is_unhealthy_only: bool) -> None:
        """Filter by an expression from now on; None shows all rows."""
        if (expression, is_unhealthy_only) != (self.typed, self.is_unhealthy_only):
            self.typed, self.is_unhealthy_only = expression, is_unhealthy_only
            self.update(force=True)

    def set_order(self, order: TaskOrder) -> bool:
        """Sort and group the list like this from now on; return whether that is another order."""
        if order == self.order:
            return False
        self.order = order
        self.update(force=True)
        return True

    def set_columns(self, columns: ColumnLayout) -> bool:
        """Show these columns from now on; return whether they are others. The rows stay as they are."""
        is_other, self.columns = columns != self.columns, columns
        return is_other

    def names_arrived(self, known: int) -> None:
        """Update a list that is filtered by name, when enough of the missing names are among the `known` ones."""
        filtered = self.filtered
        if filtered is not None and known - filtered.names >= max(1, len(filtered.missing_names) // _NAME_SHARE):
            self.update()

    # Output

    @property
    def active_filter(self) -> Expression | None:
        """The expression that the rows must match; None for all rows."""
        if not self.is_unhealthy_only:
            return self.typed
        from cdptui.query.expression import unhealthy

        return unhealthy(self.typed)

    @property
    def filter_text(self) -> str:
        """The active filter for the user; empty when all rows are shown."""
        if self.typed is None:
            return "unhealthy" if self.is_unhealthy_only else ""
        from cdptui.query.formatter import format_query

        text = format_query(self.typed)
        return f"unhealthy, {text}" if self.is_unhealthy_only else text

    @property
    def filter_result(self) -> FilterResult:
        """How many rows match the filter, and each condition in it."""
        from cdptui.render.filter_lines import FilterResult

        filtered = self.filtered
        if filtered is None:
            return FilterResult(len(self.all_rows), len(self.all_rows), {})
        return FilterResult(
            len(filtered.rows), filtered.total, filtered.counts, len(filtered.missing_names), filtered.rough
        )

    @property
    def needed_names(self) -> Sequence[str]:
        """Uuids whose names the filter needs; empty when there are so many that asking would load the server."""
        if self.filtered is None:
            return ()
        from cdptui.tasklist.filtered_rows import MAX_MISSING_NAMES

        missing = self.filtered.missing_names
        return missing if len(missing) < MAX_MISSING_NAMES else ()

    @property
    def marked_rows(self) -> Sequence[TaskRow]:
        """The marked tasks in the order of the list, then those that the filter hides."""
        if not len(self.marks):
            return ()
        shown, hidden = self.lines.tasks(self.marks.uuids), self.hidden_marks
        return [*shown, *(row for row in self.all_rows if row.task.uuid in hidden)] if hidden else shown

    @property
    def hidden_marks(self) -> set[str]:
        """Uuids of marked tasks that the filter hides."""
        return self.marks.outside(self.lines.rows.uuids)

    def members(self, line: TaskRow | GroupSummary) -> Collection[str]:
        """Return the uuids of a task or of all tasks of a group."""
        rows = self.lines.members(line) if isinstance(line, GroupSummary) else [line]
        return [row.task.uuid for row in rows]

    def mark_or_unmark_all(self) -> None:
        """Mark all listed tasks, or unmark them if all are marked."""
        self.marks.toggle(self.lines.rows.uuids)

    def remove_stale_marks(self) -> int:
        """Unmark tasks that no longer exist; return how many there were. `all_rows` must be complete."""
        return self.marks.remove_missing(self.all_rows, self.lines.rows.uuids)

    # Updates

    def update(self, *, force: bool = False) -> None:
        """Update the list: at once if that takes little time, otherwise in slices that `run_later` runs.

        An update that is running is finished first, so that fast polls cannot keep a list from being shown; `force`
        abandons it.
        """
        if self._steps is not None and not force:
            self._needs_rerun = True
            return
        self._begin()
        if not self._continue(_AWAITED_S if force else _UNNOTICED_S):
            self._run_later(self._run_remaining)
            return
        self._finish()
        if next(self.lines.release_old(), self) is None:
            # Old rows are released in slices too; the first of them was not the last.
            self._run_later(self._run_remaining)

    def _begin(self) -> None:
        self._needs_rerun, self.rejected = False, None
        self._steps = self._update_steps()

    def _update_steps(self) -> Iterator[None]:
        rows, filtered = self.all_rows, None
        order, expression = self.order, self.active_filter
        if expression is not None:
            filtered = self._filter(expression)
            yield from filtered.steps(rows, self._query_context())
            self.rejected = filtered.timeout
            if self.rejected is not None:
                return
            rows = filtered.rows
        yield from self.lines.update_steps(rows, order, lambda: self._anchor_uuid)
        self.filtered = filtered

    def _filter(self, expression: Expression) -> FilteredRows:
        if self.filtered is not None and self.filtered.expression == expression:
            return self.filtered
        from cdptui.tasklist.filtered_rows import FilteredRows

        return FilteredRows(expression)

    def _query_context(self) -> QueryContext:
        from cdptui.query.fields import QueryContext

        return QueryContext(self._now, self._names, self._changed_at)

    def _finish(self) -> None:
        if self.rejected is None:
            self._evaluated = self.typed
        else:
            # The filter before may have become too slow for the names that came since: then show the whole list.
            self.typed = self._evaluated = self._evaluated if self._evaluated != self.typed else None
        rejected = self.rejected
        self._on_change()
        if rejected is not None:
            self.update(force=True)

    async def _run_remaining(self) -> None:
        while self._steps is not None:
            await yield_to_loop()
            if self._continue(TIME_SLICE_S):
                self._finish()
                if self._needs_rerun:
                    self._begin()
        for _ in self.lines.release_old():
            await yield_to_loop()

    def _continue(self, seconds: float) -> bool:
        """Work on the update for about `seconds`; return whether it is complete."""
        until = self._clock.monotonic() + seconds
        for _ in self._steps or ():
            if self._clock.monotonic() >= until:
                return False
        self._steps = None
        return True
