"""The tabs in their order, and the line of their titles. The module of a tab is imported when it is first shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Line, Role, Span
from cdptui.render.text_wrap import cell_width

if TYPE_CHECKING:
    from cdptui.render.tabs.context import DetailContext

TabLines = Callable[[TaskRow, "DetailContext", int, int], Sequence[Line]]
"""Renders a task and its context for a pane of a width and a height in cells."""


class Tab(Struct, frozen=True):
    """A tab of the detail pane."""

    key: str
    title: str
    short: str
    """The title on a narrow pane."""


OVERVIEW: Final = Tab("overview", "Overview", "Task")
HISTORY: Final = Tab("history", "History", "History")
RESOURCES: Final = Tab("resources", "Resources", "VM")
POLICY: Final = Tab("policy", "Policy", "Policy")
STORAGE: Final = Tab("storage", "Storage", "Store")
POINTS: Final = Tab("points", "Recovery points", "Points")
RAW: Final = Tab("raw", "Raw", "Raw")
WHY: Final = Tab("why", "Why", "Why")

TABS: Final = (OVERVIEW, HISTORY, RESOURCES, POLICY, STORAGE, POINTS, RAW, WHY)


_GAP: Final = 2
"""Cells between two titles: room for the brackets of both neighbours."""

_NARROW_GAP: Final = 1
"""Cells between two titles on a narrow pane: room for one bracket."""


_AFTER_TITLES: Final = 2
"""Cells after the last title: its bracket and the number of problems."""


class PlacedTab(NamedTuple):
    """A tab and the cells of its title."""

    tab: Tab
    x: int
    width: int


def adjacent_tab(tab: Tab, step: int) -> Tab:
    """Return the next (1) or previous (-1) tab; the first follows the last.

    >>> adjacent_tab(OVERVIEW, -1).title
    'Why'
    """
    return TABS[(TABS.index(tab) + step) % len(TABS)]


def tab_renderer(tab: Tab) -> TabLines:
    """Return the function that renders a tab. Its module is imported when the tab is first shown."""
    return _RENDERERS[tab.key]()


def place_tabs(current: Tab, width: int) -> tuple[PlacedTab, ...]:
    """Place the tabs: long titles if they fit, else short ones, else only the current tab and its neighbours."""
    long, short = [tab.title for tab in TABS], [tab.short for tab in TABS]
    for titles, gap in ((long, _GAP), (short, _GAP), (short, _NARROW_GAP)):
        placed = _placed(TABS, titles, gap)
        if placed[-1].x + placed[-1].width + _AFTER_TITLES <= width:
            return placed
    at = TABS.index(current)
    around = TABS[max(0, min(at - 1, len(TABS) - 3)) :][:3]
    return _placed(around, [tab.short for tab in around], _GAP)


def tab_line(current: Tab, width: int, reasons: int = 0) -> Line:
    """Return the line of tabs: the current one in brackets, the number of problems behind Why. No title moves.

    >>> from cdptui.render.spans import plain_text
    >>> plain_text(tab_line(POLICY, 46))
    ' Task History VM[Policy]Store Points Raw Why '
    >>> plain_text(tab_line(WHY, 46, reasons=2))
    ' Task History VM Policy Store Points Raw[Why]2'
    >>> plain_text(tab_line(POLICY, 60))
    ' Task  History  VM [Policy] Store  Points  Raw  Why '
    """
    placed = place_tabs(current, width)
    spans: list[Span] = []
    end = 0
    for tab, x, title_width in placed:
        is_current = tab is current
        gap = " " * (x - end - 1) + ("[" if is_current else " ")
        if spans and end and spans[-1].role is Role.STRONG:
            gap = "]" + gap[1:]
        spans.append(Span(gap, Role.ACCENT))
        end = x + title_width
        spans.append(Span(_title(tab, placed), Role.STRONG if is_current else Role.DIM))
    spans.append(Span("]" if placed[-1].tab is current else " ", Role.ACCENT))
    if reasons and placed[-1].tab is WHY:
        spans.append(Span(str(reasons), Role.WARN))
    return tuple(span for span in spans if span.text)


def tab_rule(current: Tab, width: int) -> Line:
    """Return the rule under the tabs, heavy under the current one.

    >>> from cdptui.render.spans import plain_text
    >>> plain_text(tab_rule(POLICY, 46))
    '────────────────━━━━━━━━──────────────────────'
    """
    tab = next(placed for placed in place_tabs(current, width) if placed.tab is current)
    start, length = tab.x - 1, tab.width + 2
    rest = max(0, width - start - length)
    return (Span("─" * start, Role.TRACK), Span("━" * length, Role.ACCENT), Span("─" * rest, Role.TRACK))


def tab_at(x: int, current: Tab, width: int) -> Tab | None:
    """Return the tab at a cell of the line; None beside the titles."""
    return next((tab for tab, start, length in place_tabs(current, width) if start <= x < start + length), None)


def _placed(tabs: Sequence[Tab], titles: Sequence[str], gap: int) -> tuple[PlacedTab, ...]:
    placed: list[PlacedTab] = []
    x = 1
    for tab, title in zip(tabs, titles, strict=True):
        placed.append(PlacedTab(tab, x, cell_width(title)))
        x += cell_width(title) + gap
    return tuple(placed)


def _title(tab: Tab, placed: Sequence[PlacedTab]) -> str:
    width = next(entry.width for entry in placed if entry.tab is tab)
    return tab.title if width == cell_width(tab.title) else tab.short


def _load_overview() -> TabLines:
    from cdptui.render.tabs.overview import lines

    return lines


def _load_history() -> TabLines:
    from cdptui.render.tabs.history import lines

    return lines


def _load_resources() -> TabLines:
    from cdptui.render.tabs.resources import lines

    return lines


def _load_policy() -> TabLines:
    from cdptui.render.tabs.policy import lines

    return lines


def _load_storage() -> TabLines:
    from cdptui.render.tabs.storage import lines

    return lines


def _load_points() -> TabLines:
    from cdptui.render.tabs.recovery_points import lines

    return lines


def _load_raw() -> TabLines:
    from cdptui.render.tabs.raw import lines

    return lines


def _load_why() -> TabLines:
    from cdptui.render.tabs.why import lines

    return lines


_RENDERERS: Final[dict[str, Callable[[], TabLines]]] = {
    OVERVIEW.key: _load_overview,
    HISTORY.key: _load_history,
    RESOURCES.key: _load_resources,
    POLICY.key: _load_policy,
    STORAGE.key: _load_storage,
    POINTS.key: _load_points,
    RAW.key: _load_raw,
    WHY.key: _load_why,
}
