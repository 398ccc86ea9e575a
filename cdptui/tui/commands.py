"""The command palette: every action, saved view, tab and theme by name or by synonym."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.events import Resize
from textual.fuzzy import Matcher

from cdptui.render.tabs.registry import TABS, Tab
from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.keymap import FOCUS_SCOPES, HasKeymap, KeyBinding, KeyScope, key_labels
from cdptui.tui.layout import skip_outdated_size
from cdptui.tui.themes import THEMES
from cdptui.tui.widgets.bars import KeysLine
from cdptui.tui.widgets.task_browser import TaskBrowser

if TYPE_CHECKING:
    from cdptui.config.saved_views import SavedViews

_BROWSER_SCOPES: Final = {KeyScope.LIST, KeyScope.DETAIL}
"""The task browser has the actions of these keys, the screen and the app those of all others."""

_TITLE_CELLS: Final = 35
"""Least width of the column of names: that of the preset view with the longest name."""

_VIEW: Final = "view-"

SYNONYMS: Final[Mapping[str, str]] = {
    "filter": "find search query grep match where",
    "unhealthy": "problems alerts failed broken bad",
    "views": "favourites bookmarks presets queries",
    "view-0": "all everything default",
    "storages": "capacity free over-commit disks",
    "events": "log changes what happened",
    "note": "comment remark acknowledge write",
    "sort": "order by",
    "invert": "order descending ascending backwards",
    "columns": "fields hide select customise",
    "wide": "fields full",
    "group": "aggregate by tree",
    "fold": "collapse expand",
    "fold-all": "collapse expand",
    "mark": "select tag",
    "mark-all": "select tag",
    "clear-marks": "unmark deselect none",
    "save": "save download write dump file screenshot picture",
    "copy": "clipboard yank",
    "detail": "pane split inspect describe info side",
    "back": "cancel clear",
    "refresh": "reload poll update now login",
    "pause": "freeze hold stop resume",
    "slower": "interval rate frequency",
    "faster": "interval rate frequency",
    "time-machine": "past history replay rewind look back live now",
    "moment": "past history jump date when seek",
    "poll-back": "past earlier rewind",
    "poll-forward": "past later",
    "event-back": "past earlier",
    "event-forward": "past later",
    "hour-back": "past earlier rewind",
    "hour-forward": "past later",
    "play": "past replay run",
    "profile": "node context cluster server connect host",
    "help": "keys shortcuts manual documentation",
    "mouse": "select text",
    "redraw": "repaint refresh",
    "suspend": "shell background stop",
    "quit": "exit close leave logout",
}
"""Other words for an action, by its id."""

_THEME_SYNONYMS: Final = "colours colors dark light"

TAB_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "overview": ("Figures, chart and problems of the task", "capacity usage growth status"),
    "history": ("Charts of capacity and RPO over time, events", "trend chart graph rpo breaches events sla"),
    "resources": ("VM and volumes that the task protects", "vms virtual machine instance disk host"),
    "policy": ("Settings of the policy", "schedule retention interval"),
    "storage": ("Capacity of the backup storage, its other tasks", "server free full connection"),
    "points": ("Recovery points and gaps between them", "history backups snapshots restore"),
    "raw": ("The record as the server sent it", "json api fields"),
    "why": ("Reasons of the severity, with what to do", "problems causes explain checks"),
}
"""Help and synonyms of a tab, by its key."""


class PaletteCommand(NamedTuple):
    """An entry of the palette."""

    name: str
    help: str
    run: Callable[[], Awaitable[None] | None]
    keys: str = ""
    """The keys that run it, as printed on a keyboard."""
    synonyms: str = ""


class ActionProvider(Provider):
    """The palette's commands: actions, saved views, tabs and themes."""

    _views: SavedViews | None = None

    async def startup(self) -> None:
        """Read the saved views, whose names the palette shows."""
        if (browser := self._browser) is not None:
            self._views = await browser.views.load()

    async def discover(self) -> Hits:
        """Yield all commands, before the user types."""
        for command in self._commands():
            prompt = _prompt(command)
            yield DiscoveryHit(prompt, command.run, text=prompt.plain)

    async def search(self, query: str) -> Hits:
        """Yield the commands that match `query`, with a score."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = match_score(command, matcher)
            if score > 0:
                yield Hit(score, _prompt(command, matcher), command.run)

    @property
    def _browser(self) -> TaskBrowser | None:
        return next(iter(self.screen.query(TaskBrowser)), None)

    def _commands(self) -> Iterator[PaletteCommand]:
        browser = self._browser
        for key in cast("HasKeymap", self.app).keymap.keys:
            if key.scope in FOCUS_SCOPES or key.action == "command_palette":
                continue
            if browser is not None and key.scope in _BROWSER_SCOPES and not browser.display:
                # The list of storages is in its place: what an action does would not be seen.
                continue
            owner = browser if browser is not None and key.scope in _BROWSER_SCOPES else self.screen
            run = partial(owner.run_action, key.action)
            name, text = self._texts(key)
            if name:
                yield PaletteCommand(name, text, run, key_labels(key), SYNONYMS.get(key.id, ""))
        if browser is not None and browser.display:
            for tab in TABS:
                yield _tab_command(tab, browser)
        for theme in THEMES:
            use_theme = partial(self._use_theme, theme.name)
            yield PaletteCommand(
                f"Theme: {theme.name}", "Switch theme", use_theme, synonyms="colours colors dark light"
            )

    def _texts(self, key: KeyBinding) -> tuple[str, str]:
        """Return the name and the help of an action, those of a view with what it shows; empty for an empty view."""
        number = int(key.id.removeprefix(_VIEW)) if key.id.startswith(_VIEW) else 0
        if not number or self._views is None:
            return key.label, key.help
        from cdptui.tui.saved_view_text import view_text

        view = self._views.view(number)
        return (f"{key.label}: {view.name}", view_text(view)) if view is not None else ("", "")

    def _use_theme(self, name: str) -> None:
        self.app.theme = name


_FOOTER_KEYS: Final = (FooterKey("Enter", "run"), FooterKey("Esc", "close"), FooterKey("Up Down", "move"))


class CommandPaletteScreen(CommandPalette):
    """The command palette; `ActionProvider` lists its commands."""

    CSS_PATH = "styles/palette.tcss"

    def compose(self) -> ComposeResult:
        """Create the child widgets and the footer."""
        yield from super().compose()
        yield KeysLine(FooterKeys(_FOOTER_KEYS, text_field_keys()))

    def on_resize(self, event: Resize) -> None:
        """Skip sizes that the window no longer has."""
        skip_outdated_size(self.app, event)


def match_score(command: PaletteCommand, matcher: Matcher) -> float:
    """Return how well a command matches a query, 0 if it does not.

    A word of the name comes before a synonym, that before a word of the help, and that before scattered characters of
    the name. Each word of the query can be the beginning of a word.

    >>> save = PaletteCommand("Save", "Write a CSV file", lambda: None, synonyms="export")
    >>> [round(match_score(save, Matcher(query))) for query in ("sa", "export", "file", "sv", "quit")]
    [3, 2, 1, 0, 0]
    >>> match_score(save, Matcher("sv")) > 0
    True
    """
    by_letters = matcher.match(command.name) / 1000
    words: list[str] = []
    for rank, text in ((3, command.name), (2, command.synonyms), (1, command.help)):
        words += text.casefold().replace(":", " ").split()
        if all(any(word.startswith(part) for word in words) for part in matcher.query.casefold().split()):
            return rank + by_letters
    return by_letters


def _tab_command(tab: Tab, browser: TaskBrowser) -> PaletteCommand:
    help_text, synonyms = TAB_TEXTS[tab.key]
    return PaletteCommand(f"Tab: {tab.title}", help_text, partial(browser.select_tab, tab), synonyms=synonyms)


def _prompt(command: PaletteCommand, matcher: Matcher | None = None) -> Content:
    """Return one line: the name with its keys and the help. Names of views are not markup."""
    title = Content(command.name)
    if matcher is not None:
        for offset in matcher.fuzzy_search.match(matcher.query, command.name)[1]:
            title = title.stylize(matcher.match_style, offset, offset + 1)
    keys = f" ({command.keys})" if command.keys else ""
    space = " " * max(2, _TITLE_CELLS + 2 - cell_len(command.name) - cell_len(keys))
    return Content.assemble(title, keys, space, (command.help, "not bold $role-dim"))
