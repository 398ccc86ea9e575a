"""The two lines that are always true: who is watched and how fresh it is; how the fleet stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from enum import IntEnum

from msgspec import Struct

from cdptui.models.aggregates import FleetSummary
from cdptui.models.failure import Failure
from cdptui.models.severity import NEAR_FULL_RATIO, Severity
from cdptui.models.tls import TransportSecurity
from cdptui.render import formatting
from cdptui.render.failure_messages import failure_label
from cdptui.render.spans import Line, Role, Span, accent_role
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES, SHORT_WORDS, status_rank

_NEAR_FULL = f"▲ {{}} ≥{formatting.percent(NEAR_FULL_RATIO)}"
"""In less room than the words take; `full` would be another thing."""

STALE_INTERVALS = 2
"""Data older than so many intervals is stale."""


class ConnectionStatus(Struct, frozen=True):
    """How things stand with the node, as the header says it. Times in seconds."""

    node: str
    account: str
    loaded: int | None
    """Tasks in the list; None before the first answer."""
    total: int | None
    age_s: float | None
    poll_s: float | None
    interval_s: float
    failure: Failure | None
    attempt: int
    retry_in_s: float | None
    is_loading: bool
    """True while the pages of the first answer are still coming."""
    now: datetime
    zone: tzinfo | None
    pending_changes: int | None = None
    """Changes that a frozen view does not show; None when it is not frozen."""
    pages: int = 0
    """Pages read so far, while loading."""
    is_cut_short: bool = False
    """Whether the node may have tasks that could not be read, beyond what its total says."""
    is_paced: bool = False
    """Whether the interval is longer than was asked for, because the node answers slowly."""
    profile: str = ""
    """Its name in the configuration, which is always said when it has one."""
    accent: str = ""
    secrecy: TransportSecurity = TransportSecurity.SECURE
    refresh_period_s: float = 1.0
    """How often what ticks is drawn anew; more than 1 on a slow line."""


def connection_state(connection: ConnectionStatus) -> Span:
    """The state of the connection in a word or two."""
    failure = connection.failure
    if failure is not None:
        cause = failure_label(failure)
        if failure.needs_user_action:
            return Span(f"✖ {cause}", Role.BAD)
        due = connection.retry_in_s
        if due is None or due < 0.5:
            when = "now"
        else:
            when = (
                f"in {due:.0f} s"
                if connection.refresh_period_s <= 1
                else f"in {_age_text(due, connection.refresh_period_s)}"
            )
        return Span(f"▲ retry {connection.attempt} {when}: {cause}", Role.BAD)
    if connection.age_s is None:
        return Span("◌ connecting", Role.BUSY)
    if connection.is_loading:
        return Span(f"◌ loading{_progress(connection)}", Role.BUSY)
    if connection.age_s > STALE_INTERVALS * connection.interval_s:
        return Span("▲ stale", Role.WARN)
    return Span("● live", Role.OK)


def _age_text(seconds: float, beat_s: float) -> str:
    """A time that is drawn on each beat: on a slow one, as what it may have become by the next.

    >>> _age_text(3.2, 1), _age_text(3.2, 10), _age_text(10, 10), _age_text(200, 10)
    ('3 s', '<10 s', '<20 s', '3 min')
    """
    if beat_s <= 1 or seconds >= 60:
        return formatting.duration(seconds)
    return f"<{formatting.duration(beat_s * math.floor(seconds / beat_s + 1))}"


def _progress(connection: ConnectionStatus) -> str:
    """Pages read of pages known."""
    if connection.total is None or not connection.loaded:
        return f", {connection.pages} pages"
    known = max(connection.pages, round(connection.pages * connection.total / connection.loaded))
    return f" page {connection.pages} of {known}"


def connection_line(connection: ConnectionStatus, width: int, measure: Callable[[str], int]) -> Line:
    """The first line; what fits `width` cells by importance, `measure` being the width of a text in cells.

    Everything that ticks has its fixed place at the right, so that a new second repaints a few cells.
    """
    left, right = _left(connection), _right(connection)
    for dropped in range(len(_DROP_ORDER) + 1):
        gone = set(_DROP_ORDER[:dropped])
        kept_left = [span for name, span in left if name not in gone]
        kept_right = [span for name, span in right if name not in gone]
        line = _spread(kept_left, kept_right, width, measure)
        if line is not None:
            return line
    return _cut(_joined([span for name, span in left if name in {"profile", "word"}], "  "), width, measure)


_DROP_ORDER = ("interval", "poll", "secrecy", "account", "clock", "tasks", "paced", "slow", "node", "age")
"""What goes first when the line is too short."""


def _left(connection: ConnectionStatus) -> list[tuple[str, Span]]:
    parts: list[tuple[str, Span]] = []
    if connection.secrecy is TransportSecurity.UNVERIFIED:
        # First, so that it is the last to be cut off: whoever answers may not be the node.
        parts.append(("word", Span(" TLS not verified ", Role.LABEL_RED)))
    if connection.profile:
        parts.append(("profile", Span(f" {connection.profile} ", accent_role(connection.accent))))
    parts.append(("word", connection_state(connection)))
    if connection.pending_changes is not None:
        parts.append(("word", Span(f"‖ paused, {connection.pending_changes} changes behind", Role.WARN)))
    if connection.refresh_period_s > 1:
        parts.append(("slow", Span("slow line", Role.DIM)))
    parts.append(("node", Span(connection.node, Role.STRONG)))
    if connection.secrecy is TransportSecurity.PLAINTEXT:
        parts.append(("secrecy", Span("not encrypted", Role.DIM)))
    parts.append(("account", Span(connection.account, Role.DIM)))
    return parts


def _right(connection: ConnectionStatus) -> list[tuple[str, Span]]:
    parts: list[tuple[str, Span]] = []
    if connection.loaded is not None:
        total = connection.loaded if connection.total is None else max(connection.total, connection.loaded)
        is_short = connection.loaded < total
        if connection.is_cut_short and not is_short:
            parts.append(("tasks", Span(f"{connection.loaded}/? tasks", Role.WARN)))
        else:
            parts.append(("tasks", Span(f"{connection.loaded}/{total} tasks", Role.WARN if is_short else Role.TEXT)))
    if connection.is_paced:
        parts.append(("paced", Span(f"node is slow: every {connection.interval_s:.0f} s", Role.WARN)))
    else:
        parts.append(("interval", Span(f"every {connection.interval_s:g} s", Role.DIM)))
    if connection.poll_s is not None:
        parts.append(("poll", Span(f"poll {formatting.poll_time(connection.poll_s)}", Role.DIM)))
    if connection.age_s is not None:
        is_old = connection.age_s > STALE_INTERVALS * connection.interval_s
        text = f"age {_age_text(connection.age_s, connection.refresh_period_s):>5}"
        parts.append(("age", Span(text, Role.WARN if is_old else Role.TEXT)))
    local = connection.now.astimezone(connection.zone)
    clock = f"{local:%H:%M} {formatting.utc_offset(connection.now, connection.zone)}"
    parts.append(("clock", Span(clock, Role.DIM)))
    return parts


def fleet_line(fleet: FleetSummary | None, width: int, measure: Callable[[str], int]) -> Line:
    """The second line: a count for each status, and the sums; in the longest form that fits.

    Before the first answer there is no fleet, and nothing is said: a zero would be a lie.
    """
    if fleet is None:
        return ()
    right: list[Span] = []
    left: list[Span] = []
    for form in _Verbosity:
        left, right = _counts(fleet, form), _sums(fleet, form)
        line = _spread(left, right, width, measure, gap="  " if form <= _Verbosity.PLAIN else " ")
        if line is not None:
            return line
    # What does not fit is cut at the end, and the worst statuses stand first.
    return _cut(_joined([*right, *left], " "), width, measure)


class _Verbosity(IntEnum):
    """How much room the second line takes, the most first."""

    FULL = 0
    PLAIN = 1
    TIGHT = 2
    SHORT = 3
    SIGNS = 4
    BRIEF = 5
    """Words only for what does not protect; help has the other glyphs."""


def _counts(fleet: FleetSummary, form: _Verbosity) -> list[Span]:
    spans = []
    for status, count, severity in sorted(fleet.statuses, key=lambda counted: (status_rank(counted[0]), counted[0])):
        word = SHORT_WORDS.get(status, status) if form >= _Verbosity.SHORT else status
        if form is _Verbosity.BRIEF and severity < Severity.CRITICAL:
            word = ""
        blank = "" if form >= _Verbosity.SHORT else " "
        spans.append(Span(f"{GLYPHS.get(status, OTHER_GLYPH)}{blank}{count} {word}".rstrip(), ROLES[severity]))
    return spans


def _sums(fleet: FleetSummary, form: _Verbosity) -> list[Span]:
    ratio = fleet.used_bytes / fleet.plan_bytes if fleet.plan_bytes else None
    used, plan = formatting.size(fleet.used_bytes), formatting.size(fleet.plan_bytes)
    match form:
        case _Verbosity.FULL:
            words = f"Σ {used} of {plan} ({formatting.percent(ratio)})", "▲ {} near full", "↯ {} RPO breaches"
        case _Verbosity.PLAIN:
            words = f"Σ {used} of {plan}", "▲ {} near full", "↯ {} RPO"
        case _Verbosity.TIGHT:
            words = f"Σ {used} of {plan}", _NEAR_FULL, "↯ {} RPO"
        case _Verbosity.SHORT:
            words = f"Σ {formatting.percent(ratio)}", _NEAR_FULL, "↯ {} RPO"
        case _:
            words = f"Σ{formatting.percent(ratio)}", "▲{}", "↯{}"
    sums, near, breaches = words
    bad = f"! {fleet.bad_records} unreadable" if form < _Verbosity.SIGNS else f"!{fleet.bad_records}"
    return [
        *([Span(bad, Role.BAD)] if fleet.bad_records else []),
        Span(sums),
        Span(near.format(fleet.near_full), Role.WARN if fleet.near_full else Role.DIM),
        Span(breaches.format(fleet.rpo_breaches), Role.BAD if fleet.rpo_breaches else Role.DIM),
    ]


def _spread(
    left: Sequence[Span], right: Sequence[Span], width: int, measure: Callable[[str], int], gap: str = "  "
) -> Line | None:
    """Left spans at the left, right spans at the right; None when they do not fit."""
    left_spans = _joined(left, gap)
    right_spans = _joined(right, gap)
    used = sum(measure(span.text) for span in (*left_spans, *right_spans))
    space = width - used
    if space < (len(gap) if right_spans else 0):
        return None
    return (*left_spans, Span(" " * space), *right_spans)


def _joined(spans: Sequence[Span], gap: str) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if not span.text:
            continue
        if joined:
            joined.append(Span(gap))
        joined.append(span)
    return joined


def _cut(spans: Sequence[Span], width: int, measure: Callable[[str], int]) -> Line:
    """What fits, with an ellipsis where something does not."""
    kept: list[Span] = []
    left = width
    for span in spans:
        if measure(span.text) > left:
            text = span.text
            while text and measure(text) > left - 1:
                text = text[:-1]
            if left > 0:
                kept.append(span._replace(text=text + "…"))
            break
        kept.append(span)
        left -= measure(span.text)
    return tuple(kept)
