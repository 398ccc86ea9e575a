"""The command palette: every action by name, from the key bindings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.events import Resize

from cdptui.tui.keymap import FOCUS_SCOPES, HasKeymap, KeyScope, key_labels
from cdptui.tui.layout import skip_outdated_size
from cdptui.tui.themes import THEMES

_BROWSER_SCOPES: Final = {KeyScope.LIST, KeyScope.DETAIL}
"""The task browser has the actions of these keys, the screen and the app those of all others."""


class ActionProvider(Provider):
    """The palette's commands: actions and themes."""

    async def discover(self) -> Hits:
        """Yield all commands, before the user types."""
        for name, help_text, run in self._commands():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """Yield the commands that match `query`, with a score."""
        matcher = self.matcher(query)
        for name, help_text, run in self._commands():
            score = matcher.match(f"{name} {help_text}")
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[None] | None]]]:
        browser = next(iter(self.screen.query("#body")), self.screen)
        for key in cast("HasKeymap", self.app).keymap.keys:
            if key.scope in FOCUS_SCOPES or key.action == "command_palette":
                continue
            if key.scope in _BROWSER_SCOPES and not browser.display:
                # The list of storages is in its place: what an action does would not be seen.
                continue
            owner = browser if key.scope in _BROWSER_SCOPES else self.screen
            run = partial(owner.run_action, key.action)
            yield f"{key.label} ({key_labels(key)})", key.help, run
        for theme in THEMES:
            yield f"Theme: {theme.name}", "Switch theme", partial(self._use_theme, theme.name)

    def _use_theme(self, name: str) -> None:
        self.app.theme = name


class CommandPaletteScreen(CommandPalette):
    """The command palette; `ActionProvider` lists its commands."""

    def on_resize(self, event: Resize) -> None:
        """Skip sizes that the window no longer has."""
        skip_outdated_size(self.app, event)
