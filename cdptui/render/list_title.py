"""The title line of the list: how many tasks it shows, which, and in which order."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cdptui.render.line_fitting import Measure, cut_text
from cdptui.render.spans import Line, Role, Span

_SEPARATOR: Final = " · "
_MIN_FILTER: Final = 8
"""Cells to which the filter is cut before the order is left out."""

_RULES: Final = {True: ("━", Role.ACCENT, Role.STRONG), False: ("─", Role.TRACK, Role.DIM)}
"""With and without the focus: the rule, its role and the role of the title. The rules differ without colours too."""


class ListTitle(Struct, frozen=True):
    """What the list shows."""

    shown: int | None = None
    """Tasks that the filter shows; None before the first list."""
    total: int = 0
    filter_text: str = ""
    """The active filter; empty for none."""
    grouping: str = ""
    """What the list is grouped by; empty for no groups."""
    order: str = ""


def list_title_line(title: ListTitle, width: int, measure: Measure, *, has_focus: bool) -> Line:
    """Return the title in a rule of `width` cells. The filter is cut where room is short, then the order left out.

    >>> from cdptui.render.spans import plain_text
    >>> title = ListTitle(14, 60, "unhealthy", "", "worst first")
    >>> plain_text(list_title_line(title, 46, len, has_focus=False))
    '─ Tasks 14/60 · unhealthy · worst first ──────'
    >>> plain_text(list_title_line(title, 30, len, has_focus=True))
    '━ Tasks 14/60 · unhealthy ━━━━'
    """
    return titled_rule(_title_text(title, max(0, width - 3), measure), width, measure, has_focus=has_focus)


def titled_rule(text: str, width: int, measure: Measure, *, has_focus: bool) -> Line:
    """Return a rule of `width` cells with a title in it."""
    rule, rule_role, role = _RULES[has_focus]
    text = cut_text(text, max(0, width - 3), measure)
    rest = width - 3 - measure(text)
    return (Span(f"{rule} ", rule_role), Span(text, role), Span(" " + rule * max(0, rest), rule_role))


def _title_text(title: ListTitle, width: int, measure: Measure) -> str:
    if title.shown is None:
        return cut_text("Tasks", width, measure)
    filter_text = title.filter_text
    count = f"Tasks {title.shown}/{title.total}" if filter_text else f"Tasks {title.total}"
    grouping = f"grouped by {title.grouping}" if title.grouping else ""
    for parts in ((grouping, title.order), (title.order,), ()):
        fixed = measure(_SEPARATOR.join(filter(None, (count, *parts))))
        room = width - fixed - len(_SEPARATOR)
        if not filter_text and fixed <= width:
            return _SEPARATOR.join(filter(None, (count, *parts)))
        if filter_text and room >= min(_MIN_FILTER, measure(filter_text)):
            return _SEPARATOR.join(filter(None, (count, cut_text(filter_text, room, measure), *parts)))
    return cut_text(count, width, measure)
