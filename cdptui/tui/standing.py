"""How things stand with the node: its target, the newest update and the clock, as the header says it."""

from __future__ import annotations

from cdptui.clock import Clock
from cdptui.monitor.update import Update
from cdptui.render.header import ConnectionStatus
from cdptui.tui.target import Target


def connection_of(
    target: Target, update: Update, clock: Clock, *, behind: int | None, beat_s: float
) -> ConnectionStatus:
    """What the header says now; `behind` are changes that a frozen view does not show."""
    now, snapshot, due = clock.monotonic(), update.snapshot, update.next_poll_at
    return ConnectionStatus(
        node=target.node,
        account=target.account,
        loaded=len(snapshot.tasks) if snapshot is not None else None,
        total=snapshot.total if snapshot is not None else None,
        age_s=now - snapshot.taken_monotonic if snapshot is not None else None,
        poll_s=snapshot.duration_s if snapshot is not None else None,
        interval_s=update.interval_s,
        failure=update.failure,
        attempt=update.attempt,
        retry_in_s=due - now if due is not None else None,
        is_loading=snapshot is not None and not snapshot.is_complete,
        now=clock.now(),
        zone=None,
        pending_changes=behind,
        pages=snapshot.pages if snapshot is not None else 0,
        is_cut_short=snapshot is not None and snapshot.is_cut_short,
        is_paced=update.is_slowed_down,
        profile=target.profile,
        secrecy=target.secrecy,
        accent=target.accent,
        refresh_period_s=beat_s,
    )
