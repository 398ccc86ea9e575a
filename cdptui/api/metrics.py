"""Read the metrics of a task, which the server's monitoring keeps as points with labels.

Times of the request are seconds since 1970, unlike those of events and alarms, which are milliseconds. Those of the
answer may be either.
"""

from __future__ import annotations

import math
from typing import Final

from cdptui.api.aged_calls import AgedCalls
from cdptui.api.decode import MAX_COUNT
from cdptui.api.errors import UnreadableAnswer
from cdptui.api.json_record import JsonRecord
from cdptui.models.server_metrics import MetricPoint, MetricsRequest, TaskMetrics

_PATH: Final = "/zwatch/metrics"
_NAMESPACE: Final = "ZStack/CdpTask"
_USED: Final = "CdpTaskUsedCapacityInPercent"
_RPO: Final = "CdpTaskLatency"
_LABEL: Final = "CdpTaskUuid"

_MILLISECONDS: Final = 10**11
"""A time from this number on is in milliseconds."""


async def read_task_metrics(calls: AgedCalls, base_url: str, request: MetricsRequest) -> TaskMetrics:
    """Return used capacity and RPO of a task over a time. Raises ApiError."""
    used = await _read(calls, base_url, request, _USED)
    rpo = await _read(calls, base_url, request, _RPO)
    return TaskMetrics(request.period_s, used, rpo)


async def _read(calls: AgedCalls, base_url: str, request: MetricsRequest, metric: str) -> tuple[MetricPoint, ...]:
    params = [
        ("namespace", _NAMESPACE),
        ("metricName", metric),
        ("labels", f"{_LABEL}={request.uuid}"),
        ("startTime", str(request.start_ms // 1000)),
        ("endTime", str(request.end_ms // 1000)),
        ("period", str(request.period_s)),
    ]
    answer = JsonRecord.of(await calls.get(_PATH, params))
    rows = answer.records("data") if answer is not None else None
    if rows is None:
        detail = "not a JSON object" if answer is None else "no data"
        raise UnreadableAnswer(detail, url=base_url + _PATH)
    points: dict[int, MetricPoint] = {}
    for row in rows:
        labels = JsonRecord.of_value(row.get("labels"))
        uuid = labels.text(_LABEL) if labels is not None else None
        point = _point(row)
        # A task has a series for each of its statuses.
        if point is not None and uuid in {None, request.uuid} and request.start_ms <= point.at_ms <= request.end_ms:
            points[point.at_ms] = point
    return tuple(points[at_ms] for at_ms in sorted(points))


def _point(row: JsonRecord) -> MetricPoint | None:
    """Return a point; None when its time or its value is no number, or negative."""
    at, value = row.count("time"), row.get("value")
    if at is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= MAX_COUNT or not math.isfinite(value):
        return None
    return MetricPoint(at if at > _MILLISECONDS else 1000 * at, float(value))
