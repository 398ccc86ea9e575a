"""The backup storages: their totals, while the list of storages or a grouping shows them, and that list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from cdptui.clock import TIME_SLICE_S, Clock, yield_to_loop
from cdptui.models.aggregates import GroupSummary
from cdptui.models.storages import BY_STORAGE, StorageSummary, summarize_storages
from cdptui.models.task_row import TaskRow
from cdptui.render.storage_list import ListContext
from cdptui.tasklist.grouped_rows import group_totals
from cdptui.tasklist.model import Work

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from cdptui.monitor.sources import FleetView
    from cdptui.query.expression import Expression
    from cdptui.tui.footer_keys import FooterPlace
    from cdptui.tui.keymap import Keymap
    from cdptui.tui.widgets.storages_view import StoragesView

_OPEN: Final = "-storages"
"""Class of the screen while the list of storages is in place of the task list."""

_UNNOTICED_S: Final = 0.012
"""Totals that take up to this long are complete before the next key is handled."""


class StoragesHost(Protocol):
    """What the controller needs of the widget that holds it."""

    @property
    def screen(self) -> Screen[object]:
        """The screen that shows the list of storages."""
        ...

    def run_in_group(self, work: Work, group: str) -> None:
        """Run a coroutine in place of the one of the same group that is running."""
        ...

    def cancel_group(self, group: str) -> None:
        """Cancel what runs in a group."""
        ...

    def update_storages(self) -> None:
        """Call `update` with the newest tasks."""
        ...

    def storages_changed(self) -> None:
        """Show the new summaries."""
        ...

    def focus_list(self) -> None:
        """Move the focus to the task list."""
        ...


class StoragesController:
    """Adds up the tasks of each storage once for each list of tasks, and shows the storages."""

    def __init__(self, host: StoragesHost, clock: Clock, keymap: Keymap) -> None:
        self._host = host
        self._clock = clock
        self._keymap = keymap
        self._view: StoragesView | None = None
        self._rows: Sequence[TaskRow] | None = None
        """The rows behind `_totals`."""
        self._totals: Mapping[str, GroupSummary] = {}
        self._names: Mapping[str, str] = {}
        self.summaries: Mapping[str, StorageSummary] = {}
        """All storages by UUID; empty until the first totals are complete."""

    @property
    def is_open(self) -> bool:
        """Whether the list of storages is on screen."""
        return self._view is not None and self._host.screen.has_class(_OPEN)

    def place(self, focused: Widget) -> FooterPlace | None:
        """Return where in the list of storages the user is; None if the focus is elsewhere."""
        from cdptui.tui.footer_keys import FooterPlace

        if self._view is None or focused is not self._view.table:
            return None
        return FooterPlace.SEARCH if self._view.table.is_search_typed else FooterPlace.STORAGES

    def tasks_filter(self, storage: StorageSummary) -> Expression:
        """Return the filter for the tasks of a storage: by its name, or its UUID if the name is not the only one."""
        from cdptui.query.expression import Comparison, Operator, TextValue, UnknownValue

        if not storage.uuid:
            return Comparison("bs", Operator.EQUAL, UnknownValue())
        name = self._names.get(storage.uuid, "")
        is_unique = not any(self._names.get(uuid) == name for uuid in self.summaries if uuid != storage.uuid)
        return Comparison("bs", Operator.EQUAL, TextValue(name if name and is_unique else storage.uuid))

    async def open(self) -> None:
        """Show the list of storages in place of the task list."""
        screen = self._host.screen
        if self._view is None:
            from cdptui.tui.widgets.storages_view import StoragesView

            self._view = StoragesView(self._keymap, id="storages")
            await screen.mount(self._view, before="#footer")
        screen.add_class(_OPEN)
        self._host.update_storages()
        screen.set_focus(self._view.table)

    def close(self) -> None:
        """Show the task list again."""
        self._host.screen.remove_class(_OPEN)
        self._host.focus_list()

    def update(self, rows: Sequence[TaskRow], connection: FleetView) -> None:
        """Show the storages with the totals of `rows`, as soon as they are added up."""
        if rows is self._rows:
            self._show(connection)
            return
        steps = self._steps(rows)
        if self._run(steps, _UNNOTICED_S):
            self._host.cancel_group("storages")
            self._show(connection)
        else:
            self._host.run_in_group(partial(self._run_remaining, steps, connection), "storages")

    def _steps(self, rows: Sequence[TaskRow]) -> Iterator[None]:
        totals = yield from group_totals(rows, BY_STORAGE)
        self._totals = {group.key: group.total() for group in totals}
        self._rows = rows

    def _run(self, steps: Iterator[None], seconds: float) -> bool:
        """Add up for about `seconds`; return whether the totals are complete."""
        until = self._clock.monotonic() + seconds
        return all(self._clock.monotonic() < until for _ in steps)

    async def _run_remaining(self, steps: Iterator[None], connection: FleetView) -> None:
        while not self._run(steps, TIME_SLICE_S):
            await yield_to_loop()
        self._show(connection)

    def _show(self, connection: FleetView) -> None:
        fetch, self._names = connection.inventory.storages, connection.names
        summaries = summarize_storages(self._totals, fetch.value)
        if summaries != self.summaries:
            self.summaries = summaries
            self._host.storages_changed()
        if self._view is not None and self.is_open:
            context = ListContext(self._names, self._keymap.labels, fetch)
            self._view.table.show_storages(self.summaries.values(), context)
