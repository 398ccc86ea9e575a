"""The banner over a moment of a recording, and the ruler with the time that is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from msgspec import Struct

from cdptui.models.severity import Severity
from cdptui.models.trend import Gap
from cdptui.render import formatting
from cdptui.render.line_fitting import Measure, cut_text
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES
from cdptui.render.time_axis import TimeScale, axis_text

_RECORDED: Final = "─"
_NOTHING: Final = "·"
_OUTAGE: Final = "×"
_EVENT: Final = "╵"
_HERE: Final = "█"
_END: Final = "end"
"""At the end of the times: the newest poll."""

_MARKED_FROM: Final = Severity.NOTICE
"""Events that are less severe, such as a start of the monitor, have no mark."""


class PastState(Struct, frozen=True):
    """What the banner says about a moment."""

    at: datetime
    """The time of the poll that is shown."""
    now: datetime
    node: str
    zone: tzinfo | None
    gap: Gap | None = None
    """The time without polls in which the moment is that was asked for."""
    thinned: int = 0
    """Number of tasks of which only values of 15 minutes are left."""
    speed: int = 0
    """How many times as fast it plays; 0 while it does not."""
    label: str = ""
    """What kind of node it is."""
    has_present: bool = True
    """False for a recording without its node."""


class Ruler(Struct, frozen=True):
    """The time that is recorded, and a moment in it. Times are milliseconds since 1970."""

    first_ms: int
    last_ms: int
    gaps: Sequence[Gap]
    marks: Sequence[tuple[int, Severity]]
    at_ms: int


def past_line(state: PastState, keys: Mapping[str, str], width: int, measure: Measure) -> Line:
    """Return the banner, as wide as the screen; the least important parts are left out first.

    `keys` are the labels of the keys by the id of their action.
    """
    age = formatting.age(state.at, state.now)
    # The clock of another machine may be ahead.
    parts = [f"{age} ago" if state.at <= state.now else age, formatting.timestamp(state.at, state.zone)]
    if state.gap is not None:
        parts.append(_gap_text(state.gap, state.zone))
    if state.speed:
        parts.append(f"playing {state.speed}×")
    parts.append(f"{keys['back']}: live" if state.has_present else "recording")
    if state.thinned:
        parts.append("values of 15 minutes")
    parts.append(f"{state.label} {state.node}".strip())
    while len(parts) > _KEPT and measure(_SEPARATOR.join(parts)) > width - _EDGES:
        parts.pop()
    text = cut_text(f" {_SEPARATOR.join(parts)}", width, measure)
    return (Span(text + " " * max(0, width - measure(text)), Role.PAST),)


_SEPARATOR: Final = " · "
_KEPT: Final = 3
_EDGES: Final = 2


def _gap_text(gap: Gap, zone: tzinfo | None) -> str:
    start, end = (f"{formatting.local_time(at_ms, zone):%H:%M:%S}" for at_ms in (gap.start_ms, gap.end_ms))
    return f"{'node did not answer' if gap.is_outage else 'not recorded'} {start} to {end}"


def ruler_lines(ruler: Ruler, width: int, zone: tzinfo | None) -> list[Line]:
    """Return the ruler: what is recorded, with gaps, outages and events, and below it the times."""
    scale = ruler_scale(ruler, width, zone)
    cells = [Span(_RECORDED, Role.DIM)] * width
    for gap in ruler.gaps:
        mark = Span(_OUTAGE, Role.BAD) if gap.is_outage else Span(_NOTHING, Role.TRACK)
        first, last = scale.column_of(gap.start_ms), scale.column_of(gap.end_ms)
        for column in range(first or 0, (last if last is not None else width - 1) + 1):
            cells[column] = mark
    worst: dict[int, Severity] = {}
    for at_ms, severity in ruler.marks:
        place = scale.column_of(at_ms)
        if place is not None and severity >= max(_MARKED_FROM, worst.get(place, _MARKED_FROM)):
            worst[place] = severity
    for column, severity in worst.items():
        cells[column] = Span(_EVENT, ROLES[severity])
    here = scale.column_of(ruler.at_ms)
    if here is not None:
        cells[here] = Span(_HERE, Role.NEW)
    return [_merged(cells), (Span(axis_text(scale, _END), Role.DIM),)]


def ruler_scale(ruler: Ruler, width: int, zone: tzinfo | None) -> TimeScale:
    """Return which time each column of a ruler has."""
    return TimeScale(ruler.first_ms, max(ruler.last_ms, ruler.first_ms + 1), width, zone)


def _merged(cells: Sequence[Span]) -> Line:
    """Return cells as a line of few spans."""
    merged: list[Span] = []
    for cell in cells:
        if merged and merged[-1].role is cell.role:
            merged[-1] = Span(merged[-1].text + cell.text, cell.role)
        else:
            merged.append(cell)
    return tuple(merged)
