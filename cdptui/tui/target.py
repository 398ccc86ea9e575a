"""A management node to monitor, and the connection state that the header shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct

from cdptui.models.recording import RecordingState
from cdptui.models.tls import TransportSecurity

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection
    from cdptui.monitor.past_source import PastSource
from cdptui.clock import Clock
from cdptui.monitor.update import Update
from cdptui.render.header import ConnectionStatus


class RecordingStart(Struct, frozen=True):
    """A recording, and where to begin in it."""

    source: PastSource
    moment_ms: int
    """Milliseconds since 1970."""
    speed: int = 0
    """How many times as fast as it was it plays; 0 when it does not."""


class Target(Struct, frozen=True):
    """A management node or a recording of one: how it is displayed and how to connect to it."""

    connect: Callable[[], Awaitable[NodeConnection]] | None
    """Opens the connection; called after the first frame is on screen. None for a recording."""
    node: str
    account: str
    interval_s: float
    profile: str = ""
    """The name of its profile in the configuration; empty without a profile."""
    accent: str = ""
    """The colour of the profile name; empty for the default."""
    secrecy: TransportSecurity = TransportSecurity.SECURE
    view: int | str | None = None
    """The startup view, by number or name."""
    redact: Callable[[str], str] = str
    """Removes secrets from the text of an error."""
    label: str = ""
    """What kind of node it is, for the header: `demo ×60`; empty for a management node."""
    zone: tzinfo | None = None
    """The zone in which all times are shown; None for that of this machine, which `TZ` sets."""
    recording: RecordingStart | None = None
    """Set for a recording that is looked at without its node."""


def connection_status(
    target: Target,
    update: Update,
    clock: Clock,
    *,
    behind: int | None,
    beat_s: float,
    recording: RecordingState,
) -> ConnectionStatus:
    """Build the connection state for the header. `behind` counts the updates that a paused list does not show."""
    now, snapshot, due = clock.monotonic(), update.snapshot, update.next_poll_at
    return ConnectionStatus(
        node=target.node,
        account=target.account,
        loaded=len(snapshot.tasks) if snapshot is not None else None,
        total=snapshot.total if snapshot is not None else None,
        age_s=now - snapshot.taken_monotonic + snapshot.cached_s if snapshot is not None else None,
        poll_s=snapshot.duration_s if snapshot is not None else None,
        interval_s=update.interval_s,
        failure=update.failure,
        attempt=update.attempt,
        retry_in_s=due - now if due is not None else None,
        is_loading=snapshot is not None and not snapshot.is_complete,
        now=clock.now(),
        zone=target.zone,
        pending_changes=behind,
        pages=snapshot.pages if snapshot is not None else 0,
        is_cut_short=snapshot is not None and snapshot.is_cut_short,
        cached_s=snapshot.cached_s if snapshot is not None else 0.0,
        is_paced=update.is_slowed_down,
        label=target.label,
        profile=target.profile,
        secrecy=target.secrecy,
        accent=target.accent,
        recording=recording,
        refresh_period_s=beat_s,
    )
