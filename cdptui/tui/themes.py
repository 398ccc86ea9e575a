"""Themes: a colour for every role. No other module defines colours.

All colours are among the 240 fixed ones of a 256-colour terminal: they look the same on all of these terminals, and a
change of colour takes half the bytes of an RGB sequence.
"""

from __future__ import annotations

from typing import Final

from rich.color_triplet import ColorTriplet
from textual.theme import Theme

from cdptui.render.spans import Role

DEFAULT_THEME: Final = "dark"


def _theme(
    name: str, *, dark: bool, background: str, panel: str, cursor: str, unfocused: str, roles: dict[Role, str]
) -> Theme:
    variables = {f"role-{role}": colour for role, colour in roles.items()}
    variables |= {
        "cursor-background": cursor,
        "cursor-unfocused": unfocused,
        "scrollbar": roles[Role.TRACK],
        "scrollbar-hover": roles[Role.DIM],
        "scrollbar-active": roles[Role.ACCENT],
        "scrollbar-background": background,
        "scrollbar-background-hover": background,
        "scrollbar-background-active": background,
        "border-colour": roles[Role.TRACK],
    }
    return Theme(
        name=name,
        primary=roles[Role.ACCENT],
        secondary=roles[Role.BUSY],
        warning=roles[Role.WARN],
        error=roles[Role.BAD],
        success=roles[Role.OK],
        accent=roles[Role.ACCENT],
        foreground=roles[Role.TEXT],
        background=background,
        surface=background,
        panel=panel,
        dark=dark,
        variables=variables,
    )


DARK: Final = _theme(
    "dark",
    dark=True,
    background="#1c1c1c",
    panel="#303030",
    cursor="#00005f",
    unfocused="#3a3a3a",
    roles={
        Role.TEXT: "#dadada",
        Role.STRONG: "#ffffff",
        Role.DIM: "#a8a8a8",
        Role.ACCENT: "#87afff",
        Role.OK: "#87d787",
        Role.BUSY: "#87d7d7",
        Role.WARN: "#ffd75f",
        Role.BAD: "#ff8787",
        Role.CALM: "#a8a8a8",
        Role.BAR: "#5fafd7",
        Role.TRACK: "#4e4e4e",
        Role.PLAN: "#d7afd7",
        Role.NEW: "#ffd787",
        Role.LABEL: "#afd7ff",
        Role.LABEL_RED: "#ff5f5f",
        Role.LABEL_ORANGE: "#ffaf5f",
        Role.LABEL_YELLOW: "#ffff87",
        Role.LABEL_GREEN: "#87ff87",
        Role.LABEL_CYAN: "#87ffff",
        Role.LABEL_BLUE: "#87d7ff",
        Role.LABEL_PURPLE: "#ff87ff",
        Role.LABEL_GREY: "#bcbcbc",
        Role.PAST: "#ffd7af",
    },
)

LIGHT: Final = _theme(
    "light",
    dark=False,
    background="#ffffff",
    panel="#eeeeee",
    cursor="#d7ffff",
    unfocused="#e4e4e4",
    roles={
        Role.TEXT: "#262626",
        Role.STRONG: "#000000",
        Role.DIM: "#585858",
        Role.ACCENT: "#005faf",
        Role.OK: "#005f00",
        Role.BUSY: "#005f87",
        Role.WARN: "#875f00",
        Role.BAD: "#af0000",
        Role.CALM: "#585858",
        Role.BAR: "#5f87af",
        Role.TRACK: "#c6c6c6",
        Role.PLAN: "#870087",
        Role.NEW: "#5f00af",
        Role.LABEL: "#005f5f",
        Role.LABEL_RED: "#d70000",
        Role.LABEL_ORANGE: "#af5f00",
        Role.LABEL_YELLOW: "#5f5f00",
        Role.LABEL_GREEN: "#008700",
        Role.LABEL_CYAN: "#005f5f",
        Role.LABEL_BLUE: "#0000d7",
        Role.LABEL_PURPLE: "#8700af",
        Role.LABEL_GREY: "#626262",
        Role.PAST: "#5f5faf",
    },
)

THEMES: Final = (DARK, LIGHT)

_DARK_SIXTEEN: Final = {
    "background": 0,
    "panel": 0,
    "cursor-background": 4,
    "cursor-unfocused": 4,
    Role.TEXT: 7,
    Role.STRONG: 15,
    Role.DIM: 7,
    Role.ACCENT: 14,
    Role.OK: 10,
    Role.BUSY: 6,
    Role.WARN: 11,
    Role.BAD: 9,
    Role.CALM: 7,
    Role.BAR: 6,
    Role.TRACK: 8,
    Role.PLAN: 13,
    Role.NEW: 11,
    Role.LABEL: 14,
    Role.LABEL_RED: 9,
    Role.LABEL_ORANGE: 11,
    Role.LABEL_YELLOW: 11,
    Role.LABEL_GREEN: 10,
    Role.LABEL_CYAN: 6,
    Role.LABEL_BLUE: 14,
    Role.LABEL_PURPLE: 13,
    Role.LABEL_GREY: 7,
    Role.PAST: 11,
}
_LIGHT_SIXTEEN: Final = {
    "background": 15,
    "panel": 15,
    "cursor-background": 6,
    "cursor-unfocused": 7,
    Role.TEXT: 0,
    Role.STRONG: 0,
    Role.DIM: 0,
    Role.ACCENT: 4,
    Role.OK: 0,
    Role.BUSY: 4,
    Role.WARN: 1,
    Role.BAD: 1,
    Role.CALM: 0,
    Role.BAR: 4,
    Role.TRACK: 7,
    Role.PLAN: 5,
    Role.NEW: 5,
    Role.LABEL: 4,
    Role.LABEL_RED: 1,
    Role.LABEL_ORANGE: 1,
    Role.LABEL_YELLOW: 0,
    Role.LABEL_GREEN: 0,
    Role.LABEL_CYAN: 4,
    Role.LABEL_BLUE: 4,
    Role.LABEL_PURPLE: 5,
    Role.LABEL_GREY: 0,
    Role.PAST: 5,
}
"""Few of the 16 colours are readable on each other: there is no green on white, and no background for the bars."""


def _by_colour(theme: Theme, numbers: dict[str, int] | dict[Role, int]) -> dict[ColorTriplet, int]:
    colours = {**theme.variables, "background": theme.background, "panel": theme.panel}
    colours |= {role: theme.variables[f"role-{role}"] for role in Role}
    return {_triplet(colours[name] or ""): number for name, number in numbers.items()}


def _triplet(colour: str) -> ColorTriplet:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return ColorTriplet(red, green, blue)


ANSI_16: Final = _by_colour(LIGHT, _LIGHT_SIXTEEN) | _by_colour(DARK, _DARK_SIXTEEN)
"""The ANSI number of each theme colour on a 16-colour terminal, chosen by role, not by similarity."""

ANSI_16_PAIRS: Final = {
    (_triplet(theme.variables[f"role-{role}"] or ""), _triplet(theme.variables[ground] or "")): (15, 1)
    for theme, roles in ((DARK, (Role.BAD,)), (LIGHT, (Role.BAD, Role.WARN)))
    for role in roles
    for ground in ("cursor-background", "cursor-unfocused")
}
"""ANSI numbers of text and background for pairs of theme colours that would be unreadable by `ANSI_16`: none of the
16 colours is a red that can be read on blue or cyan, so the text under the cursor is white on red."""

NO_COLOR_ATTRIBUTES: Final = {
    _triplet(theme.variables[name] or ""): attribute
    for theme in THEMES
    for name, attribute in (("cursor-background", "7"), ("cursor-unfocused", "4"))
}
"""SGR attributes instead of cursor backgrounds on a terminal without colours: reverse with focus, else underline."""
