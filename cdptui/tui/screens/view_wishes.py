"""Saved views: a number recalls how the list was looked at. The disk is asked beside the event loop."""

from __future__ import annotations

import asyncio
import os
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cdptui.clock import Clock
from cdptui.config.paths import views_file
from cdptui.models.sanitize import sanitize
from cdptui.render.column_layout import ColumnLayout
from cdptui.render.columns import BY_KEY
from cdptui.render.groups import BY_KEY as BY_GROUPING
from cdptui.tasklist.sort_order import WORST_FIRST, SortOrder
from cdptui.tui.keymap import Keymap
from cdptui.tui.screens.list_wishes import ListWishes

if TYPE_CHECKING:
    from cdptui.config.saved_views import SavedView, SavedViews
    from cdptui.tui.screens.view_menu import ViewCommand

_NO_PROFILE = "default"
_VIEWS, _BEGINNING = "views", "begin-with-view"


class ViewWishes(ListWishes):
    """A screen whose list can be looked at in ways that have a number."""

    def __init__(self, clock: Clock, keymap: Keymap, columns: Sequence[str] | None) -> None:
        super().__init__(clock, keymap, columns)
        self._recalled: tuple[str, SavedView] | None = None
        """What was recalled last, with what it is called on screen."""
        self._views: SavedViews | None = None
        """What was read or saved last: a number is answered at once and in its turn, not when the disk has answered."""
        self._has_file: bool | None = None
        """Whether anything was saved when it was looked for first; None until then."""

    @property
    @abstractmethod
    def profile(self) -> str:
        """Name of the profile; empty when it has none."""

    @property
    @abstractmethod
    def configured_view(self) -> int | str | None:
        """The view that the configuration begins with, by number or name; what was chosen here since counts more."""

    @property
    def filter_text(self) -> str:
        """What the list is cut down to, with the name of the view for as long as it is that one; empty for all."""
        text = super().filter_text
        if not text or self._recalled is None or text != self._text_of(self._recalled[1]):
            return text
        return f"{self._recalled[0]}: {text}"

    async def action_view(self, number: int) -> None:
        """Look at the list as a number says; 0 as it was at the beginning."""
        if self._views is None and self._has_file is False:
            from cdptui.config.saved_views import SavedViews  # noqa: PLC0415 - not needed for the first frame

            self._views = SavedViews()
        self._forget_earlier_wishes()
        if self._views is not None:
            await self._open(self._views, number)
        else:
            self._spawn(partial(self._read_and_recall, number))

    def action_view_menu(self) -> None:
        """Show all views, to choose, save or delete one."""
        self._spawn(self._open_menu)

    def begin_with_view(self) -> None:
        """Look at the list as this profile begins with, where somebody has said so."""
        self._spawn(self._begin, group=_BEGINNING)

    @property
    def present_view(self) -> SavedView:
        """How the list is looked at now."""
        from cdptui.config.saved_views import MAX_NAME, SavedView  # noqa: PLC0415 - not needed for the first frame
        from cdptui.query.formatter import format_query  # noqa: PLC0415

        layout = self.layout_of_list
        text = format_query(self.typed) if self.typed is not None else ""
        return SavedView(
            name=self._recalled[1].name if self._recalled is not None else text[:MAX_NAME],
            filter=text,
            unhealthy=self.is_unhealthy_only,
            sort=self.order.key,
            inverted=self.order.is_inverted,
            group=self.order.group,
            columns=() if layout.columns == self.usual_layout.columns else layout.columns,
            wide=layout.is_wide,
        )

    async def apply_view(self, view: SavedView, name: str) -> None:
        """Look at the list like this, and say so; what this version does not know of is left out."""
        from cdptui.query.errors import QueryError  # noqa: PLC0415 - not needed for the first frame
        from cdptui.query.parser import parse  # noqa: PLC0415

        try:
            self.typed = parse(view.filter) if view.filter.strip() else None
        except QueryError as error:
            self.show_notice(f"the filter of {name} is not understood: {error}")
            return
        if view.filter or view.unhealthy:
            await self.ensure_filter_bar()
        self._recalled = (name, view)
        self.is_unhealthy_only = view.unhealthy
        sort = view.sort if view.sort in BY_KEY else WORST_FIRST
        self.order = SortOrder(sort, view.inverted, view.group if view.group in BY_GROUPING else "")
        self.layout_of_list = ColumnLayout.of(view.columns or self.usual_layout.columns, is_wide=view.wide)
        self.relist(is_anew=True)
        self.show_notice(f"view {name}")

    def _forget_earlier_wishes(self) -> None:
        """What the disk was asked for before comes too late now."""
        for group in (_VIEWS, _BEGINNING):
            self.workers.cancel_group(self, group)

    def _spawn(self, work: Callable[[], Coroutine[object, object, None]], *, group: str = _VIEWS) -> None:
        """Do something that asks the disk; instead of what is under way in the group."""

        async def run() -> None:
            try:
                await work()
            except OSError as error:
                # Such as a thread that the system refuses.
                self.show_notice(f"views are not available: {error.strerror or error}")

        begin: Callable[[], Coroutine[object, object, None]] = run
        self.run_worker(begin, group=group, exclusive=True)

    async def _read(self) -> SavedViews:
        from cdptui.config.saved_views import SavedViewsFile  # noqa: PLC0415 - not needed for the first frame

        file = SavedViewsFile(views_file())
        self._views = await asyncio.to_thread(file.read)
        if file.problem:
            self.show_notice(file.problem)
        return self._views

    async def _begin(self) -> None:
        self._has_file = await asyncio.to_thread(os.path.lexists, views_file())
        if self.configured_view is None and not self._has_file:
            return
        views = await self._read()
        number = self._initial_view(views)
        if number and self._recalled is None and self.active_filter is None:
            await self._open(views, number)

    def _initial_view(self, views: SavedViews) -> int:
        """The number of the view to begin with; 0 for everything."""
        configured, number = self.configured_view, views.defaults.get(self.profile or _NO_PROFILE)
        if number is None and configured is not None:
            number = views.find(configured)
            if number is None:
                self.show_notice(f"there is no view {sanitize(str(configured), 40)} to begin with")
        return number or 0

    async def _read_and_recall(self, number: int) -> None:
        before = self.typed, self.is_unhealthy_only
        views = await self._read()
        if before == (self.typed, self.is_unhealthy_only):
            # What was typed while the disk was asked is the later wish.
            await self._open(views, number)

    async def _open(self, views: SavedViews, number: int) -> None:
        from cdptui.config.saved_views import SavedView  # noqa: PLC0415 - not needed for the first frame

        number = number or self._initial_view(views)
        view = views.view(number) if number else SavedView(name="everything, worst first")
        if view is None:
            self.show_notice(f"there is no view {number}: {self.keymap.labels['views']} saves one")
            return
        await self.apply_view(view, f"{number} {view.name}" if number else view.name)

    async def _open_menu(self) -> None:
        from cdptui.tui.screens.view_menu import ViewMenu  # noqa: PLC0415 - not needed for the first frame

        views = await self._read()
        menu = ViewMenu(views, self.profile or _NO_PROFILE, self.present_view)
        self.app.push_screen(menu, self._take_view_wish)

    def _take_view_wish(self, wish: ViewCommand | None) -> None:
        if wish is None:
            return
        if wish.kind == "show":
            self._forget_earlier_wishes()
            self._spawn(partial(self._read_and_recall, wish.number))
        else:
            self._spawn(partial(self._change, wish), group="save-view")

    async def _change(self, wish: ViewCommand) -> None:
        from msgspec import structs  # noqa: PLC0415 - not needed for the first frame

        from cdptui.config.errors import ConfigError  # noqa: PLC0415
        from cdptui.config.saved_views import SavedViewsFile  # noqa: PLC0415

        present, number = structs.replace(self.present_view, name=wish.name), wish.number
        profile = self.profile or _NO_PROFILE

        def change(views: SavedViews) -> SavedViews:
            match wish.kind:
                case "save":
                    return views.with_view(number, present)
                case "delete":
                    return views.with_view(number, None)
                case _:
                    return views.with_default(profile, None if views.defaults.get(profile) == number else number)

        file = SavedViewsFile(views_file())
        try:
            views = self._views = await asyncio.to_thread(file.update, change)
        except ConfigError as error:
            self.show_notice(str(error))
            return
        self.show_notice(file.problem or self._done(wish, views, profile))
        if wish.kind == "save":
            self._recalled = (f"{number} {wish.name}", present)
            self.show_sought()

    @staticmethod
    def _done(wish: ViewCommand, views: SavedViews, profile: str) -> str:
        if wish.kind == "save":
            return f"saved as view {wish.number}: {wish.name}"
        if wish.kind == "delete":
            left = views.view(wish.number)
            return f"view {wish.number} is {f'{left.name} again' if left is not None else 'free'}"
        is_on = views.defaults.get(profile) == wish.number
        return f"{profile} begins with view {wish.number}" if is_on else f"{profile} begins with everything"

    @staticmethod
    def _text_of(view: SavedView) -> str:
        """What `filter_text` would say of a view."""
        from cdptui.query.formatter import format_query  # noqa: PLC0415
        from cdptui.query.parser import parse  # noqa: PLC0415 - not needed for the first frame

        text = format_query(parse(view.filter)) if view.filter.strip() else ""
        return ", ".join(filter(None, ("unhealthy" if view.unhealthy else "", text)))
