"""The input of the tabs of the detail pane, besides the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from msgspec import Struct

from cdptui.models.aggregates import GroupSummary
from cdptui.models.capacity import CapacityHistory
from cdptui.models.inventory import BackupStorage, FetchState, Policy, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.server_metrics import TaskMetrics
from cdptui.models.storages import BY_STORAGE, StorageSummary
from cdptui.models.task import RawField, RawLines
from cdptui.models.task_row import TaskRow
from cdptui.models.trend import DEFAULT_WINDOW, TaskTrend, TrendWindow
from cdptui.render.reason_messages import ReasonContext

_NO_STORAGE: Final = StorageSummary("", GroupSummary(BY_STORAGE, ""))
_NOT_FETCHED: Final[FetchState[Any]] = FetchState()
_NO_RECORD: Final = RawLines()


class DetailContext(Struct, frozen=True):
    """What a tab shows besides the task. Fields that the shown tab does not need keep their defaults."""

    fields: Sequence[RawField]
    track: CapacityHistory
    names: Mapping[str, str]
    names_problem: str
    """Why names are missing; empty when they are known or being loaded."""
    now: datetime
    zone: tzinfo | None
    """The zone in which times are shown; None for that of this machine."""
    keys: Mapping[str, str]
    """Names of the keys, by the id of the action."""
    is_server_zone_known: bool = True
    """False when the server's dates cannot be converted."""
    is_gone: bool = False
    """True when the task is no longer in the list."""
    at: float = 0.0
    """Monotonic seconds at `now`."""
    raw: RawLines = _NO_RECORD
    storages: FetchState[Mapping[str, BackupStorage]] = _NOT_FETCHED
    policies: FetchState[Mapping[str, Policy]] = _NOT_FETCHED
    machine: FetchState[VmInstance] = _NOT_FETCHED
    points: FetchState[RecoveryPoints] = _NOT_FETCHED
    storage: StorageSummary = _NO_STORAGE
    """The backup storage, with the totals of all its tasks, this one included."""
    storage_tasks: tuple[TaskRow, ...] = ()
    """The worst tasks on the same backup storage, worst first."""
    trend: TaskTrend | None = None
    """The history of the task; None until it is read."""
    metrics: FetchState[TaskMetrics] = _NOT_FETCHED
    """What the server measured in the gaps of the history."""
    trend_window: TrendWindow = DEFAULT_WINDOW
    fleet_rpo: Sequence[RpoStatistics] | None = None
    """The RPO of all tasks over the times of `STATISTICS_MS`; None until it is read."""
    is_trend_zoomed: bool = True
    """False to show charts from zero to the plan or target."""

    @property
    def reason_context(self) -> ReasonContext:
        """The part of this that the text of reasons needs."""
        return ReasonContext(self.now, self.zone, self.names)
