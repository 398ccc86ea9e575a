"""The progress of long jobs. The jobs themselves are a query API."""

from __future__ import annotations

from cdptui.simulator.http_types import Response
from cdptui.simulator.java_json import encode, in_hash_order
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.routing import Call, Route


class LongJobProgress:
    """`GET /task-progresses/{apiId}`."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        return [
            Route(
                name="org.zstack.header.core.progress.APIGetTaskProgressMsg",
                method="GET",
                paths=("/task-progresses/{apiId}",),
                handle=self._progress,
                parameters=frozenset({"all"}),
            )
        ]

    def _progress(self, call: Call) -> Response:
        """Answer with the progress of a running job; of any other job nothing is known."""
        now = self._state.server_time()
        rows = [
            in_hash_order(
                {
                    "taskUuid": job.api_id,
                    "taskName": job.job_name,
                    "type": "Progress",
                    "content": str(job.percent_at(now)),
                    "time": int(now * 1000),
                    "subTasks": [],
                }
            )
            for job in self._state.world.long_jobs.values()
            if job.api_id == call.variables["apiId"] and job.state_at(now) == "Running"
        ]
        return Response(200, encode({"inventories": rows}))
