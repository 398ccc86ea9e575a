"""The query tables of the monitoring: alarms, event subscriptions, and the records of alarms, events and audits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from uuid import NAMESPACE_OID, uuid5

from cdptui.simulator.inventories import make_columns, make_table
from cdptui.simulator.java_json import encode_plain
from cdptui.simulator.query.table import Table
from cdptui.simulator.records import (
    ALARM_METRICS,
    ALARM_NAMES,
    ALARM_PERIOD_S,
    ALARM_THRESHOLDS,
    FAILED_SUBSCRIPTION,
    LATENCY_ALARM,
    NAMESPACE,
    SUBSCRIPTION_EVENTS,
    SUBSCRIPTION_NAMES,
    AuditLog,
    Record,
    alarm_records,
    event_records,
)
from cdptui.simulator.world.world import World

_ALARM_TEXT = (
    "alarmUuid alarmName namespace metricName alarmStatus accountUuid resourceUuid resourceType comparisonOperator"
    " labels context emergencyLevel readStatus dataUuid"
)
_ALARM_NUMBERS = "threshold period metricValue createTime"
_EVENT_TEXT = (
    "namespace name labels emergencyLevel resourceId resourceName error dataUuid accountUuid subscriptionUuid"
    " readStatus"
)
_AUDIT_TEXT = (
    "apiName clientIp operator operatorAccountUuid success error requestUuid responseUuid resourceUuid resourceType"
    " resourceName requestDump responseDump"
)
_TOPIC_UUID = uuid5(NAMESPACE_OID, "notification topic").hex


@dataclass(frozen=True, slots=True)
class _Rule:
    """An alarm or an event subscription."""

    uuid: str
    created: float


class MonitoringTables:
    """The tables. `date` formats a time, in epoch seconds; `created` is that of the built-in rules."""

    def __init__(self, world: World, audit: AuditLog, date: Callable[[float], str], created: float) -> None:
        self._world = world
        self._date = date
        self.alarms = self._alarm_table(created)
        self.subscriptions = self._subscription_table(created)
        self.alarm_records = _record_table("AlarmRecords", _ALARM_TEXT, _ALARM_NUMBERS, lambda: alarm_records(world))
        self.event_records = _record_table("EventRecords", _EVENT_TEXT, "createTime", lambda: event_records(world))
        self.audit_records = _record_table("Audits", _AUDIT_TEXT, "duration createTime", lambda: audit.resources)

    def _alarm_table(self, created: float) -> Table[_Rule]:
        def fields(rule: _Rule) -> dict[str, object]:
            newest: dict[object, object] = {}
            for record in reversed(alarm_records(self._world)):
                if record.values["alarmUuid"] == rule.uuid:
                    newest[record.values["resourceUuid"]] = record.values["alarmStatus"]
            action = {"alarmUuid": rule.uuid, "actionType": "sns", "actionUuid": _TOPIC_UUID}
            return {
                "uuid": rule.uuid,
                "name": ALARM_NAMES[rule.uuid],
                "description": None,
                "namespace": NAMESPACE,
                "metricName": ALARM_METRICS[rule.uuid],
                "comparisonOperator": "GreaterThan",
                "threshold": ALARM_THRESHOLDS[rule.uuid],
                "period": ALARM_PERIOD_S,
                "repeatInterval": 1800,
                "repeatCount": -1,
                "status": "Alarm" if "Alarm" in newest.values() else "OK",
                "state": "Enabled",
                "enableRecovery": True,
                "emergencyLevel": "Important",
                "labels": [],
                # The capacity alarm has no action: it notifies nobody.
                "actions": [action] if rule.uuid == LATENCY_ALARM else [],
                "createDate": self._date(rule.created),
                "lastOpDate": self._date(rule.created),
            }

        found = make_columns(
            fields,
            text="name description namespace metricName comparisonOperator status state emergencyLevel enableRecovery",
            numbers="threshold period repeatInterval repeatCount",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("created")},
            lists="labels actions",
        )
        rules = {uuid: _Rule(uuid, created) for uuid in ALARM_NAMES}
        return make_table("org.zstack.zwatch.alarm.AlarmInventory", found, fields, rules)

    def _subscription_table(self, created: float) -> Table[_Rule]:
        def fields(rule: _Rule) -> dict[str, object]:
            action = {"subscriptionUuid": rule.uuid, "actionType": "sns", "actionUuid": _TOPIC_UUID}
            return {
                "uuid": rule.uuid,
                "name": SUBSCRIPTION_NAMES[rule.uuid],
                "namespace": NAMESPACE,
                "eventName": SUBSCRIPTION_EVENTS[rule.uuid],
                "state": "Enabled" if rule.uuid == FAILED_SUBSCRIPTION else "Disabled",
                "emergencyLevel": "Emergent" if rule.uuid == FAILED_SUBSCRIPTION else "Important",
                "labels": [],
                "actions": [action],
                "createDate": self._date(rule.created),
                "lastOpDate": self._date(rule.created),
            }

        found = make_columns(
            fields,
            text="name namespace eventName state emergencyLevel",
            numbers="",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("created")},
            lists="labels actions",
        )
        rules = {uuid: _Rule(uuid, created) for uuid in SUBSCRIPTION_NAMES}
        return make_table("org.zstack.zwatch.alarm.EventSubscriptionInventory", found, fields, rules)


def _record_table(name: str, text: str, numbers: str, records: Callable[[], list[Record]]) -> Table[Record]:
    """Return a query table of the records that the histories have too."""

    def values(record: Record) -> dict[str, object]:
        found = {**record.values, "createTime": record.time_ms}
        if isinstance(labels := found.get("labels"), dict):
            found["labels"] = encode_plain(labels).decode()
        return found

    found = make_columns(values, text=text, numbers=numbers, dates={})
    del found["uuid"]
    table = make_table(f"org.zstack.zwatch.migratedb.{name}Inventory", found, values, dict[str, Record]())
    table.rows = records
    table.by_uuid = lambda uuid: next((record for record in records() if record.uuid == uuid), None)
    return table
