"""The title line of the list: how many tasks it shows, which, and in which order."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cdptui.render.line_fitting import Measure, cut_text
from cdptui.render.spans import Line, Role, Span

_SEPARATOR: Final = " · "
_MIN_FILTER: Final = 8
"""Cells to which the filter is cut before the order is left out."""

_END_CELLS: Final = 4
"""Cells of the rule and the blanks around what is at the right end."""

_NO_END: Final = Span("")

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
    notice: str = ""
    """A message that is shown for a few seconds, in place of the legend; empty for none."""


def list_title_line(title: ListTitle, width: int, measure: Measure, *, has_focus: bool) -> Line:
    """Return the title in a rule of `width` cells. The filter is cut where room is short, then the order left out.

    >>> from cdptui.render.spans import plain_text
    >>> title = ListTitle(14, 60, "unhealthy", "", "worst first")
    >>> plain_text(list_title_line(title, 46, len, has_focus=False))
    '─ Tasks 14/60 · unhealthy · worst first ──────'
    >>> plain_text(list_title_line(title, 30, len, has_focus=True))
    '━ Tasks 14/60 · unhealthy ━━━━'
    """
    room = width - 3 - (measure(title.notice) + _END_CELLS if title.notice else 0)
    text = _title_text(title, max(0, room), measure)
    end = Span(title.notice, Role.NEW) if title.notice else Span(title.legend, Role.DIM)
    return titled_rule(text, width, measure, has_focus=has_focus, end=end)


def has_room_for_notice(title: ListTitle, notice: str, width: int, measure: Measure) -> bool:
    """Return whether a notice fits beside the number of tasks.

    >>> has_room_for_notice(ListTitle(14, 60, "unhealthy"), "Sorted by name", 32, len)
    True
    >>> has_room_for_notice(ListTitle(14, 60, "unhealthy"), "Sorted by name", 31, len)
    False
    """
    return measure(notice) + _END_CELLS + 3 + measure(_count_text(title)) <= width


def titled_rule(text: str, width: int, measure: Measure, *, has_focus: bool, end: Span = _NO_END) -> Line:
    """Return a rule of `width` cells with a title in it, and `end` at its right end if it fits."""
    rule, rule_role, role = _RULES[has_focus]
    text = cut_text(text, max(0, width - 3), measure)
    rest = width - 3 - measure(text)
    start = (Span(f"{rule} ", rule_role), Span(text, role))
    before = rest - measure(end.text) - 3
    if not end.text or before < 1:
        return (*start, Span(" " + rule * max(0, rest), rule_role))
    return (*start, Span(f" {rule * before} ", rule_role), end, Span(f" {rule}", rule_role))


def _count_text(title: ListTitle) -> str:
    if title.shown is None:
        return "Tasks"
    return f"Tasks {title.shown}/{title.total}" if title.filter_text else f"Tasks {title.total}"


def _title_text(title: ListTitle, width: int, measure: Measure) -> str:
    if title.shown is None:
        return cut_text(_count_text(title), width, measure)
    filter_text = title.filter_text
    count = _count_text(title)
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
