"""The line about what happened while nobody used the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from cdptui.models.event_summary import EventSummary
from cdptui.models.sanitize import sanitize
from cdptui.render import formatting
from cdptui.render.line_fitting import Measure, cut, cut_text, line_width
from cdptui.render.spans import Line, Role, Span

_SINCE: Final = "since {since}: "
_LONGEST: Final = ", longest {duration}"
_LONGEST_OF: Final = ", longest {duration} {name}"
_AWAY: Final = "node away {duration}"
_HINTS: Final = (" · {events} shows it · {back} closes", " · {events} show · {back} close", " · {events} show")
"""The keys, in the order in which they are shortened where room is short."""

_NOTHING: Final = Span("")

_Count = tuple[str, Span]
"""A field of a summary, and its text."""

_MAX_NAME: Final = 24
"""Cells of the name of a task."""

_COUNTS: Final = (
    ("failed", "{count} failed", "{count} failed", Role.BAD),
    ("stopped", "{count} stopped", "{count} stopped", Role.BAD),
    ("recovered", "{count} recovered", "{count} recovered", Role.OK),
    ("breaches", "{count} RPO breach", "{count} RPO breaches", Role.WARN),
    ("full", "{count} plan full", "{count} plans full", Role.BAD),
    ("storages_disconnected", "{count} storage disconnected", "{count} storages disconnected", Role.BAD),
    ("takeovers", "session taken over", "session taken over {count} times", Role.BAD),
    ("nearly_full", "{count} nearly full", "{count} nearly full", Role.WARN),
    ("vanished", "{count} vanished", "{count} vanished", Role.WARN),
    ("appeared", "{count} appeared", "{count} appeared", Role.TEXT),
    ("changes", "{count} change", "{count} changes", Role.TEXT),
)
"""Fields of a summary, for one and for several, the most important first."""


def summary_line(
    summary: EventSummary,
    since_ms: int,
    now: datetime,
    zone: tzinfo | None,
    keys: Mapping[str, str],
    width: int,
    measure: Measure,
) -> Line:
    """Return what happened since a time, and the keys that show it and that close the line.

    Where room is short, the name of the task gives way first, then the words about the keys, the durations, and last
    the counts, the least important first.
    """
    since = Span(
        _SINCE.format(since=formatting.short_timestamp(formatting.local_time(since_ms, zone), now, zone)), Role.DIM
    )
    hints = [Span(hint.format_map(keys), Role.DIM) for hint in _HINTS]
    line: Line = (since,)
    for line in _candidates(since, list(_counts(summary)), _breaches(summary, measure), _away(summary), hints):
        if line_width(line, measure) <= width:
            return line
    return cut(line, width, measure)


def _candidates(
    since: Span, counts: Sequence[_Count], breaches: Sequence[Span], away: Span, hints: Sequence[Span]
) -> Iterator[Line]:
    """Yield lines, each with less in it than the one before. `breaches` are texts about the longest, longest first."""
    closes, shows, keys_only = hints
    yield _line(since, counts, breaches[0], away, closes)
    yield from (_line(since, counts, breach, away, shows) for breach in breaches)
    yield _line(since, counts, _NOTHING, away, keys_only)
    if not counts:
        return
    yield _line(since, counts, _NOTHING, _NOTHING, keys_only)
    for shown in range(len(counts) - 1, 0, -1):
        more = Span(f", …{keys_only.text}", Role.DIM)
        yield _line(since, counts[:shown], _NOTHING, _NOTHING, more)
    yield _line(since, counts[:1], _NOTHING, _NOTHING, _NOTHING)


def _breaches(summary: EventSummary, measure: Measure) -> list[Span]:
    if not summary.breaches:
        return [_NOTHING]
    duration = formatting.duration(summary.longest_breach_ms / 1000)
    name = cut_text(sanitize(summary.longest_breach_name), _MAX_NAME, measure)
    texts = (_LONGEST_OF.format(duration=duration, name=name), _LONGEST.format(duration=duration), "")
    return [Span(text, Role.WARN) for text in texts]


def _away(summary: EventSummary) -> Span:
    return Span(_AWAY.format(duration=formatting.duration(summary.away_ms / 1000)) if summary.away_ms else "", Role.BAD)


def _line(since: Span, counts: Sequence[_Count], breach: Span, away: Span, hint: Span) -> Line:
    spans = [since]
    for number, (field, span) in enumerate(counts):
        spans += [Span(", ")] if number else []
        spans.append(span)
        spans += [breach] if field == "breaches" else []
    if away.text:
        spans += [Span("; ")] if counts else []
        spans.append(away)
    return (*(span for span in spans if span.text), hint)


def _counts(summary: EventSummary) -> Iterator[_Count]:
    for field, one, several, role in _COUNTS:
        count = getattr(summary, field)
        if count:
            yield field, Span((one if count == 1 else several).format(count=count), role)
