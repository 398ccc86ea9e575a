"""What a recording answers to a running monitor: events, and the history of tasks. Imported when it is first asked."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Container, Sequence
from typing import Final

from cdptui.config.recording import RecordSettings
from cdptui.history.open_recording import OpenRecording
from cdptui.history.recording_file import RecordingError
from cdptui.history.recordings import described_errors, newest_events
from cdptui.models.event import Event
from cdptui.models.event_summary import EventSummary, summarize_events
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.trend import TaskTrend, TrendRequest

log = logging.getLogger(__name__)

_MAX_SUMMARIZED: Final = 50_000
"""Events that a summary counts, in about 0.3 s of a thread."""


def read_newest_events(settings: RecordSettings, limit: int, since_ms: int) -> list[Event]:
    """Return the newest recorded events, newest first. Those of a recording that cannot be read are none."""
    try:
        return newest_events(settings.file, limit, since_ms)
    except RecordingError as error:
        log.warning("no events: %s", error)
        return []


def read_task_trend(settings: RecordSettings, request: TrendRequest) -> TaskTrend | None:
    """Return the history of a task; None when there is no recording, or none that can be read."""
    try:
        if not settings.file.exists():
            return None
        with described_errors(settings.file), contextlib.closing(OpenRecording(settings.file)) as recording:
            return recording.trend(request)
    except (RecordingError, OSError) as error:
        log.warning("no history of a task: %s", error)
        return None


def read_rpo_of_tasks(settings: RecordSettings, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
    """Return the RPO of some tasks or of all over the times of `STATISTICS_MS`; none without a recording."""
    try:
        if not settings.file.exists():
            return ()
        with described_errors(settings.file), contextlib.closing(OpenRecording(settings.file)) as recording:
            return recording.fleet_rpo(uuids, end_ms)
    except (RecordingError, OSError) as error:
        log.warning("no RPO of the fleet: %s", error)
        return ()


def summarize_recorded_events(settings: RecordSettings, since_ms: int, until_ms: int) -> EventSummary:
    """Return what happened in a time, by the newest of its recorded events."""
    newest = read_newest_events(settings, _MAX_SUMMARIZED, since_ms)
    return summarize_events(reversed(newest), since_ms, until_ms)
