"""Read the metrics of a task, which the server's monitoring keeps as points with labels.

Times of the request are seconds since 1970, unlike those of events and alarms, which are milliseconds. Those of the
response may be either.
"""

from __future__ import annotations

from typing import Final

from cdptui.api.aged_calls import AgedCalls
from cdptui.api.errors import UnreadableAnswer
from cdptui.api.json_record import JsonRecord
from cdptui.models.server_metrics import MetricPoint, MetricsRequest, TaskMetrics

_PATH: Final = "/zwatch/metrics"
_NAMESPACE: Final = "ZStack/CdpTask"
_USED: Final = "CdpTaskUsedCapacityInPercent"
_RPO: Final = "CdpTaskLatency"
_LABEL: Final = "CdpTaskUuid"

_MILLISECONDS: Final = 10**11
"""A time above this number is in milliseconds."""


async def read_task_metrics(calls: AgedCalls, base_url: str, request: MetricsRequest) -> TaskMetrics:
    """Return used capacity and RPO of a task over a time, with one request after the other. Raises ApiError."""
    used = await _read(calls, base_url, request, _USED)
    rpo = await _read(calls, base_url, request, _RPO)
    return TaskMetrics(request, used, rpo)


async def _read(calls: AgedCalls, base_url: str, request: MetricsRequest, metric: str) -> tuple[MetricPoint, ...]:
    params = [
        ("namespace", _NAMESPACE),
        ("metricName", metric),
        ("labels", f"{_LABEL}={request.uuid}"),
        ("startTime", str(request.start_ms // 1000)),
        ("endTime", str(request.end_ms // 1000)),
        ("period", str(request.period_s)),
    ]
    response = JsonRecord.of(await calls.get(_PATH, params))
    rows = response.records("data") if response is not None else None
    if rows is None:
        detail = "not a JSON object" if response is None else "no data"
        raise UnreadableAnswer(detail, url=base_url + _PATH)
    # A task has a series for each of its statuses, one after the other.
    points = (_point(row) for row in rows if _is_of(row, request.uuid))
    in_time = {point.at_ms: point for point in points if point and request.start_ms <= point.at_ms <= request.end_ms}
    return tuple(in_time[at_ms] for at_ms in sorted(in_time))


def _is_of(row: JsonRecord, uuid: str) -> bool:
    """Return whether a point is that of a task: a server may ignore the label of the request, or omit those of points.

    >>> _is_of(JsonRecord({"labels": {"CdpTaskUuid": "b"}}), "a"), _is_of(JsonRecord({}), "a")
    (False, True)
    """
    labels = row.record("labels")
    return labels is None or labels.text(_LABEL) in {None, uuid}


def _point(row: JsonRecord) -> MetricPoint | None:
    """Return a point; None when its time or its value is not a number."""
    at, value = row.count("time"), row.number("value")
    if at is None or value is None:
        return None
    return MetricPoint(at if at > _MILLISECONDS else 1000 * at, value)
