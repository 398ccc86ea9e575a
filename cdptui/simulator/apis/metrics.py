"""The two metrics of CDP tasks in the format of the vendor's monitoring: time series with labels."""

from __future__ import annotations

from collections.abc import Iterator

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse, Response
from cdptui.simulator.java_json import encode
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.records import LATENCY_METRIC, NAMESPACE, USED_METRIC
from cdptui.simulator.routing import Call, Route
from cdptui.simulator.world.task import SimulatedTask

_DEFAULT_SPAN_S = 3600
_MOST_POINTS = 10_000
_MILLISECONDS = 10**11


class Metrics:
    """`GET /zwatch/metrics`. The history is computed from the current state of the fleet, which records none."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        known = (
            "namespace metricName startTime endTime period offsetAheadOfCurrentTime labels valueConditions functions"
        )
        return [
            Route(
                name="org.zstack.zwatch.api.APIGetMetricDataMsg",
                method="GET",
                paths=("/zwatch/metrics",),
                handle=self._data,
                parameters=frozenset(known.split()),
            )
        ]

    def _data(self, call: Call) -> Response:
        metric = call.request.first("metricName")
        if call.request.first("namespace") != NAMESPACE or metric not in (USED_METRIC, LATENCY_METRIC):
            text = f"no metric[{metric}] found in the namespace[{call.request.first('namespace')}]"
            raise ApiErrorResponse(errors.invalid_argument(text))
        labels = dict(label.split("=", 1) for label in call.request.params.get("labels", ()) if "=" in label)
        status = self._state.task_table.status
        tasks = [
            task
            for task in self._state.world.tasks.values()
            if labels.get("CdpTaskUuid", task.uuid) == task.uuid
            and labels.get("CdpTaskStatus", status(task)) == status(task)
        ]
        moments = self._moments(call, max(1, len(tasks)))
        data = [point for task in tasks for point in self._points(task, metric, moments)]
        return Response(200, encode({"data": data}))

    def _moments(self, call: Call, tasks: int) -> range:
        now = int(self._state.server_time())
        end = min(now, self._seconds(call, "endTime", now))
        start = self._seconds(call, "startTime", end - _DEFAULT_SPAN_S)
        period = max(1, self._seconds(call, "period", 60))
        first = start - start % period + period
        return range(max(first, end - period * (_MOST_POINTS // tasks)), end + 1, period)

    def _points(self, task: SimulatedTask, metric: str, moments: range) -> Iterator[dict[str, object]]:
        """Yield the points of a task, oldest first; it has none before its creation."""
        world, now, speed = self._state.world, self._state.server_time(), self._state.settings.speed
        known = [moment for moment in moments if moment >= task.created]
        minutes = [world.minute - int((now - moment) / 60 * speed) for moment in known]
        labels = {"CdpTaskUuid": task.uuid, "CdpTaskStatus": self._state.task_table.status(task)}
        for moment, (used, latency) in zip(known, world.metrics_at(task, minutes), strict=True):
            percent = 100 * used / task.plan if task.plan else 0.0
            value = float(latency) if metric == LATENCY_METRIC else round(percent, 3)
            yield {"value": value, "time": moment, "labels": labels}

    def _seconds(self, call: Call, name: str, default: int) -> int:
        text = call.request.first(name)
        if text is None:
            return default
        if not text.isdigit():
            raise ApiErrorResponse(errors.invalid_argument(f"field[{name}] must be a number, but got {text}"))
        return int(text) // 1000 if int(text) > _MILLISECONDS else int(text)
