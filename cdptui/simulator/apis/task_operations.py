"""Task operations: create, enable, disable, update, delete. All are asynchronous jobs with status 202."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Response
from cdptui.simulator.java_json import encode
from cdptui.simulator.jobs import Result, accept_job, requested_job_uuid
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.records import AuditedResource
from cdptui.simulator.routing import Body, Call, Route
from cdptui.simulator.world.task import SimulatedTask

Resource = TypeVar("Resource")
_CDP = "org.zstack.header.storage.cdp"

_CREATE_DEFAULTS = {"backupBandwidth": 0, "maxCapacity": 0, "maxLatency": 600_000}
_QUOTED_LONG = re.compile(r"-?\d{1,19}")
_UNCHANGED = {"backupBandwidth": -1, "maxCapacity": -1, "maxLatency": 0}
"""Values of UpdateCdpTask that mean "unchanged": the vendor's SDK always sends them as defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewTask:
    """The parameters of CreateCdpTask."""

    name: str
    task_type: str
    policy: str
    storage: str
    machines: list[str]
    description: str | None
    numbers: dict[str, int]


class TaskOperations:
    """Write APIs, and the query of a job's state."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        return [
            Route(
                name=f"{_CDP}.APICreateCdpTaskMsg",
                method="POST",
                paths=("/cdp-backup-storage/task",),
                handle=self._create,
            ),
            self._job("EnableCdpTask", "POST", "/cdp-task/enable/{uuid}", self._enable),
            self._job("DisableCdpTask", "POST", "/cdp-task/disable/{uuid}", self._disable),
            self._job("DeleteCdpTask", "DELETE", "/cdp-task/{uuid}", self._delete),
            self._job(
                "UpdateCdpTask",
                "PUT",
                "/cdp-backup-storage/task/{uuid}/actions",
                self._update,
                body_key="updateCdpTask",
            ),
            Route(name="api-jobs", method="GET", paths=("/api-jobs/{uuid}",), handle=self._query_job, is_public=True),
        ]

    def _job(
        self,
        name: str,
        method: str,
        path: str,
        begin: Callable[[SimulatedTask, Call], Callable[[], Result]],
        body_key: str = "params",
    ) -> Route:
        message = f"{_CDP}.API{name}Msg"

        def handle(call: Call) -> Response:
            uuid = call.variables["uuid"]
            task = self._state.world.tasks.get(uuid)
            job_uuid = requested_job_uuid(self._state.jobs, call)
            missing = errors.not_found("CdpTaskVO", uuid)
            finish: Callable[[], Result] = (lambda: missing) if task is None else begin(task, call)
            resource = AuditedResource("CdpTaskVO", uuid, "" if task is None else task.name)
            return accept_job(self._state.jobs, call, self._state.audited(message, call, resource, finish), job_uuid)

        known = frozenset({"deleteMode", "force"}) if method == "DELETE" else frozenset[str]()
        return Route(
            name=message,
            method=method,
            paths=(path,),
            handle=handle,
            body_key=body_key,
            parameters=known,
        )

    def _query_job(self, call: Call) -> Response:
        if call.request.method != "GET":
            raise PlainTextError(405, "only GET method is allowed for querying job status")
        job = self._state.jobs.find(call.variables["uuid"])
        if job is None:
            raise PlainTextError(404, "the job has been expired")
        if job.result is None:
            return Response(202, b"{}")
        if isinstance(job.result, errors.ErrorCode):
            raise ApiErrorResponse(job.result)
        return Response(200, encode(job.result))

    def _create(self, call: Call) -> Response:
        new = _NewTask(
            name=_mandatory(call.parameters, "name"),
            task_type=_mandatory(call.parameters, "taskType"),
            policy=_mandatory(call.parameters, "policyUuid"),
            storage=_mandatory(call.parameters, "backupStorageUuid"),
            machines=_uuids(call.parameters, "resourceUuids"),
            description=_text(call.parameters, "description"),
            numbers={name: _long(call.parameters, name, default) for name, default in _CREATE_DEFAULTS.items()},
        )

        def finish() -> Result:
            message = f"{_CDP}.APICreateCdpTaskMsg"
            try:
                task = self._create_task(new)
            except ApiErrorResponse as refusal:
                self._state.record_call(message, call, AuditedResource("CdpTaskVO", "", new.name), refusal.error)
                return refusal.error
            result = self._inventory(task)
            self._state.record_call(message, call, AuditedResource("CdpTaskVO", task.uuid, new.name), result)
            return result

        return accept_job(self._state.jobs, call, finish, requested_job_uuid(self._state.jobs, call))

    def _create_task(self, new: _NewTask) -> SimulatedTask:
        """Create a task. Raises ApiErrorResponse for values that the server refuses."""
        world = self._state.world
        _check_new_task(new)
        policy = _find(world.policies, new.policy, "CdpPolicyVO")
        storage = _find(world.storages, new.storage, "BackupStorageVO")
        machine = _find(world.machines, new.machines[0], "VmInstanceVO")
        if not storage.connected:
            raise ApiErrorResponse(errors.storage_not_connected(storage.uuid))
        if (other := world.task_of(machine.uuid)) is not None:
            text = f"VM[uuid: {machine.uuid}] is already protected by CDP task[uuid: {other.uuid}]"
            raise ApiErrorResponse(errors.operation_failed(text))
        fields = {"description": new.description, **new.numbers}
        return world.create_task(new.name, policy, storage, machine, fields)

    def _enable(self, task: SimulatedTask, _call: Call) -> Callable[[], Result]:
        world = self._state.world
        if not task.storage.connected:
            error = errors.operation_failed(
                "failed to enable the task",
                location="start-cdp-task-on-host",
                cause=errors.storage_not_connected(task.storage.uuid),
            )
            return lambda: error
        world.switch(task, on=True)
        return lambda: self._complete(task)

    def _disable(self, task: SimulatedTask, _call: Call) -> Callable[[], Result]:
        self._state.world.switch(task, on=False)
        return lambda: self._complete(task)

    def _complete(self, task: SimulatedTask) -> Result:
        self._state.world.finish_switch(task)
        return self._inventory(task)

    def _update(self, task: SimulatedTask, call: Call) -> Callable[[], Result]:
        changes: dict[str, object] = {}
        for name, unchanged in _UNCHANGED.items():
            value = _long(call.parameters, name, unchanged)
            if value == unchanged:
                continue
            if value < 0:
                error = errors.invalid_argument(
                    f"field[{name}] of message[{_CDP}.APIUpdateCdpTaskMsg] is negative: {value}"
                )
                return lambda: error
            changes[name] = value
        for name in ("name", "description"):
            text = _text(call.parameters, name)
            if text is not None:
                changes[name] = text

        def finish() -> Result:
            self._state.world.update(task, changes)
            return self._inventory(task)

        return finish

    def _delete(self, task: SimulatedTask, _call: Call) -> Callable[[], Result]:
        def finish() -> Result:
            self._state.world.delete_task(task.uuid)
            return {}

        return finish

    def _inventory(self, task: SimulatedTask) -> Result:
        return {"inventory": self._state.task_table.inventory(task)}


def _long(parameters: Body, name: str, default: int) -> int:
    """Return a long of the body, quoted or not; null is the default. Raises PlainTextError 400 for another type."""
    value = parameters.get(name)
    if value is None:
        return default
    if isinstance(value, str) and _QUOTED_LONG.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PlainTextError(400, f"Invalid value[{value}] for the field[{name}], it must be a long")
    return value


def _text(parameters: Body, name: str) -> str | None:
    """Return a string of the body. Raises PlainTextError 400 for another type."""
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise PlainTextError(400, f"Invalid value for the field[{name}], it must be a string")
    return value


def _mandatory(parameters: Body, name: str) -> str:
    value = _text(parameters, name)
    if not value:
        text = f"field[{name}] of message[{_CDP}.APICreateCdpTaskMsg] is mandatory, can not be null"
        raise ApiErrorResponse(errors.invalid_argument(text))
    return value


def _uuids(parameters: Body, name: str) -> list[str]:
    value = parameters.get(name)
    if not isinstance(value, list) or not value:
        text = f"field[{name}] of message[{_CDP}.APICreateCdpTaskMsg] cannot be an empty list"
        raise ApiErrorResponse(errors.invalid_argument(text))
    return [str(uuid) for uuid in value]


def _check_new_task(new: _NewTask) -> None:
    """Raise ApiErrorResponse for a task type, a number or a count of VMs that the server refuses."""
    if new.task_type != "VM":
        text = f"field[taskType] is invalid, valid values are [VM], but got {new.task_type}"
        raise ApiErrorResponse(errors.invalid_argument(text))
    for name, value in new.numbers.items():
        if value < 0:
            raise ApiErrorResponse(errors.invalid_argument(f"field[{name}] is negative: {value}"))
    if len(new.machines) != 1:
        text = f"a CDP task protects exactly one VM, but got {len(new.machines)}"
        raise ApiErrorResponse(errors.operation_failed(text))


def _find(resources: Mapping[str, Resource], uuid: str, kind: str) -> Resource:
    """Return a resource. Raises ApiErrorResponse SYS.1003 for an unknown UUID."""
    found = resources.get(uuid)
    if found is None:
        raise ApiErrorResponse(errors.not_found(kind, uuid))
    return found
