"""The palette on screen: the library's, and at rest among sizes that come fast, like every screen of ours."""

from __future__ import annotations

from textual.command import CommandPalette

from cdptui.tui.screens.sized import SizedScreen


class Palette(SizedScreen, CommandPalette):
    """Every action by name; `cdptui.tui.commands` says which there are."""
