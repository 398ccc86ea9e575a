"""The command palette: every action by name, from the key bindings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Protocol, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from cdptui.tui.keymap import FOCUS_SCOPES, Keymap, key_labels
from cdptui.tui.screens.sized import SizedScreen
from cdptui.tui.themes import THEMES


class HasKeymap(Protocol):
    """The part of the app that the palette uses."""

    keymap: Keymap


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
        for key in cast("HasKeymap", self.app).keymap.keys:
            if key.scope in FOCUS_SCOPES or key.action == "command_palette":
                continue
            run = partial(self.screen.run_action, key.action)
            yield f"{key.label} ({key_labels(key)})", key.help, run
        for theme in THEMES:
            yield f"Theme: {theme.name}", "Switch theme", partial(self._use_theme, theme.name)

    def _use_theme(self, name: str) -> None:
        self.app.theme = name


class CommandPaletteScreen(SizedScreen, CommandPalette):
    """Textual's command palette, guarded against small windows."""
