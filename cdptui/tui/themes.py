"""Themes: the only place with colours. Each gives one to every role."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from cdptui.render.span import Role

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
    background="#14171c",
    panel="#1d222a",
    cursor="#2b4361",
    unfocused="#262d38",
    roles={
        Role.TEXT: "#d5dae3",
        Role.STRONG: "#ffffff",
        Role.DIM: "#959eae",
        Role.ACCENT: "#7fb8ff",
        Role.OK: "#7fd18b",
        Role.BUSY: "#8fd3e8",
        Role.WARN: "#f0c05a",
        Role.BAD: "#ff8a80",
        Role.CALM: "#959eae",
        Role.BAR: "#6ea8e0",
        Role.TRACK: "#3a4352",
        Role.PLAN: "#d9a5e8",
        Role.NEW: "#ffe082",
    },
)

LIGHT: Final = _theme(
    "light",
    dark=False,
    background="#fbfbf8",
    panel="#ecede8",
    cursor="#cfe0f5",
    unfocused="#e4e6e4",
    roles={
        Role.TEXT: "#23272e",
        Role.STRONG: "#000000",
        Role.DIM: "#565d68",
        Role.ACCENT: "#0b57a4",
        Role.OK: "#1b6b2c",
        Role.BUSY: "#0a6475",
        Role.WARN: "#8a5200",
        Role.BAD: "#b3171a",
        Role.CALM: "#565d68",
        Role.BAR: "#3f78b5",
        Role.TRACK: "#c4c8cf",
        Role.PLAN: "#8a3aa0",
        Role.NEW: "#7a4b00",
    },
)

THEMES: Final = (DARK, LIGHT)
