"""What a recording holds, and the state of recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct

from cdptui.models.reasons import Reason


class RecordingPhase(Enum):
    """What the recorder does."""

    OFF = "off"
    """Nothing is recorded, as the user chose."""
    STARTING = "starting"
    RECORDING = "recording"
    ANOTHER_WRITES = "another-writes"
    """Another monitor records this node; this one takes over when that ends."""
    FAILED = "failed"
    """Nothing is recorded; the recorder tries again."""


class RecordingProblem(Enum):
    """Why nothing is recorded, or what happened to a recording."""

    DISK_FULL = "disk-full"
    LIMIT = "limit"
    """The permitted size is too small for the data."""
    READ_ONLY = "read-only"
    """The file system does not permit writing."""
    PERMISSION = "permission"
    NOT_A_FOLDER = "not-a-folder"
    LINK = "link"
    """The file is a symbolic link."""
    NOT_A_FILE = "not-a-file"
    OTHER_OWNER = "other-owner"
    NEWER_VERSION = "newer-version"
    OTHER_APPLICATION = "other-application"
    """A database that is not a recording."""
    FUTURE = "future"
    """The newest entry is later than the clock of this machine."""
    NO_LOCK = "no-lock"
    """The file system has no locks."""
    SLOW_DISK = "slow-disk"
    NO_THREAD = "no-thread"
    DAMAGED = "damaged"
    INPUT_OUTPUT = "input-output"


class RecordingState(Struct, frozen=True):
    """The state of recording, for the header and the log."""

    phase: RecordingPhase
    problem: RecordingProblem | None = None
    """Set when the phase is FAILED."""
    detail: str = ""
    """Path or text of the system's error, sanitized."""
    replaced: str = ""
    """The name that a damaged file got, when a new one was begun; empty otherwise."""


class RecordedSeries(Struct, frozen=True, gc=False):
    """What a recording knows about a task of its last poll."""

    uuid: str
    used: Sequence[tuple[float, int]]
    """Changes of used capacity: seconds since 1970 and bytes, oldest first."""
    status: str
    state: str
    unchanged_since_s: float
    """Seconds since 1970 of the first poll with this status and state."""
    is_change_seen: bool
    """False when no other status or state was recorded before."""
    hours: Sequence[tuple[int, int | None]] = ()
    """Used capacity at whole hours, counted from 1970, up to the last poll; None in gaps."""
    reasons: tuple[Reason, ...] = ()
    """Its problems with their start, as they were at the last poll."""
    changed_at: datetime | None = None
    """Time of the last change other than of its numbers; None when none was recorded."""


class RecordedHistory(Struct, frozen=True):
    """What the last days of a recording say about the tasks that exist."""

    tasks: Sequence[RecordedSeries] = ()
    gaps: Sequence[tuple[float, float]] = ()
    """Times without a poll, in seconds since 1970."""
    last_poll_s: float | None = None
    """Seconds since 1970 of the last poll; None when none was recorded."""
    ended_s: float | None = None
    """Seconds since 1970 at which the last monitor ended: its last poll, if it ended without a word."""


class PollRecord(Struct, frozen=True, gc=False):
    """A poll that was recorded."""

    at_ms: int
    """Milliseconds since 1970."""
    duration_ms: int
    total: int | None
    """Number of tasks by the server's count."""
    is_cut_short: bool = False


class OutageRecord(Struct, frozen=True):
    """A time in which polls failed."""

    started_ms: int
    ended_ms: int | None
    """None while it lasts. A monitor that is started while it lasts goes on with it."""
    kind: str
    """Value of `FailureKind` of its first failure."""
    code: str
    attempts: int
