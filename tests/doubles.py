"""Stand-ins at the seams: the clock and the node. Nothing of ours is mocked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

from cdptui.api.errors import ApiError
from cdptui.api.raw_task import json_line, pretty_json_lines, raw_fields
from cdptui.api.record_compression import compress
from cdptui.models.fetched import Fetched
from cdptui.models.inventory import BackupStorage, Policy, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.server_metrics import MetricPoint, MetricsRequest, TaskMetrics
from cdptui.models.snapshot import FetchProgress
from cdptui.models.task import RawField, RawLines, ResourceRef, Task

T = TypeVar("T")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
GIB = 2**30


@dataclass
class FakeClock:
    """A clock that moves only when code waits for it, and then at once."""

    seconds: float = 0.0
    speed: float = 1.0
    waits: list[float | None] = field(default_factory=list)

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        self.waits.append(timeout_s)
        await asyncio.sleep(0)
        if event.is_set():
            return True
        if timeout_s is None:
            return await event.wait()
        self.seconds += timeout_s
        return event.is_set()


def a_task(name: str = "cdp-erp-db", uuid: str | None = None, **changes: object) -> Task:
    """A healthy task; its raw bytes differ with every field, as the server's would."""
    uuid = uuid or f"uuid-of-{name}"
    values: dict[str, object] = {
        "status": "Running",
        "state": "Enabled",
        "plan_bytes": 100 * GIB,
        "used_bytes": 40 * GIB,
        "rpo_target_ms": 600_000,
        "rpo_ms": 1_830,
        "last_op_at": EPOCH - timedelta(hours=2),
        "resource_refs": (ResourceRef(resource_uuid=f"vm-of-{name}", resource_type="VmInstanceVO", task_uuid=uuid),),
        **changes,
    }
    raw = compress(repr(sorted(values.items())).encode())
    return Task(uuid=uuid, name=name, raw=raw, **values)  # type: ignore[arg-type]  # built from keywords


Answer = Sequence[Task] | Sequence[FetchProgress] | Exception


class ScriptedNode:
    """A node whose answers are given; the last one is given again for ever."""

    def __init__(self, *answers: Answer, on_read: Callable[[], None] = lambda: None) -> None:
        self.answers: list[Answer] = list(answers)
        self.on_read = on_read
        self.reads = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = 0
        self.passwords: list[str] = []
        self.session_callbacks: list[Callable[[], None]] = []
        self.codes: list[str] = []
        self.asked_names: list[tuple[str, ...]] = []
        self.known_names: dict[str, str] | ApiError = {}
        self.asked_states: list[tuple[str, ...]] = []
        self.known_states: dict[str, str] | ApiError = {}
        self.known_storages: Sequence[BackupStorage] | ApiError = ()
        self.known_policies: Sequence[Policy] | ApiError = ()
        self.is_partial = False
        """Whether it has more storages and policies than it lists."""
        self.cached_s = 0.0
        """Seconds that its side answers spend in a cache."""
        self.known_machines: dict[str, VmInstance] | ApiError = {}
        self.known_points: dict[str, RecoveryPoints] | ApiError = {}
        self.known_metrics: dict[str, tuple[Sequence[MetricPoint], Sequence[MetricPoint]]] | ApiError = {}
        """Used capacity in percent, and RPO."""
        self.asked: list[str] = []
        """Side questions in their order, those that were cut short too."""
        self.most_asked_at_once = 0
        self._asking = 0
        self.side_gate = asyncio.Event()
        """Answers to side questions are held back while it is clear."""
        self.side_gate.set()
        self.gate = asyncio.Event()
        """Answers are held back while it is clear."""
        self.gate.set()

    @property
    def zone(self) -> tzinfo | None:
        return UTC

    @property
    def resources(self) -> ScriptedNode:
        return self

    async def read(self) -> AsyncIterator[FetchProgress]:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            answer = self.answers[min(self.reads, len(self.answers) - 1)]
            self.reads += 1
            self.on_read()
            if isinstance(answer, Exception):
                raise answer
            for item in self._readings(answer):
                yield item
        finally:
            self.in_flight -= 1

    @staticmethod
    def _readings(answer: Sequence[Task] | Sequence[FetchProgress]) -> list[FetchProgress]:
        readings = [item for item in answer if isinstance(item, FetchProgress)]
        if readings:
            return readings
        tasks = tuple(item for item in answer if isinstance(item, Task))
        return [FetchProgress(tasks, len(tasks), is_complete=True)]

    def fields(self, task: Task) -> tuple[RawField, ...]:
        return raw_fields(task, UTC)

    def raw_lines(self, task: Task) -> RawLines:
        return pretty_json_lines(task)

    def json_record(self, task: Task) -> str:
        return json_line(task)

    async def names(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        self.asked_names.append(tuple(uuids))
        names = await self._answer("names", self.known_names)
        return self._fetched({uuid: names[uuid] for uuid in uuids if uuid in names})

    async def storages(self) -> Fetched[ResourceList[BackupStorage]]:
        storages = tuple(await self._answer("storages", self.known_storages))
        return self._fetched(ResourceList(storages, self.is_partial))

    async def policies(self) -> Fetched[ResourceList[Policy]]:
        policies = tuple(await self._answer("policies", self.known_policies))
        return self._fetched(ResourceList(policies, self.is_partial))

    async def vm(self, uuid: str) -> Fetched[VmInstance | None]:
        return self._fetched((await self._answer(f"machine {uuid}", self.known_machines)).get(uuid))

    async def vm_states(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        self.asked_states.append(tuple(uuids))
        states = await self._answer("vm states", self.known_states)
        return self._fetched({uuid: states[uuid] for uuid in uuids if uuid in states})

    async def recovery_points(self, vm_uuid: str, now: datetime) -> Fetched[RecoveryPoints]:
        known = await self._answer(f"points {vm_uuid}", self.known_points)
        return self._fetched(known.get(vm_uuid) or RecoveryPoints(now - timedelta(days=1), now))

    async def task_metrics(self, request: MetricsRequest) -> Fetched[TaskMetrics]:
        known = await self._answer(f"metrics {request.uuid}", self.known_metrics)
        used_percent, rpo_ms = known.get(request.uuid, ((), ()))
        return self._fetched(TaskMetrics(request, used_percent, rpo_ms))

    def _fetched(self, value: T) -> Fetched[T]:
        return Fetched(value, self.cached_s)

    async def _answer(self, question: str, answer: T | ApiError) -> T:
        self.asked.append(question)
        self._asking += 1
        self.most_asked_at_once = max(self.most_asked_at_once, self._asking)
        try:
            await self.side_gate.wait()
        finally:
            self._asking -= 1
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        self.session_callbacks.append(callback)

    def use_password(self, password: str) -> None:
        self.passwords.append(password)

    def use_otp(self, code: str) -> None:
        self.codes.append(code)

    async def aclose(self) -> bool:
        self.closed += 1
        return True
