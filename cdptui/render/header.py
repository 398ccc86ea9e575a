"""The first header line: connection state and data age."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from msgspec import Struct

from cdptui.models.failure import Failure
from cdptui.models.recording import RecordingPhase, RecordingState
from cdptui.models.tls import TransportSecurity
from cdptui.render import formatting
from cdptui.render.line_fitting import Measure, cut, joined, spread
from cdptui.render.recording_messages import recording_span
from cdptui.render.spans import Line, Role, Span, accent_role

STALE_INTERVALS = 2
"""Data is stale when it is older than this many intervals."""


class ConnectionStatus(Struct, frozen=True):
    """The state of the connection, as the header shows it. Times are in seconds."""

    node: str
    account: str
    loaded: int | None
    """Tasks in the list; None before the first answer."""
    total: int | None
    age_s: float | None
    """Age of the data, the time in a cache included."""
    poll_s: float | None
    interval_s: float
    failure: Failure | None
    attempt: int
    retry_in_s: float | None
    is_loading: bool
    """True until the last page of the first list was read."""
    now: datetime
    zone: tzinfo | None
    pending_changes: int | None = None
    """Changes that a paused list does not show; None when it is not paused."""
    pages: int = 0
    """Pages read so far, while loading."""
    is_cut_short: bool = False
    """True when the node may have more tasks than its total says, which could not be read."""
    cached_s: float = 0.0
    """The part of the age that the data spent in a cache between the node and this machine."""
    is_paced: bool = False
    """True when the interval is longer than configured, because the node answers slowly."""
    label: str = ""
    """What kind of node this is, always shown: `demo ×60`; empty for a management node."""
    profile: str = ""
    """Name of the profile in the configuration, always shown; empty without a profile."""
    accent: str = ""
    secrecy: TransportSecurity = TransportSecurity.SECURE
    recording: RecordingState = RecordingState(RecordingPhase.OFF)
    refresh_period_s: float = 1.0
    """Seconds between two redraws of ages and countdowns; more than 1 with low bandwidth."""


def connection_state(connection: ConnectionStatus) -> Span:
    """Return the state of the connection in a few words."""
    failure = connection.failure
    if failure is not None:
        from cdptui.render.failure_messages import failure_label

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
    if connection.cached_s > connection.interval_s:
        return Span("▲ stale, from a cache", Role.WARN)
    if connection.age_s > STALE_INTERVALS * connection.interval_s:
        return Span("▲ stale", Role.WARN)
    return Span("● live", Role.OK)


def _age_text(seconds: float, period_s: float) -> str:
    """Return an age that is redrawn every `period_s`: with a longer period, the upper bound until the next redraw.

    >>> _age_text(3.2, 1), _age_text(3.2, 10), _age_text(10, 10), _age_text(200, 10)
    ('3 s', '<10 s', '<20 s', '3 min')
    """
    if period_s <= 1 or seconds >= 60:
        return formatting.duration(seconds)
    return f"<{formatting.duration(period_s * math.floor(seconds / period_s + 1))}"


def _progress(connection: ConnectionStatus) -> str:
    """Return how many pages were read, of how many as far as that is known."""
    if connection.total is None or not connection.loaded:
        return f", {connection.pages} pages"
    known = max(connection.pages, round(connection.pages * connection.total / connection.loaded))
    return f" page {connection.pages} of {known}"


def connection_line(connection: ConnectionStatus, width: int, measure: Measure) -> Line:
    """Return the first line, with the parts that fit into `width` cells by importance.

    `measure` returns the width of a text in cells. Ages and the clock have fixed places at the right, so that a new
    second repaints few cells.
    """
    left, right = _left(connection), _right(connection)
    for dropped in range(len(_DROP_ORDER) + 1):
        hidden = set(_DROP_ORDER[:dropped])
        shown_left = [span for name, span in left if name not in hidden]
        shown_right = [span for name, span in right if name not in hidden]
        line = spread(joined(shown_left, _GAP), joined(shown_right, _GAP), width, measure)
        if line is not None:
            return line
    return cut(joined([span for name, span in left if name in _ALWAYS_SHOWN], _GAP), width, measure)


_DROP_ORDER = ("interval", "poll", "secrecy", "account", "clock", "tasks", "recording", "paced", "slow", "node", "age")
"""Parts of the first line, least important first."""

_GAP = "  "

_ALWAYS_SHOWN = frozenset({"label", "profile", "state"})
"""Parts of the first line that are cut rather than left out."""


def _left(connection: ConnectionStatus) -> list[tuple[str, Span]]:
    parts: list[tuple[str, Span]] = []
    if connection.secrecy is TransportSecurity.UNVERIFIED:
        # First, so that it is cut off last: the server that answers may not be the node.
        parts.append(("state", Span(" TLS not verified ", Role.LABEL_RED)))
    if connection.label:
        parts.append(("label", Span(f" {connection.label} ", Role.LABEL)))
    if connection.profile:
        parts.append(("profile", Span(f" {connection.profile} ", accent_role(connection.accent))))
    parts.append(("state", connection_state(connection)))
    if connection.pending_changes is not None:
        parts.append(("state", Span(f"‖ paused, {connection.pending_changes} updates pending", Role.WARN)))
    recording = recording_span(connection.recording)
    if recording is not None:
        parts.append(("recording", recording))
    if connection.refresh_period_s > 1:
        parts.append(("slow", Span("low bandwidth", Role.DIM)))
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
        is_old = max(connection.age_s / STALE_INTERVALS, connection.cached_s) > connection.interval_s
        text = f"age {_age_text(connection.age_s, connection.refresh_period_s):>5}"
        parts.append(("age", Span(text, Role.WARN if is_old else Role.TEXT)))
    local = connection.now.astimezone(connection.zone)
    clock = f"{local:%H:%M} {formatting.utc_offset(connection.now, connection.zone)}"
    parts.append(("clock", Span(clock, Role.DIM)))
    return parts
