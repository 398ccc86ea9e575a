"""Contrast of all texts in all themes, on all their backgrounds."""

from __future__ import annotations

import pytest
from rich.color_triplet import ColorTriplet
from textual.theme import Theme

from cdptui.render.spans import LABELS, Role
from cdptui.tui.terminal.screen_buffer import NUMBERED
from cdptui.tui.themes import ANSI_16, ANSI_16_PAIRS, THEMES
from cdptui.tui.widgets.cached_painter import CURSOR_BACKGROUNDS, UNDER_CURSOR

READABLE = 4.5
"""WCAG 2.1, contrast of normal text, level AA."""

DRAWINGS = {Role.BAR, Role.TRACK}
"""Shapes, not text."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [part / 255 for part in bytes.fromhex(colour.removeprefix("#"))]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("role", [role for role in Role if role not in DRAWINGS | LABELS])
def test_text_is_readable_on_list_and_bars(theme: Theme, role: Role) -> None:
    for ground in (theme.background, theme.panel):
        assert ground is not None
        assert contrast(theme.variables[f"role-{role}"], ground) >= READABLE, f"on {ground}"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("role", sorted(LABELS))
def test_profile_name_is_readable_on_its_colour(theme: Theme, role: Role) -> None:
    assert theme.background is not None
    assert contrast(theme.background, theme.variables[f"role-{role}"]) >= READABLE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", sorted(CURSOR_BACKGROUNDS))
@pytest.mark.parametrize("role", sorted(UNDER_CURSOR - DRAWINGS))
def test_text_is_readable_under_the_cursor(theme: Theme, ground: str, role: Role) -> None:
    assert contrast(theme.variables[f"role-{role}"], theme.variables[ground]) >= READABLE


VGA = "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
XTERM = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)


@pytest.mark.parametrize("palette", [VGA.split(), XTERM.split()], ids=["vga", "xterm"])
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("role", [role for role in Role if role not in DRAWINGS])
def test_text_is_readable_in_sixteen_colours(theme: Theme, role: Role, palette: list[str]) -> None:
    grounds = [theme.background, theme.panel]
    if role in UNDER_CURSOR:
        grounds += [theme.variables[name] for name in CURSOR_BACKGROUNDS]
    contrasts = {ground: contrast(*sixteen(theme.variables[f"role-{role}"], ground, palette)) for ground in grounds}
    assert {ground: round(found, 1) for ground, found in contrasts.items() if found < READABLE} == {}


def sixteen(colour: str | None, ground: str | None, palette: list[str]) -> tuple[str, str]:
    """Return what a terminal with 16 colours shows for a text and its background."""
    text, under = (ColorTriplet(*bytes.fromhex((name or "").removeprefix("#"))) for name in (colour, ground))
    shown, beneath = ANSI_16_PAIRS.get((text, under), (ANSI_16[text], ANSI_16[under]))
    return palette[shown], palette[beneath]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", sorted(CURSOR_BACKGROUNDS))
def test_a_critical_task_differs_from_text_under_the_cursor_in_sixteen_colours(theme: Theme, ground: str) -> None:
    bad, text = (
        sixteen(theme.variables[f"role-{role}"], theme.variables[ground], VGA.split()) for role in (Role.BAD, Role.TEXT)
    )
    assert bad != text


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_all_colours_have_a_short_number_on_every_terminal(theme: Theme) -> None:
    named = {name: colour for name, colour in theme.variables.items() if name.startswith(("role-", "cursor-"))}
    for name, colour in {**named, "background": theme.background, "panel": theme.panel}.items():
        assert colour is not None
        triplet = ColorTriplet(*bytes.fromhex(colour.removeprefix("#")))
        assert triplet in NUMBERED, name
        assert triplet in ANSI_16, name
