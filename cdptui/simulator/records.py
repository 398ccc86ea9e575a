"""Records of the monitoring: alarms and events from the history of the fleet, and the audit log."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid4, uuid5

from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.java_json import encode_plain
from cdptui.simulator.sessions import ADMIN_ACCOUNT_UUID
from cdptui.simulator.world.task import SimulatedTask
from cdptui.simulator.world.world import World

NAMESPACE = "ZStack/CdpTask"
USED_METRIC = "CdpTaskUsedCapacityInPercent"
LATENCY_METRIC = "CdpTaskLatency"

# The uuids of the built-in rules are fixed; two of them are not hexadecimal.
LATENCY_ALARM = "66898fa836694f7665d49b74dedf7631"
CAPACITY_ALARM = "78898fa836694f769ed89b74ded006f1"
STATUS_SUBSCRIPTION = "47388fa83669736d6ed8776d7ed384g4"
FAILED_SUBSCRIPTION = "98h262f95c1987fg2ba1be4a3562765f"

ALARM_NAMES = {LATENCY_ALARM: "CDP Task RPO Latency", CAPACITY_ALARM: "Capacity Used by CDP Task"}
ALARM_METRICS = {LATENCY_ALARM: LATENCY_METRIC, CAPACITY_ALARM: USED_METRIC}
ALARM_THRESHOLDS = {LATENCY_ALARM: 600_000.0, CAPACITY_ALARM: 80.0}
"""Milliseconds, and percent. The thresholds of the real alarms are unknown."""
SUBSCRIPTION_NAMES = {STATUS_SUBSCRIPTION: "CDP Task Status Abnormally Changed", FAILED_SUBSCRIPTION: "CDP Task Failed"}
SUBSCRIPTION_EVENTS = {STATUS_SUBSCRIPTION: "CdpTaskStatusAbnormallyChanged", FAILED_SUBSCRIPTION: "CdpTaskFailed"}

ALARM_PERIOD_S = 300
_ALARM_DAYS = 7
_DAY = 1440
_MAX_AUDITS = 5_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record with its fields in wire format, without its time. `at` is in epoch seconds."""

    uuid: str
    at: float
    values: dict[str, object] = field(repr=False)

    @property
    def time_ms(self) -> int:
        """The time as the server stores it: milliseconds, unlike those of the metrics."""
        return int(self.at * 1000)


def event_records(world: World) -> list[Record]:
    """Return the events of the fleet, newest first."""
    records = []
    for change in world.status_history:
        if not change.is_abnormal:
            continue
        is_failure = change.status == "Failed"
        subscription = FAILED_SUBSCRIPTION if is_failure else STATUS_SUBSCRIPTION
        values: dict[str, object] = {
            "namespace": NAMESPACE,
            "name": SUBSCRIPTION_EVENTS[subscription],
            "labels": {"CdpTaskUuid": change.task_uuid, "OldStatus": change.previous, "NewStatus": change.status},
            "emergencyLevel": "Emergent" if is_failure else "Important",
            "resourceId": change.task_uuid,
            "resourceName": change.task_name,
            "error": "the used capacity exceeds the planned capacity" if is_failure else None,
            "dataUuid": change.uuid,
            "accountUuid": ADMIN_ACCOUNT_UUID,
            "subscriptionUuid": subscription,
            "readStatus": "Unread",
        }
        records.append(Record(change.uuid, change.at, values))
    return _newest_first(records)


def alarm_records(world: World) -> list[Record]:
    """Return the alarms of the fleet, newest first.

    They are derived from the current status of each task: its used capacity, and its times of high latency of the last
    seven days.
    """
    records = []
    for task in world.tasks.values():
        records += [*_latency_records(world, task), *_capacity_records(world, task)]
    return _newest_first(records)


def _latency_records(world: World, task: SimulatedTask) -> Iterator[Record]:
    threshold = ALARM_THRESHOLDS[LATENCY_ALARM]
    for begin, end in task.lag_spells(world.minute - _ALARM_DAYS * _DAY, world.minute):
        minutes = range(max(begin + 1, task.since), min(end, world.minute + 1))
        raised = next((minute for minute in minutes if task.latency_at(minute) > threshold), None)
        if raised is None:
            continue
        yield _alarm(world, task, LATENCY_ALARM, raised, task.latency_at(raised))
        if end <= world.minute:
            yield _alarm(world, task, LATENCY_ALARM, end, task.latency_at(end), status="OK")


def _capacity_records(world: World, task: SimulatedTask) -> Iterator[Record]:
    if not task.plan:
        return
    percent = 100 * task.used_at(world.minute) / task.plan
    if percent > ALARM_THRESHOLDS[CAPACITY_ALARM]:
        raised = world.minute_above(task, task.plan * ALARM_THRESHOLDS[CAPACITY_ALARM] / 100)
        yield _alarm(world, task, CAPACITY_ALARM, raised, percent)


def _alarm(
    world: World, task: SimulatedTask, alarm: str, minute: int, value: float, *, status: str = "Alarm"
) -> Record:
    uuid = uuid5(NAMESPACE_OID, f"{alarm} {task.uuid} {minute} {status}").hex
    labels = [{"key": "CdpTaskUuid", "op": "Equal", "value": task.uuid}]
    values: dict[str, object] = {
        "alarmUuid": alarm,
        "alarmName": ALARM_NAMES[alarm],
        "namespace": NAMESPACE,
        "metricName": ALARM_METRICS[alarm],
        "alarmStatus": status,
        "accountUuid": ADMIN_ACCOUNT_UUID,
        "resourceUuid": task.uuid,
        "resourceType": "CdpTaskVO",
        "threshold": ALARM_THRESHOLDS[alarm],
        "period": ALARM_PERIOD_S,
        "metricValue": round(float(value), 3),
        "comparisonOperator": "GreaterThan",
        "labels": encode_plain(labels).decode(),
        "context": "{}",
        "emergencyLevel": "Important",
        "readStatus": "Unread",
        "dataUuid": uuid,
    }
    return Record(uuid, world.wall_time(minute), values)


def _newest_first(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.at, record.uuid), reverse=True)


class AuditedResource(NamedTuple):
    """The resource that a call changed."""

    kind: str
    """Its class, such as `CdpTaskVO`."""
    uuid: str
    name: str


class AuditLog:
    """Calls that changed something, and logins."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._resources: deque[Record] = deque(maxlen=_MAX_AUDITS)
        self._logins: deque[Record] = deque(maxlen=_MAX_AUDITS)

    @property
    def resources(self) -> list[Record]:
        """The calls, newest first."""
        return _newest_first(list(self._resources))

    @property
    def logins(self) -> list[Record]:
        """The logins, newest first."""
        return _newest_first(list(self._logins))

    def record_call(
        self,
        message: str,
        at: float,
        resource: AuditedResource,
        *,
        client: str = "",
        parameters: object = None,
        error: ErrorCode | None = None,
    ) -> None:
        """Record a call."""
        values: dict[str, object] = {
            "resourceUuid": resource.uuid,
            "resourceType": resource.kind,
            "resourceName": resource.name,
            "requestDump": encode_plain({message: parameters or {}}).decode(),
            "responseDump": encode_plain({"success": error is None}).decode(),
        }
        self._resources.append(self._record(message, at, client, error, values))

    def record_login(self, message: str, at: float, name: str, *, client: str, error: ErrorCode | None = None) -> None:
        """Record a login that was tried under a name."""
        self._logins.append(self._record(message, at, client, error, {"operator": name, "clientBrowser": ""}))

    def _record(
        self, message: str, at: float, client: str, error: ErrorCode | None, values: dict[str, object]
    ) -> Record:
        request = uuid4().hex
        common: dict[str, object] = {
            "apiName": message,
            "clientIp": client,
            "operator": self._account,
            "operatorAccountUuid": ADMIN_ACCOUNT_UUID,
            "success": error is None,
            "error": None if error is None else error.code,
            "duration": 12,
            "requestUuid": request,
            "responseUuid": uuid4().hex,
        }
        return Record(request, at, common | values)
