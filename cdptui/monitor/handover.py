"""Build a handover from a recording."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from cdptui.api.record_template import join_record
from cdptui.history.open_recording import OpenRecording
from cdptui.history.recordings import described_errors
from cdptui.models.handover import FleetThen, Handover, HandoverTime, build_handover
from cdptui.monitor.replay import PastFleet, Replay


def read_handover(path: Path, since_ms: int, until_ms: int, zone: tzinfo | None) -> Handover | None:
    """Return what is to be told about a time; None when nothing was recorded before its end.

    `zone` is that of the server's dates. Raises RecordingError.
    """
    with described_errors(path), contextlib.closing(OpenRecording(path)) as recording:
        timeline, replay = recording.timeline(), Replay(recording.fleet, zone)
        now = replay.fleet_at(until_ms)
        if now is None or timeline is None:
            return None
        before = replay.fleet_at(max(since_ms, timeline.first_ms))
        return build_handover(
            HandoverTime(since_ms, until_ms),
            _then(before),
            _then(now),
            recording.events_within(since_ms, until_ms),
            recording.rpo_within(since_ms, until_ms),
            timeline.gaps,
        )


def _then(fleet: PastFleet | None) -> FleetThen:
    return FleetThen(fleet.rows, fleet.names) if fleet is not None else FleetThen(())


def read_records(path: Path, until_ms: int) -> dict[str, str]:
    """Return the records of all tasks at a moment as the server sent them, by UUID. Raises RecordingError."""
    with described_errors(path), contextlib.closing(OpenRecording(path)) as recording:
        return {
            record.uuid: join_record(record.text, record.values).decode(errors="replace")
            for record in recording.fleet.records_at(until_ms)
        }


def find_text(path: Path, is_wanted: Callable[[str], bool]) -> bool:
    """Return whether a text of a recording is wanted. Raises RecordingError."""
    with described_errors(path), contextlib.closing(OpenRecording(path)) as recording:
        return any(is_wanted(text) for text in recording.texts())
