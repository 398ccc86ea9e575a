"""Histories of the monitoring: alarms, events and audits.

They are no query APIs: their conditions have a syntax of their own, and times are milliseconds, unlike those of the
metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse, Response
from cdptui.simulator.java_json import encode, in_hash_order
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.query.matching import like_pattern
from cdptui.simulator.records import Record, alarm_records, event_records
from cdptui.simulator.routing import Call, Route

_API = "org.zstack.zwatch.api"
_DEFAULT_LIMIT = 100
_OPERATORS = ("=~", ":=", "!=", "!~", "=")
"""In the order in which the server searches a condition; the first one found splits it."""
_NEGATIVE = {"!=": "=", "!~": "=~"}
_ALARM_KEYS = frozenset(
    {
        "readStatus", "alarmUuid", "accountUuid", "emergencyLevel", "metricName", "alarmStatus", "namespace",
        "dataUuid", "resourceType", "resourceUuid",
    }
)  # fmt: skip
_EVENT_KEYS = frozenset(
    {
        "namespace", "name", "emergencyLevel", "resourceId", "resourceName", "error", "dataUuid", "accountUuid",
        "subscriptionUuid", "readStatus", "labels", "createTime",
    }
)  # fmt: skip
_AUDIT_KEYS = {
    "Resource": frozenset({"resourceUuid", "operatorAccountUuid", "error", "resourceType", "apiName", "requestUuid"}),
    "Login": frozenset({"operatorAccountUuid", "apiName", "clientIp", "clientBrowser", "error"}),
}


@dataclass(frozen=True, slots=True)
class _Condition:
    key: str
    operator: str
    value: str

    def matches(self, record: Record) -> bool:
        """Return whether a record matches. `=~` is SQL LIKE; `|` separates alternatives."""
        actual = str(record.time_ms if self.key == "createTime" else record.values.get(self.key) or "")
        operator = _NEGATIVE.get(self.operator, self.operator)
        if operator == "=~":
            found = any(like_pattern(part).fullmatch(actual) for part in self.value.split("|"))
        else:
            found = actual.casefold() == self.value.casefold()
        return found is not (self.operator in _NEGATIVE)


class Histories:
    """`GET /zwatch/alarm-histories`, `/zwatch/events` and `/zwatch/audits`, newest records first."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        times = "startTime endTime limit conditions"
        return [
            _route("GetAlarmData", "alarm-histories", self._alarms, f"{times} start count excludeOtherAccount"),
            _route("GetEventData", "events", self._events, f"{times} start count offsetAheadOfCurrentTime"),
            _route("GetAuditData", "audits", self._audits, f"{times} auditType"),
        ]

    def _alarms(self, call: Call) -> Response:
        # The server keeps the conditions in a map, so the last of several for one key counts.
        last = {condition.key: condition for condition in _conditions(call, _ALARM_KEYS)}
        return _page(call, "histories", alarm_records(self._state.world), last.values())

    def _events(self, call: Call) -> Response:
        return _page(call, "events", event_records(self._state.world), _conditions(call, _EVENT_KEYS))

    def _audits(self, call: Call) -> Response:
        kind = call.request.first("auditType") or "Resource"
        if kind not in _AUDIT_KEYS:
            text = f"field[auditType] is invalid, valid values are {sorted(_AUDIT_KEYS)}, but got {kind}"
            raise ApiErrorResponse(errors.invalid_argument(text))
        audit = self._state.audit
        records = audit.logins if kind == "Login" else audit.resources
        conditions = [
            _Condition(given.key, given.operator, f"%{given.value}%") if given.operator in ("=~", "!~") else given
            for given in _conditions(call, _AUDIT_KEYS[kind])
        ]
        return _page(call, "audits", records, conditions, start=0)


def _route(name: str, path: str, handle: Callable[[Call], Response], parameters: str) -> Route:
    return Route(
        name=f"{_API}.API{name}Msg",
        method="GET",
        paths=(f"/zwatch/{path}",),
        handle=handle,
        parameters=frozenset(parameters.split()),
    )


def _conditions(call: Call, keys: frozenset[str]) -> list[_Condition]:
    """Parse the conditions. Raises ApiErrorResponse for an unknown key or a missing operator."""
    conditions = []
    for text in call.request.params.get("conditions", ()):
        operator = next((operator for operator in _OPERATORS if operator in text), None)
        key, _, value = text.partition(operator or "\n")
        if operator is None or key.strip() not in keys:
            raise ApiErrorResponse(errors.invalid_argument(f"invalid label[{key.strip()}]"))
        conditions.append(_Condition(key.strip(), operator, value.strip()))
    return conditions


def _page(
    call: Call, name: str, records: list[Record], conditions: Iterable[_Condition], start: int | None = None
) -> Response:
    begin_ms, end_ms = call.integer("startTime", 0), call.integer("endTime", None)
    conditions = list(conditions)
    found = [
        record
        for record in records
        if record.time_ms >= begin_ms
        and (end_ms is None or record.time_ms <= end_ms)
        and all(condition.matches(record) for condition in conditions)
    ]
    if (call.request.first("count") or "").lower() == "true":
        return Response(200, encode({"total": len(found)}))
    first = call.integer("start", 0) if start is None else start
    page = found[first : first + call.integer("limit", _DEFAULT_LIMIT)]
    rows = [in_hash_order({**record.values, "time": record.time_ms}) for record in page]
    return Response(200, encode({name: rows}))
