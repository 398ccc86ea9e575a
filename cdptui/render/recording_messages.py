"""Text of the state of the recording."""

from __future__ import annotations

from typing import Final

from cdptui.models.recording import RecordingPhase, RecordingProblem, RecordingState
from cdptui.render.spans import Role, Span

CAUSES: Final = {
    RecordingProblem.DISK_FULL: "disk full",
    RecordingProblem.LIMIT: "limit too small",
    RecordingProblem.READ_ONLY: "read-only file system",
    RecordingProblem.PERMISSION: "no permission",
    RecordingProblem.NOT_A_FOLDER: "folder missing",
    RecordingProblem.LINK: "file is a link",
    RecordingProblem.NOT_A_FILE: "not a file",
    RecordingProblem.OTHER_OWNER: "file of another user",
    RecordingProblem.NEWER_VERSION: "file of a newer version",
    RecordingProblem.OTHER_APPLICATION: "not a recording",
    RecordingProblem.FUTURE: "recording ends in the future",
    RecordingProblem.NO_LOCK: "no file locks",
    RecordingProblem.SLOW_DISK: "disk too slow",
    RecordingProblem.NO_THREAD: "no thread left",
    RecordingProblem.DAMAGED: "file damaged",
    RecordingProblem.INPUT_OUTPUT: "disk error",
}
"""The causes in the words of the header."""


def recording_span(state: RecordingState) -> Span | None:
    """Return what the header shows about the recording; None while all is well, or nothing is to be recorded.

    >>> recording_span(RecordingState(RecordingPhase.FAILED, RecordingProblem.DISK_FULL)).text
    'not recording: disk full'
    """
    if state.phase is RecordingPhase.FAILED and state.problem is not None:
        return Span(f"not recording: {CAUSES[state.problem]}", Role.WARN)
    if state.phase is RecordingPhase.ANOTHER_WRITES:
        return Span("recorded by another monitor", Role.DIM)
    return None


_NO_EVENTS: Final = {
    RecordingPhase.OFF: "Nothing is recorded, so there are no events (--no-record, or the demo)",
    RecordingPhase.FAILED: "Not recording: {cause}",
}
_NO_EVENTS_YET: Final = "No events yet"


def no_events_text(state: RecordingState | None) -> str:
    """Return why no events are listed; `state` is None before there is a connection.

    >>> no_events_text(None)
    'No events yet'
    """
    if state is None:
        return _NO_EVENTS_YET
    cause = CAUSES[state.problem] if state.problem is not None else ""
    return _NO_EVENTS.get(state.phase, _NO_EVENTS_YET).format(cause=cause)


_REPLACED: Final = "The recording was damaged: kept as {name}; a new one has what could be read"


def recording_notice(before: RecordingState, state: RecordingState) -> str | None:
    """Return a message about a change of the recording that the header does not show; None without one."""
    if state.replaced and state.replaced != before.replaced:
        return _REPLACED.format(name=state.replaced)
    return None
