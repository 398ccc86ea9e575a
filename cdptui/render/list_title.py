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
    left_out: str = ""
    """Tasks that the filter does not count, in words; empty for none."""
    legend: str = ""
    """What a mark in the list means, at the right end where there is room; empty for no mark."""


def list_title_line(title: ListTitle, width: int, measure: Measure, *, has_focus: bool) -> Line:
    """Return the title in a rule of `width` cells. The filter is cut where room is short, then the order left out.

    >>> from cdptui.render.spans import plain_text
    >>> title = ListTitle(14, 60, "unhealthy", "", "worst first")
    >>> plain_text(list_title_line(title, 46, len, has_focus=False))
    '─ Tasks 14/60 · unhealthy · worst first ──────'
    >>> plain_text(list_title_line(title, 30, len, has_focus=True))
    '━ Tasks 14/60 · unhealthy ━━━━'
    """
    text = _title_text(title, max(0, width - 3), measure)
    return titled_rule(text, width, measure, has_focus=has_focus, legend=title.legend)


def titled_rule(text: str, width: int, measure: Measure, *, has_focus: bool, legend: str = "") -> Line:
    """Return a rule of `width` cells with a title in it, and `legend` at its right end if it fits."""
    rule, rule_role, role = _RULES[has_focus]
    text = cut_text(text, max(0, width - 3), measure)
    rest = width - 3 - measure(text)
    start = (Span(f"{rule} ", rule_role), Span(text, role))
    before = rest - measure(legend) - 3
    if not legend or before < 1:
        return (*start, Span(" " + rule * max(0, rest), rule_role))
    return (*start, Span(f" {rule * before} ", rule_role), Span(legend, Role.DIM), Span(f" {rule}", rule_role))


def _title_text(title: ListTitle, width: int, measure: Measure) -> str:
    if title.shown is None:
        return cut_text("Tasks", width, measure)
    filter_text = title.filter_text
    count = f"Tasks {title.shown}/{title.total}" if filter_text else f"Tasks {title.total}"
    grouping = f"grouped by {title.grouping}" if title.grouping else ""
    left_out = title.left_out
    for parts in ((left_out, grouping, title.order), (left_out, title.order), (left_out,), ()):
        fixed = measure(_SEPARATOR.join(filter(None, (count, *parts))))
        room = width - fixed - len(_SEPARATOR)
        if not filter_text and fixed <= width:
            return _SEPARATOR.join(filter(None, (count, *parts)))
        if filter_text and room >= min(_MIN_FILTER, measure(filter_text)):
            return _SEPARATOR.join(filter(None, (count, cut_text(filter_text, room, measure), *parts)))
    return cut_text(count, width, measure)
