"""What the tabs of the detail pane are made from: the task is given apart, this is everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from msgspec import Struct

from cdptui.models.capacity import CapacityHistory
from cdptui.models.inventory import BackupStorage, FetchState, Policy, StorageCommitment, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.task import RawField, RawLines
from cdptui.render.key_names import KEY_NAMES
from cdptui.render.reason_messages import ReasonContext

_NOBODY: Final = StorageCommitment()
_NOTHING: Final[FetchState[Any]] = FetchState()
_NO_RECORD: Final = RawLines()


class DetailContext(Struct, frozen=True):
    """What the pane needs beside the task. Each tab fills what it shows and leaves the rest as it is."""

    fields: Sequence[RawField]
    track: CapacityHistory
    names: Mapping[str, str]
    names_problem: str
    """Why names are missing; empty when they are not, or are on their way."""
    now: datetime
    zone: tzinfo | None
    """The server's zone; None when it is not known."""
    is_gone: bool = False
    """True when the task is no longer in the list."""
    at: float = 0.0
    """The monotonic second of `now`."""
    raw: RawLines = _NO_RECORD
    storages: FetchState[Mapping[str, BackupStorage]] = _NOTHING
    policies: FetchState[Mapping[str, Policy]] = _NOTHING
    machine: FetchState[VmInstance] = _NOTHING
    points: FetchState[RecoveryPoints] = _NOTHING
    commitment: StorageCommitment = _NOBODY
    """All tasks on the task's backup storage, itself included."""
    keys: Mapping[str, str] = KEY_NAMES
    """What to call the key of an action."""

    @property
    def reason_context(self) -> ReasonContext:
        """From where reasons are told."""
        return ReasonContext(self.now, self.zone, self.names)
