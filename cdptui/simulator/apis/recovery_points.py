"""Recovery points and storage requirements: calls that reach the storage's agent and can fail."""

from __future__ import annotations

from datetime import datetime

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Response
from cdptui.simulator.java_json import encode, in_hash_order, iso_date
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.routing import Call, Route
from cdptui.simulator.world.seeded_random import hash64
from cdptui.simulator.world.task import SimulatedTask

_SCALES = {"minute": 60, "hour": 3600, "day": 86400}
_DEFAULT_LIMIT = 100
_MOST = 50_000
_DAY_S = 86400.0
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
                name=f"{_CDP}.APIGetCdpBackupStorageRequirementMsg",
                method="GET",
                paths=("/cdp-backup-storage/{backupStorageUuid}/requirement",),
                handle=self._requirement,
                parameters=frozenset({"limit", "start"}),
            ),
        ]

    def _points(self, call: Call) -> Response:
        task = self._task(call)
        scale = call.request.first("scale") or "minute"
        if scale not in _SCALES:
            text = f"field[scale] is invalid, valid values are {sorted(_SCALES)}, but got {scale}"
            raise ApiErrorResponse(errors.invalid_argument(text))
        # At most one point for each step of the scale, and no more than the policy creates.
        step = max(_SCALES[scale], task.policy.seconds)
        newest, oldest = self._span(task)
        newest = min(newest, self._moment(call, "endTime", newest))
        oldest = max(oldest, self._moment(call, "startTime", oldest))
        ticks = range(int(newest // step), max(int(oldest // step), int(newest // step) - _MOST), -1)
        return self._reply(task, call, [tick * step for tick in ticks])

    def _protected(self, call: Call) -> Response:
        task = self._task(call)
        newest, oldest = self._span(task)
        count = hash64(task.seed, 900) % 3
        moments = [int(newest - (i + 1) * (newest - oldest) / 4) for i in range(count)]
        return self._reply(task, call, moments, note="before upgrade")

    def _reply(self, task: SimulatedTask, call: Call, moments: list[int], note: str | None = None) -> Response:
        start = self._integer(call, "start", 0)
        limit = self._integer(call, "limit", _DEFAULT_LIMIT)
        page = moments[start : start + limit] if limit else moments[start:]
        machine = task.machine
        volumes = machine.volumes if machine is not None else ()
        points = {volume.uuid: [self._point(task, volume.uuid, moment, note) for moment in page] for volume in volumes}
        return Response(200, encode({"recoveryPoints": points, "success": True}))

    def _point(self, task: SimulatedTask, volume: str, moment: int, note: str | None) -> dict[str, object]:
        chance = hash64(task.seed, moment)
        number = (moment - 1_500_000_000) // 60
        values: dict[str, object | None] = {
            "id": number * 4 + int(volume[:1], 16) % 4,
            "grpId": number,
            "size": 65536 * (1 + chance % 400),
            "volId": volume,
            # Real points are a few seconds after the full minute.
            "ts": iso_date(moment + chance % 5, self._state.zone),
            "desc": note if note is not None else ("before upgrade" if chance % 97 == 0 else None),
        }
        return in_hash_order(dict(values))

    def _span(self, task: SimulatedTask) -> tuple[float, float]:
        """Return the newest and oldest recoverable times: from the last latency to the end of the retention."""
        now = self._state.server_time()
        _, latency = self._state.world.current_metrics(task)
        newest = now - latency / 1000 if task.status in ("Running", "DataMerging") else task.changed
        kept = max(task.policy.retention_days, task.policy.daily_since_day)
        return newest, max(task.created, now - kept * _DAY_S)

    def _task(self, call: Call) -> SimulatedTask:
        uuid = call.variables["uuid"]
        if uuid not in self._state.world.machines:
            raise ApiErrorResponse(errors.not_found("VmInstanceVO", uuid))
        tasks = self._state.world.tasks.values()
        task = next((task for task in tasks if task.machine is not None and task.machine.uuid == uuid), None)
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

    def _integer(self, call: Call, name: str, default: int) -> int:
        text = call.request.first(name)
        if text is None:
            return default
        if not text.strip().isdigit():
            raise PlainTextError(400, f"Invalid value[{text}] for the field[{name}], it must be an integer")
        return int(text)

    def _moment(self, call: Call, name: str, default: float) -> float:
        text = call.request.first(name)
        if text is None:
            return default
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            text = f"field[{name}] must be an ISO date-time with an offset, but got {text}"
            raise ApiErrorResponse(errors.invalid_argument(text)) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._state.zone)).timestamp()
