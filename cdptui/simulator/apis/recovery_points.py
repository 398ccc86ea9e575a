"""Recovery points and storage requirements: calls that reach the storage's agent and can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse, Response
from cdptui.simulator.java_json import encode, in_hash_order, iso_date
from cdptui.simulator.jobs import Result, accept_job, requested_job_uuid
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.records import AuditedResource
from cdptui.simulator.routing import Call, Route
from cdptui.simulator.world.resources import Volume
from cdptui.simulator.world.seeded_random import hash64
from cdptui.simulator.world.task import SimulatedTask

_SCALES = {"minute": 60, "hour": 3600, "day": 86400}
_DEFAULT_LIMIT = 100
_MOST = 50_000
_DAY_S = 86400.0
_FIRST_GROUP_TIME = 1_500_000_000
_CDP = "org.zstack.header.storage.cdp"


class RecoveryPointApis:
    """Recovery point APIs, per volume."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        known = frozenset({"startTime", "endTime", "scale", "limit", "start"})
        return [
            Route(
                name=f"{_CDP}.APIGetVmInstanceRecoveryPointsMsg",
                method="GET",
                paths=("/vm-instances/{uuid}/recovery-points",),
                handle=self._points,
                parameters=known,
            ),
            Route(
                name=f"{_CDP}.APIGetVmInstanceProtectedRecoveryPointsMsg",
                method="GET",
                paths=("/vm-instances/{uuid}/protected-recovery-points",),
                handle=self._protected,
                parameters=known,
            ),
            Route(
                name=f"{_CDP}.APIDescribeVmInstanceRecoveryPointMsg",
                method="GET",
                paths=("/vm-instances/{vmInstanceUuid}/recovery-point",),
                handle=self._describe,
                parameters=frozenset({"groupId", "limit", "start"}),
            ),
            self._protection("ProtectVmInstanceRecoveryPoint", "protect-recovery-point", self._protect),
            self._protection("UnprotectVmInstanceRecoveryPoint", "unprotect-recovery-point", self._unprotect),
            Route(
                name=f"{_CDP}.APIGetCdpBackupStorageRequirementMsg",
                method="GET",
                paths=("/cdp-backup-storage/{backupStorageUuid}/requirement",),
                handle=self._requirement,
                parameters=frozenset({"limit", "start"}),
            ),
        ]

    def _points(self, call: Call) -> Response:
        task = self._task(call.variables["uuid"])
        scale = call.request.first("scale") or "minute"
        if scale not in _SCALES:
            text = f"field[scale] is invalid, valid values are {sorted(_SCALES)}, but got {scale}"
            raise ApiErrorResponse(errors.invalid_argument(text))
        step = self._step(task, scale)
        newest, oldest = self._span(task)
        newest = min(newest, self._moment(call, "endTime", newest))
        oldest = max(oldest, self._moment(call, "startTime", oldest))
        ticks = range(int(newest // step), max(int(oldest // step), int(newest // step) - _MOST), -1)
        return self._reply(task, call, [tick * step for tick in ticks])

    def _protected(self, call: Call) -> Response:
        task = self._task(call.variables["uuid"])
        groups = sorted(self._protected_points(task), reverse=True)
        return self._reply(task, call, [_group_time(group) for group in groups])

    def _protected_points(self, task: SimulatedTask) -> dict[int, str]:
        """Return the descriptions of the protected points by group: at first up to two, protected before the start."""
        if task.protected_points is None:
            start = self._state.started_at
            oldest = max(task.created, start - self._retention_s(task))
            count = hash64(task.seed, 900) % 3 if oldest < start else 0
            step = self._step(task, "minute")
            moments = [int((start - (i + 1) * (start - oldest) / 4) // step * step) for i in range(count)]
            task.protected_points = {_group_of(moment): "before upgrade" for moment in moments}
        return task.protected_points

    def _describe(self, call: Call) -> Response:
        task = self._task(call.variables["vmInstanceUuid"])
        group = self._existing_group(task, call.integer("groupId", 0))
        shares = self._shares(task)
        points = [self._point(task, volume, _group_time(group), shares[volume.uuid]) for volume in self._volumes(task)]
        values = {
            "realSizes": {str(point["volId"]): point["size"] for point in points},
            "virtualSizes": {volume.uuid: volume.size for volume in self._volumes(task)},
            "timestamp": points[0]["ts"] if points else "",
            "success": True,
        }
        return Response(200, encode(values))

    def _protection(self, name: str, path: str, change: Callable[[SimulatedTask, int, Call], None]) -> Route:
        def handle(call: Call) -> Response:
            uuid = call.variables["vmInstanceUuid"]

            def finish() -> Result:
                try:
                    task = self._task(uuid)
                    change(task, self._existing_group(task, self._requested_group(call)), call)
                except ApiErrorResponse as refusal:
                    return refusal.error
                return {}

            machine = self._state.world.machines.get(uuid)
            resource = AuditedResource("VmInstanceVO", uuid, machine.name if machine is not None else "")
            audited = self._state.audited(message, call, resource, finish)
            return accept_job(self._state.jobs, call, audited, requested_job_uuid(self._state.jobs, call))

        message = f"{_CDP}.API{name}Msg"
        return Route(
            name=message,
            method="PUT",
            paths=(f"/vm-instances/{{vmInstanceUuid}}/{path}",),
            handle=handle,
            body_key=f"{name[0].lower()}{name[1:]}",
        )

    def _requested_group(self, call: Call) -> int:
        """Return the `groupId`; older versions of the API have a `timestamp` instead. Raises ApiErrorResponse."""
        group, timestamp = call.parameters.get("groupId"), call.parameters.get("timestamp")
        if group is not None and str(group).isdigit():
            return int(str(group))
        if isinstance(timestamp, str):
            return _group_of(int(self._parse_moment("timestamp", timestamp)))
        raise ApiErrorResponse(errors.invalid_argument("field[groupId] is mandatory, can not be null"))

    def _protect(self, task: SimulatedTask, group: int, call: Call) -> None:
        self._protected_points(task)[group] = str(call.parameters.get("description") or "")

    def _unprotect(self, task: SimulatedTask, group: int, _call: Call) -> None:
        self._protected_points(task).pop(group, None)

    def _existing_group(self, task: SimulatedTask, group: int) -> int:
        """Return the group if the task has such a recovery point. Raises ApiErrorResponse SYS.1003."""
        newest, oldest = self._span(task)
        moment = _group_time(group)
        is_made = moment % self._step(task, "minute") == 0 and oldest <= moment <= newest
        if not is_made and group not in self._protected_points(task):
            raise ApiErrorResponse(errors.not_found("recovery point", str(group)))
        return group

    def _step(self, task: SimulatedTask, scale: str) -> int:
        """Return the seconds between points: at most one for each step of the scale, as many as the policy creates."""
        return max(_SCALES[scale], task.policy.seconds)

    def _volumes(self, task: SimulatedTask) -> tuple[Volume, ...]:
        return () if task.machine is None else task.machine.volumes

    def _reply(self, task: SimulatedTask, call: Call, moments: list[int]) -> Response:
        start = call.integer("start", 0)
        limit = call.integer("limit", _DEFAULT_LIMIT)
        page = moments[start : start + limit] if limit else moments[start:]
        shares = self._shares(task)
        points = {
            volume.uuid: [self._point(task, volume, moment, shares[volume.uuid]) for moment in page]
            for volume in self._volumes(task)
        }
        return Response(200, encode({"recoveryPoints": points, "success": True}))

    def _point(self, task: SimulatedTask, volume: Volume, moment: int, share: float) -> dict[str, object]:
        written = self._state.world.write_rate(task, moment) * self._step(task, "minute")
        chance = hash64(task.seed, moment)
        group = _group_of(moment)
        note = self._protected_points(task).get(group, "before upgrade" if chance % 97 == 0 else "")
        values: dict[str, object | None] = {
            "id": group * 4 + int(volume.uuid[:1], 16) % 4,
            "grpId": group,
            "size": int(written * share),
            "volId": volume.uuid,
            # Real points are a few seconds after the full minute.
            "ts": iso_date(moment + chance % 5, self._state.zone),
            "desc": note or None,
        }
        return in_hash_order(dict(values))

    def _shares(self, task: SimulatedTask) -> dict[str, float]:
        """Return the share of each volume in what the VM writes, by UUID."""
        parts = {volume.uuid: 1 + hash64(task.seed, 910 + volume.device_id) % 4 for volume in self._volumes(task)}
        return {uuid: part / sum(parts.values()) for uuid, part in parts.items()}

    def _span(self, task: SimulatedTask) -> tuple[float, float]:
        """Return the newest and oldest recoverable times: from the last latency to the end of the retention."""
        now = self._state.server_time()
        _, latency = self._state.world.current_metrics(task)
        newest = now - latency / 1000 if task.status in ("Running", "DataMerging") else task.changed
        return newest, max(task.created, now - self._retention_s(task))

    @staticmethod
    def _retention_s(task: SimulatedTask) -> float:
        return max(task.policy.retention_days, task.policy.daily_since_day) * _DAY_S

    def _task(self, uuid: str) -> SimulatedTask:
        """Return the task of a VM. Raises ApiErrorResponse without one or while its storage is disconnected."""
        if uuid not in self._state.world.machines:
            raise ApiErrorResponse(errors.not_found("VmInstanceVO", uuid))
        task = self._state.world.task_of(uuid)
        if task is None:
            raise ApiErrorResponse(errors.not_found("CdpTaskVO", uuid))
        if not task.storage.connected:
            raise ApiErrorResponse(errors.storage_not_connected(task.storage.uuid))
        return task

    def _requirement(self, call: Call) -> Response:
        storage = self._state.world.storages.get(call.variables["backupStorageUuid"])
        if storage is None:
            raise ApiErrorResponse(errors.not_found("BackupStorageVO", call.variables["backupStorageUuid"]))
        count = len(storage.tasks)
        required = {"memory": 4.0 * 2**30 + count * 2.0**28, "cpuNum": float(4 + count // 8)}
        current = {"memory": 64.0 * 2**30, "cpuNum": 16.0}
        enough = all(current[name] >= required[name] for name in required)
        step = "" if enough else "expand the backup server"
        return Response(200, encode({"required": required, "current": current, "nextStep": step, "success": True}))

    def _moment(self, call: Call, name: str, default: float) -> float:
        text = call.request.first(name)
        return default if text is None else self._parse_moment(name, text)

    def _parse_moment(self, name: str, text: str) -> float:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            message = f"field[{name}] must be an ISO date-time with an offset, but got {text}"
            raise ApiErrorResponse(errors.invalid_argument(message)) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._state.zone)).timestamp()


def _group_of(moment: int) -> int:
    """Return the id of the group of points of that time, one for each volume of the VM."""
    return (moment - _FIRST_GROUP_TIME) // 60


def _group_time(group: int) -> int:
    return _FIRST_GROUP_TIME + group * 60
