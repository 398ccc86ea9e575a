"""Saved views: recall, save and delete them by number. The file is read and written beside the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import structs

from cdptui.config.paths import views_file
from cdptui.models.sanitize import sanitize
from cdptui.render.column_layout import ColumnLayout
from cdptui.render.columns import BY_KEY
from cdptui.render.groups import BY_KEY as BY_GROUPING
from cdptui.render.sort_order import WORST_FIRST
from cdptui.tasklist.model import TaskListModel, Work
from cdptui.tasklist.sort_order import task_order

if TYPE_CHECKING:
    from cdptui.config.saved_views import SavedView, SavedViews
    from cdptui.tui.screens.view_menu import ViewCommand

_NO_PROFILE: Final = "default"
_ALL_TASKS: Final = "all tasks, worst first"
_RECALL, _STARTUP, _SAVE = "recall-view", "startup-view", "save-view"


class SavedViewsHost(Protocol):
    """What the controller needs of the widget that holds it."""

    def show_notice(self, notice: str) -> None:
        """Show a message for a few seconds."""
        ...

    def run_in_group(self, work: Work, group: str) -> None:
        """Run a coroutine in place of the one of the same group that is running."""
        ...

    def cancel_group(self, group: str) -> None:
        """Cancel what runs in a group."""
        ...

    async def ensure_filter_bar(self) -> object:
        """Create the filter bar, if there is none yet."""
        ...

    def show_filter(self) -> None:
        """Show the name and the result of the filter."""
        ...

    def open_view_menu(
        self, views: SavedViews, profile: str, current: SavedView, done: Callable[[ViewCommand | None], None]
    ) -> None:
        """Let the user choose, save or delete a view; call `done` with the command, None if the user cancels."""
        ...


class SavedViewsController:
    """Applies saved views to the task list and saves the list as it is as a view.

    Args:
        configured: The view to begin with, by number or name; a startup view that the user chose takes precedence.

    """

    def __init__(self, host: SavedViewsHost, tasks: TaskListModel, profile: str, configured: int | str | None) -> None:
        self._host = host
        self._tasks = tasks
        self._profile = profile or _NO_PROFILE
        self._configured = configured
        self._recalled: tuple[str, SavedView] | None = None
        """The view that was recalled last, with its name on screen."""
        self._views: SavedViews | None = None
        """What was read or saved last, so that a number is answered at once and in the order of the keys."""
        self._has_file: bool | None = None
        """Whether the file existed at startup; None until that is known."""

    @property
    def recalled_name(self) -> str:
        """Name of the recalled view while the list is still filtered by it; empty otherwise."""
        text = self._tasks.filter_text
        if not text or self._recalled is None:
            return ""
        from cdptui.tui.saved_view_text import filter_text

        name, view = self._recalled
        return name if text == filter_text(view) else ""

    @property
    def is_shown(self) -> bool:
        """Whether the list shows a recalled view, which is more than all tasks, worst first."""
        if self._recalled is None or self._recalled[0] == _ALL_TASKS:
            return False
        view = self._recalled[1]
        is_unfiltered = not self._tasks.filter_text and not (view.filter or view.unhealthy)
        return bool(self.recalled_name) or (is_unfiltered and _order_of(view) == _order_of(self._unnamed_view))

    async def leave(self) -> None:
        """Show all tasks, worst first, with the default columns."""
        from cdptui.config.saved_views import SavedView

        self._cancel_earlier()
        await self.apply(SavedView(name=_ALL_TASKS), _ALL_TASKS)

    async def recall(self, number: int) -> None:
        """Apply a view by number; 0 applies the startup view."""
        if self._views is None and self._has_file is False:
            from cdptui.config.saved_views import SavedViews

            self._views = SavedViews()
        self._cancel_earlier()
        if self._views is not None:
            await self._open(self._views, number)
        else:
            self._run(partial(self._read_and_open, number), _RECALL)

    def show_menu(self) -> None:
        """Open the menu of all views."""
        self._run(self._open_menu, _RECALL)

    def apply_startup_view(self) -> None:
        """Apply the startup view of the profile, if there is one."""
        self._run(self._apply_startup_view, _STARTUP)

    @property
    def current_view(self) -> SavedView:
        """The list as it is now, as a view with a name that fits it."""
        view = self._unnamed_view
        return structs.replace(view, name=self._fitting_name(view))

    @property
    def _unnamed_view(self) -> SavedView:
        from cdptui.config.saved_views import SavedView
        from cdptui.query.formatter import format_query

        tasks = self._tasks
        return SavedView(
            name="",
            filter=format_query(tasks.typed) if tasks.typed is not None else "",
            unhealthy=tasks.is_unhealthy_only,
            sort=tasks.order.key,
            inverted=tasks.order.is_inverted,
            group=tasks.order.group,
            columns=() if tasks.columns.columns == tasks.default_columns.columns else tasks.columns.columns,
            wide=tasks.columns.is_wide,
        )

    def _fitting_name(self, view: SavedView) -> str:
        """Return the name of the recalled view while the list shows that, otherwise a name made of what it shows."""
        from cdptui.tui.saved_view_text import proposed_name

        if self._recalled is not None:
            recalled = self._recalled[1]
            is_unfiltered = not self._tasks.filter_text and not (recalled.filter or recalled.unhealthy)
            if self.recalled_name or (is_unfiltered and _order_of(recalled) == _order_of(view)):
                return recalled.name
        return proposed_name(view)

    async def apply(self, view: SavedView, name: str) -> None:
        """Apply a view to the list; what this version does not know of it is left out."""
        from cdptui.query.errors import QueryError
        from cdptui.query.parser import parse

        try:
            typed = parse(view.filter) if view.filter.strip() else None
        except QueryError as error:
            self._host.show_notice(f"View {name}: cannot read the filter: {error}")
            return
        if view.filter or view.unhealthy:
            await self._host.ensure_filter_bar()
        self._recalled = (name, view)
        sort = view.sort if view.sort in BY_KEY else WORST_FIRST
        tasks = self._tasks
        tasks.typed, tasks.is_unhealthy_only = typed, view.unhealthy
        tasks.order = task_order(sort, is_inverted=view.inverted, group=view.group if view.group in BY_GROUPING else "")
        tasks.columns = ColumnLayout.of(view.columns or tasks.default_columns.columns, is_wide=view.wide)
        tasks.update(force=True)
        self._host.show_notice(_ALL_TASKS.capitalize() if name == _ALL_TASKS else f"View {name}")

    def _cancel_earlier(self) -> None:
        for group in (_RECALL, _STARTUP):
            self._host.cancel_group(group)

    async def load(self) -> SavedViews:
        """Read the saved views; only the presets if that fails, which is shown."""
        from cdptui.config.saved_views import SavedViews

        try:
            return await self._read()
        except OSError as error:
            self._show_unavailable(error)
            return SavedViews()

    def _run(self, work: Work, group: str) -> None:
        async def run() -> None:
            try:
                await work()
            except OSError as error:
                self._show_unavailable(error)

        self._host.run_in_group(run, group)

    def _show_unavailable(self, error: OSError) -> None:
        """Show why the views cannot be read, for example a thread that the system refuses."""
        self._host.show_notice(f"Views are not available: {error.strerror or error}")

    async def _read(self) -> SavedViews:
        from cdptui.config.saved_views import SavedViewsFile

        file = SavedViewsFile(views_file())
        self._views = await asyncio.to_thread(file.read)
        if file.problem:
            self._host.show_notice(file.problem)
        return self._views

    async def _apply_startup_view(self) -> None:
        self._has_file = await asyncio.to_thread(os.path.lexists, views_file())
        if self._configured is None and not self._has_file:
            return
        views = await self._read()
        number = self._startup_number(views)
        if number and self._recalled is None and self._tasks.active_filter is None:
            await self._open(views, number)

    def _startup_number(self, views: SavedViews) -> int:
        """Return the number of the startup view; 0 for all tasks, worst first."""
        number = views.defaults.get(self._profile)
        if number is None and self._configured is not None:
            number = views.find(self._configured)
            if number is None:
                configured = sanitize(str(self._configured), 40)
                self._host.show_notice(f"There is no view {configured}: {_ALL_TASKS}, at startup")
        return number or 0

    def _startup_text(self, views: SavedViews) -> str:
        """Return the view that the list has at startup, as a sentence."""
        where = "at startup" if self._profile == _NO_PROFILE else f"at startup of {self._profile}"
        number = self._startup_number(views)
        return f"View {number} opens {where}" if number else f"{_ALL_TASKS.capitalize()}, {where}"

    async def _read_and_open(self, number: int) -> None:
        before = self._tasks.typed, self._tasks.is_unhealthy_only
        views = await self._read()
        if before == (self._tasks.typed, self._tasks.is_unhealthy_only):
            # Otherwise the user has typed a filter meanwhile, which is the later command.
            await self._open(views, number)

    async def _open(self, views: SavedViews, number: int) -> None:
        from cdptui.config.saved_views import SavedView

        number = number or self._startup_number(views)
        view = views.view(number) if number else SavedView(name=_ALL_TASKS)
        if view is None:
            self._host.show_notice(f"View {number} is empty")
            return
        await self.apply(view, f"{number} {view.name}" if number else view.name)

    async def _open_menu(self) -> None:
        views = await self._read()
        self._host.open_view_menu(views, self._profile, self.current_view, self._execute)

    def _execute(self, command: ViewCommand | None) -> None:
        if command is None:
            return
        if command.kind == "show":
            self._cancel_earlier()
            self._run(partial(self._read_and_open, command.number), _RECALL)
        else:
            self._run(partial(self._change, command), _SAVE)

    async def _change(self, command: ViewCommand) -> None:
        from cdptui.config.errors import ConfigError
        from cdptui.config.saved_views import SavedViewsFile

        current, number = structs.replace(self.current_view, name=command.name), command.number
        profile = self._profile

        def change(views: SavedViews) -> SavedViews:
            match command.kind:
                case "save":
                    return views.with_view(number, current)
                case "delete":
                    return views.with_view(number, None)
                case _ if views.view(number) is None:
                    return views
                case _:
                    return views.with_default(profile, None if views.defaults.get(profile) == number else number)

        file, before = SavedViewsFile(views_file()), self._views
        try:
            views = self._views = await asyncio.to_thread(file.update, change)
        except ConfigError as error:
            self._host.show_notice(str(error))
            return
        self._host.show_notice(file.problem or self._describe_change(command, before, views))
        if command.kind == "save":
            self._recalled = (f"{number} {command.name}", current)
            self._host.show_filter()

    def _describe_change(self, command: ViewCommand, before: SavedViews | None, views: SavedViews) -> str:
        startup, number = self._startup_text(views), command.number
        if command.kind == "default":
            return startup
        if command.kind == "save":
            return f"Saved as view {number}: {command.name}"
        preset = views.view(number)
        if preset is not None:
            return f"View {number} is {preset.name} again"
        is_startup_changed = before is not None and before.defaults != views.defaults
        return f"View {number} deleted. {startup}" if is_startup_changed else f"View {number} deleted"


def _order_of(view: SavedView) -> tuple[str, bool, str]:
    return view.sort, view.inverted, view.group
