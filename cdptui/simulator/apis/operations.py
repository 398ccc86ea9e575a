"""What changes tasks: enabling, disabling, updating, deleting. All of them are jobs, answered 202."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cdptui.simulator import errors
from cdptui.simulator.apis.accepting import accepted, wanted_uuid
from cdptui.simulator.exchange import ApiRefusal, Reply, TextRefusal
from cdptui.simulator.jobs import Result
from cdptui.simulator.routing import Api, Call
from cdptui.simulator.wire import encode
from cdptui.simulator.world.task import Task

if TYPE_CHECKING:
    from cdptui.simulator.node import ManagementNode

_CDP = "org.zstack.header.storage.cdp"


class Operations:
    """The APIs that write, and the one that asks how a job is getting on."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node

    def apis(self) -> list[Api]:
        """What is on offer."""
        return [
            self._job("EnableCdpTask", "POST", "/cdp-task/enable/{uuid}", self._enable),
            self._job("DisableCdpTask", "POST", "/cdp-task/disable/{uuid}", self._disable),
            self._job("DeleteCdpTask", "DELETE", "/cdp-task/{uuid}", self._delete),
            self._job(
                "UpdateCdpTask", "PUT", "/cdp-backup-storage/task/{uuid}/actions", self._update, word="updateCdpTask"
            ),
            Api(name="api-jobs", method="GET", paths=("/api-jobs/{uuid}",), handle=self._query_job, is_open=True),
        ]

    def _job(
        self,
        name: str,
        method: str,
        path: str,
        begin: Callable[[Task, Call], Callable[[], Result]],
        word: str = "params",
    ) -> Api:
        def handle(call: Call) -> Reply:
            task = self._node.world.tasks.get(call.variables["uuid"])
            wanted = wanted_uuid(self._node, call)
            if task is None:
                missing = errors.not_found("CdpTaskVO", call.variables["uuid"])
                return accepted(self._node, call, lambda: missing, wanted)
            return accepted(self._node, call, begin(task, call), wanted)

        known = frozenset({"deleteMode", "force"}) if method == "DELETE" else frozenset[str]()
        return Api(
            name=f"{_CDP}.API{name}Msg", method=method, paths=(path,), handle=handle, word=word, parameters=known
        )

    def _query_job(self, call: Call) -> Reply:
        if call.request.method != "GET":
            raise TextRefusal(405, "only GET method is allowed for querying job status")
        job = self._node.jobs.find(call.variables["uuid"])
        if job is None:
            raise TextRefusal(404, "the job has been expired")
        if job.result is None:
            return Reply(202, b"{}")
        if isinstance(job.result, errors.ErrorCode):
            raise ApiRefusal(job.result)
        return Reply(200, encode(job.result))

    def _enable(self, task: Task, _call: Call) -> Callable[[], Result]:
        world = self._node.world
        if not task.storage.connected:
            error = errors.operation_failed(
                "failed to enable the task",
                location="start-cdp-task-on-host",
                cause=errors.storage_not_connected(task.storage.uuid),
            )
            return lambda: error
        world.switch(task, on=True)
        return lambda: self._arrived(task)

    def _disable(self, task: Task, _call: Call) -> Callable[[], Result]:
        self._node.world.switch(task, on=False)
        return lambda: self._arrived(task)

    def _arrived(self, task: Task) -> Result:
        self._node.world.arrive(task)
        return self._inventory(task)

    def _update(self, task: Task, call: Call) -> Callable[[], Result]:
        longs = ("backupBandwidth", "maxCapacity", "maxLatency")
        for name in longs:
            value = call.parameters.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TextRefusal(400, f"Invalid value[{value}] for the field[{name}], it must be a long")
        for name in ("name", "description"):
            if not isinstance(call.parameters.get(name, ""), str):
                raise TextRefusal(400, f"Invalid value for the field[{name}], it must be a string")
        changes = {name: value for name, value in call.parameters.items() if value is not None}

        def finish() -> Result:
            self._node.world.update(task, changes)
            return self._inventory(task)

        return finish

    def _delete(self, task: Task, _call: Call) -> Callable[[], Result]:
        def finish() -> Result:
            if task.uuid in self._node.world.tasks:
                self._node.world.remove(task.uuid)
            return {}

        return finish

    def _inventory(self, task: Task) -> Result:
        return {"inventory": self._node.task_table.inventory(task)}
