"""The CDP task inventory in wire format, in the dialect of the server's version; rows are cached until they change."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from msgspec import Raw

from cdptui.simulator.inventories import unsorted_order
from cdptui.simulator.java_json import encode, in_hash_order, java_date, java_double
from cdptui.simulator.query.table import Column, ColumnType, Table, columns
from cdptui.simulator.settings import Dialect
from cdptui.simulator.world.task import SimulatedTask
from cdptui.simulator.world.world import World

JAVA_CLASS = "org.zstack.header.storage.cdp.CdpTaskInventory"
_PACKAGE = JAVA_CLASS.rpartition(".")[0]
_REF_CLASS = f"{_PACKAGE}.CdpTaskResourceRefInventory"
_UNKNOWN_STATUSES = {"all": (), "no-stopping": ("Stopping",), "basic": ("Stopping", "DataMerging")}
_NUMBERS = ("backupBandwidth", "maxCapacity", "usedCapacity", "maxLatency", "lastLatency", "currentLatency")


class TaskInventory:
    """Builds the query table of the tasks, and their inventories for jobs."""

    def __init__(self, world: World, zone: ZoneInfo, dialect: Dialect) -> None:
        self._world = world
        self._zone = zone
        self._dialect = dialect
        self._unknown_statuses = _UNKNOWN_STATUSES[dialect.statuses]
        self._encoded: dict[str, tuple[tuple[int, int, int, int], bytes]] = {}
        self._order: tuple[int, list[SimulatedTask]] = (-1, [])
        self.table = self._table()

    def status(self, task: SimulatedTask) -> str:
        """Return the status of a task in the statuses that the server knows."""
        return "Running" if task.status in self._unknown_statuses else task.status

    def fields(self, task: SimulatedTask) -> dict[str, object]:
        """Return a CdpTaskInventory with its nulls; overridden fields take precedence."""
        used, latency = self._world.current_metrics(task)
        created = self._date(task.created)
        machine = task.machine
        values: dict[str, object] = {
            "uuid": task.uuid,
            "name": task.name,
            "description": task.description,
            "policyUuid": task.policy.uuid,
            "backupStorageUuid": task.storage.uuid,
            "status": self.status(task),
            "state": task.state,
            "taskType": "VM",
            "backupBandwidth": task.bandwidth,
            "maxCapacity": task.plan,
            "usedCapacity": used,
            "createDate": created,
            "lastOpDate": self._date(task.changed),
            "resourceRefs": [] if machine is None else [_reference(task.uuid, machine.uuid, created)],
        }
        if self._dialect.latency != "absent":
            values["maxLatency"] = task.max_latency
            values[self._dialect.latency] = latency
        if self._dialect.extra_fields:
            values["scene"] = "Normal"
        if task.overrides:
            self._apply_overrides(values, task.overrides)
        return values

    def inventory(self, task: SimulatedTask) -> dict[str, object]:
        """Return the wire format of a task: no nulls, hash order, floats if the dialect has them."""
        values = in_hash_order(self.fields(task))
        if self._dialect.float_numbers:
            for name in _NUMBERS:
                if isinstance(values.get(name), int | float):
                    values[name] = Raw(java_double(values[name]).encode())  # type: ignore[arg-type]
        return values

    def encode(self, task: SimulatedTask) -> bytes:
        """Return the wire format as bytes, cached until it changes."""
        used, latency = self._world.current_metrics(task)
        state = (used, latency, task.event_version, self._world.version)
        cached = self._encoded.get(task.uuid)
        if cached is None or cached[0] != state:
            cached = (state, encode(self.inventory(task)))
            self._encoded[task.uuid] = cached
        return cached[1]

    def _rows(self) -> list[SimulatedTask]:
        if self._order[0] != self._world.version:
            self._order = (self._world.version, unsorted_order(self._world.tasks.values()))
            self._encoded = {uuid: cached for uuid, cached in self._encoded.items() if uuid in self._world.tasks}
        return self._order[1]

    def _table(self) -> Table[SimulatedTask]:
        latency = self._dialect.latency
        long_names = ["backupBandwidth", "maxCapacity", "usedCapacity"]
        long_names += [] if latency == "absent" else ["maxLatency", latency]
        enums = {"taskType": "CdpTaskType", "state": "CdpTaskState", "status": "CdpTaskStatus"}
        return Table(
            java_class=JAVA_CLASS,
            columns=columns(
                self._column("uuid", is_stable=True),
                self._column("name", is_stable=True),
                *(self._column(name) for name in ("description", "policyUuid", "backupStorageUuid")),
                *(self._column(name, enum_class=f"{_PACKAGE}.{java}") for name, java in enums.items()),
                *(self._column(name, ColumnType.NUMBER, is_primitive=True) for name in long_names),
                Column("createDate", ColumnType.DATE, lambda task: task.created),
                Column("lastOpDate", ColumnType.DATE, lambda task: task.changed),
                self._column("resourceRefs", ColumnType.LIST),
            ),
            rows=self._rows,
            by_uuid=self._world.tasks.get,
            encode=self.encode,
            wire_value=lambda task, name: self.inventory(task).get(name),
            version=lambda: self._world.version,
            joined_columns={
                f"resourceRefs.{name}": self._joined(name) for name in ("resourceUuid", "resourceType", "taskUuid")
            },
            nested=_reference_classes,
        )

    def _column(
        self,
        name: str,
        kind: ColumnType = ColumnType.TEXT,
        *,
        enum_class: str | None = None,
        is_primitive: bool = False,
        is_stable: bool = False,
    ) -> Column[SimulatedTask]:
        read = self._reader(name)
        return Column(name, kind, read, enum_class=enum_class, is_primitive=is_primitive, is_stable=is_stable)

    def _reader(self, name: str) -> Callable[[SimulatedTask], object]:
        quick: dict[str, Callable[[SimulatedTask], object]] = {
            "uuid": lambda task: task.uuid,
            "name": lambda task: task.name,
            "status": self.status,
            "state": lambda task: task.state,
            "policyUuid": lambda task: task.policy.uuid,
            "backupStorageUuid": lambda task: task.storage.uuid,
            "maxCapacity": lambda task: task.plan,
            "maxLatency": lambda task: task.max_latency,
            "usedCapacity": lambda task: self._world.current_metrics(task)[0],
            self._dialect.latency: lambda task: self._world.current_metrics(task)[1],
        }
        plain = quick.get(name)
        if plain is None:
            return lambda task: self.fields(task).get(name)
        return lambda task: task.overrides.get(name, plain(task)) if task.overrides else plain(task)

    def _joined(self, name: str) -> Column[SimulatedTask]:
        def read(task: SimulatedTask) -> list[object]:
            refs = self.fields(task)["resourceRefs"]
            return [ref.get(name) for ref in refs if isinstance(ref, dict)] if isinstance(refs, list) else []

        return Column(f"resourceRefs.{name}", ColumnType.TEXT, read)

    def _apply_overrides(self, values: dict[str, object], overrides: dict[str, object]) -> None:
        for name, value in overrides.items():
            is_moment = name in ("createDate", "lastOpDate") and isinstance(value, int | float)
            values[name] = self._date(value) if is_moment else value  # type: ignore[arg-type]

    def _date(self, moment: float) -> str:
        return java_date(moment, self._zone, java9=self._dialect.java9_dates)


def _reference(task: str, machine: str, created: str) -> dict[str, object]:
    return in_hash_order(
        {
            "taskUuid": task,
            "resourceUuid": machine,
            "resourceType": "VmInstanceVO",
            "createDate": created,
            "lastOpDate": created,
        }
    )


def _reference_classes(task: SimulatedTask) -> tuple[tuple[str, str], ...]:
    refs = task.overrides.get("resourceRefs", [task.machine] if task.machine is not None else [])
    return tuple((f"resourceRefs[{i}]", _REF_CLASS) for i in range(len(refs) if isinstance(refs, list) else 0))
