"""The RPO against its target over a day, a week and a month, as lines of a pane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from cdptui.models.rpo_history import RpoBreach, RpoStatistics
from cdptui.models.trend import STATISTICS_MS
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.text_wrap import cell_width, pad_cells

_LABEL: Final = 10
_COLUMN: Final = 12
_MAX_COLUMN: Final = 18

_ALL: Final = 0.995
"""A time of which this share is covered is covered completely: the last poll is some seconds old."""


def rpo_table(
    statistics: Sequence[RpoStatistics],
    zone: tzinfo | None,
    width: int,
    *,
    fleet: Sequence[RpoStatistics] | None = None,
    names: Mapping[str, str] | None = None,
) -> list[Line]:
    """Return a column for each of `STATISTICS_MS`.

    `fleet` is the RPO of all tasks, to compare one with; `names` has those of tasks for breaches of several.
    """
    column = max(_COLUMN, min(_MAX_COLUMN, (width - _LABEL) // len(STATISTICS_MS)))
    rows: list[tuple[str, list[Span]]] = [
        ("", [Span(formatting.duration(span_ms / 1000), Role.DIM) for span_ms in STATISTICS_MS]),
        ("on target", [_share(each) for each in statistics]),
    ]
    if fleet is not None:
        rows.append(("all tasks", [Span(share_text(each.share_within), Role.DIM) for each in fleet]))
    rows.append(("breaches", [Span(str(each.breaches)) for each in statistics]))
    if any(each.breaches for each in statistics):
        longest, worst = [each.longest for each in statistics], [each.worst for each in statistics]
        rows += [
            _breach_row("longest", longest, _length),
            _breach_row("  began", longest, lambda breach: _time(breach.start_ms, zone), Role.DIM),
        ]
        if names is not None:
            known = names
            rows.append(_breach_row("  task", longest, lambda breach: _name(breach, known), Role.DIM))
        rows.append(_breach_row("worst", worst, _worst))
        if names is not None:
            rows.append(_breach_row("  task", worst, lambda breach: _name(breach, known), Role.DIM))
    if names is None:
        covered = zip(statistics, STATISTICS_MS, strict=True)
        rows.append(("covered", [_covered(each, span_ms) for each, span_ms in covered]))
    return [
        (
            Span(pad_cells(label, _LABEL), Role.DIM),
            *(span._replace(text=_cell(span.text, column)) for span in cells),
        )
        for label, cells in rows
    ]


def share_text(share: float | None) -> str:
    """Return the share of a time within the target: 100% only for all of it.

    >>> share_text(1.0), share_text(0.99999), share_text(0.9871), share_text(None)
    ('100%', '99.99%', '98.71%', '–')
    """
    if share is None:
        return formatting.UNKNOWN
    return "100%" if share >= 1 else f"{int(share * 10_000 + 1e-6) / 100:g}%"


def _breach_row(
    label: str, breaches: Sequence[RpoBreach | None], text: Callable[[RpoBreach], str], role: Role = Role.TEXT
) -> tuple[str, list[Span]]:
    unknown = Span(formatting.UNKNOWN, Role.DIM)
    return label, [unknown if each is None else Span(text(each), role) for each in breaches]


def _name(breach: RpoBreach, names: Mapping[str, str]) -> str:
    return names.get(breach.task_uuid) or breach.task_uuid


def _share(statistics: RpoStatistics) -> Span:
    share = statistics.share_within
    return Span(share_text(share), Role.DIM if share is None else Role.OK if share >= 1 else Role.WARN)


def _length(breach: RpoBreach) -> str:
    return formatting.duration(breach.over_ms / 1000)


def _worst(breach: RpoBreach) -> str:
    return formatting.latency(breach.worst_ms)


def _time(at_ms: int, zone: tzinfo | None) -> str:
    return f"{formatting.local_time(at_ms, zone):%m-%d %H:%M}"


def _covered(statistics: RpoStatistics, span_ms: int) -> Span:
    if statistics.covered_ms >= _ALL * span_ms:
        return Span("all of it", Role.DIM)
    return Span(formatting.duration(statistics.covered_ms / 1000) if statistics.covered_ms else "nothing", Role.DIM)


def _cell(text: str, width: int) -> str:
    """Return a text in exactly `width` cells, the last one blank."""
    while cell_width(text) > width - 1:
        text = text.removesuffix("…")[:-1] + "…"
    return pad_cells(text, width)
