"""The inventories in wire format: fields, their forms, and the Java classes of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from cdptui.simulator.java_json import encode, encode_plain, in_hash_order, java_date
from cdptui.simulator.query.table import Column, ColumnType, Table
from cdptui.simulator.settings import Dialect
from cdptui.simulator.world.long_jobs import LongJob
from cdptui.simulator.world.resources import CLUSTER_UUID, GIB, ZONE_UUID, Host, Machine, Policy, Storage, Volume
from cdptui.simulator.world.world import World


class HasUuid(Protocol):
    """A resource with a UUID."""

    @property
    def uuid(self) -> str:
        """Its key."""


Row = TypeVar("Row", bound=HasUuid)
Fields = Callable[[Row], dict[str, object]]


@dataclass(frozen=True, slots=True)
class NodeRegistration:
    """The entry of a management node in the table of nodes."""

    uuid: str
    host_name: str
    joined_at: float
    now: Callable[[], float]


class Inventories:
    """The query tables of all resources except tasks, and of the long jobs."""

    def __init__(self, world: World, zone: ZoneInfo, dialect: Dialect, node: NodeRegistration) -> None:
        self._world = world
        self._zone = zone
        self._java9 = dialect.java9_dates
        self.policies = self._policy_table()
        self.storages = self._storage_table()
        self.machines = self._machine_table()
        self.volumes = self._volume_table()
        self.image_stores = self._image_store_table()
        self.hosts = self._host_table()
        self.management_nodes = self._management_node_table(node)
        self.long_jobs = self._long_job_table(node)

    def machine_fields(self, machine: Machine) -> dict[str, object]:
        """Return a VmInstanceInventory."""
        date = java_date(machine.created, self._zone, java9=self._java9)
        volumes = machine.volumes
        return {
            "uuid": machine.uuid,
            "name": machine.name,
            "zoneUuid": ZONE_UUID,
            "clusterUuid": CLUSTER_UUID,
            "hostUuid": machine.host_uuid if machine.state == "Running" else None,
            "lastHostUuid": machine.host_uuid,
            "rootVolumeUuid": volumes[0].uuid,
            "platform": "Linux",
            "architecture": "x86_64",
            "hypervisorType": "KVM",
            "type": machine.kind,
            "state": machine.state,
            "cpuNum": 2 << machine.seed % 4,
            "memorySize": (2 << 30) << machine.seed % 5,
            "allVolumes": [self.volume_fields(volume) for volume in volumes],
            "vmNics": [],
            "createDate": date,
            "lastOpDate": date,
        }

    def volume_fields(self, volume: Volume) -> dict[str, object]:
        """Return a VolumeInventory."""
        date = java_date(volume.created, self._zone, java9=self._java9)
        return {
            "uuid": volume.uuid,
            "name": volume.name,
            "vmInstanceUuid": volume.machine_uuid,
            "type": volume.kind,
            "format": "qcow2",
            "size": volume.size,
            "actualSize": volume.actual_size,
            "deviceId": volume.device_id,
            "state": "Enabled",
            "status": "Ready",
            "isShareable": False,
            "createDate": date,
            "lastOpDate": date,
        }

    def policy_fields(self, policy: Policy) -> dict[str, object]:
        """Return a CdpPolicyInventory."""
        date = java_date(policy.created, self._zone, java9=self._java9)
        return {
            "uuid": policy.uuid,
            "name": policy.name,
            "state": "Enabled",
            "description": None,
            "retentionTimePerDay": policy.retention_days,
            "hourlyRpSinceDay": policy.hourly_since_day,
            "dailyRpSinceDay": policy.daily_since_day,
            "expireTimeInDay": 0,
            "fullBackupIntervalInDay": policy.full_backup_days,
            "recoveryPointPerSecond": policy.seconds,
            "createDate": date,
            "lastOpDate": date,
        }

    def storage_fields(self, storage: Storage) -> dict[str, object]:
        """Return a BackupStorageInventory."""
        return {
            "uuid": storage.uuid,
            "name": storage.name,
            "description": None,
            "url": storage.url,
            "totalCapacity": storage.total,
            "availableCapacity": self._world.available(storage),
            "type": "ImageStoreBackupStorage",
            "state": "Enabled",
            "status": "Connected" if storage.connected else "Disconnected",
            "createDate": java_date(storage.created, self._zone, java9=self._java9),
            "lastOpDate": java_date(storage.changed, self._zone, java9=self._java9),
            "attachedZoneUuids": [ZONE_UUID],
        }

    def image_store_fields(self, storage: Storage) -> dict[str, object]:
        """Return an ImageStoreBackupStorageInventory: a BackupStorageInventory with its SSH access."""
        return {**self.storage_fields(storage), "hostname": storage.host_name, "username": "root", "sshPort": 22}

    def host_fields(self, host: Host) -> dict[str, object]:
        """Return a HostInventory."""
        date = java_date(host.created, self._zone, java9=self._java9)
        return {
            "uuid": host.uuid,
            "name": host.name,
            "description": None,
            "zoneUuid": ZONE_UUID,
            "clusterUuid": CLUSTER_UUID,
            "managementIp": host.address,
            "hypervisorType": "KVM",
            "architecture": "x86_64",
            "state": "Enabled",
            "status": "Connected",
            "cpuSockets": 2,
            "cpuNum": 64,
            "totalCpuCapacity": 640,
            "availableCpuCapacity": 320,
            "totalMemoryCapacity": 512 * GIB,
            "availableMemoryCapacity": 200 * GIB,
            "createDate": date,
            "lastOpDate": date,
        }

    def _image_store_table(self) -> Table[Storage]:
        found = make_columns(
            self.image_store_fields,
            text="name description url type state status hostname username",
            numbers="totalCapacity availableCapacity sshPort",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("changed")},
            lists="attachedZoneUuids",
        )
        java_class = "org.zstack.storage.backup.imagestore.ImageStoreBackupStorageInventory"
        return make_table(java_class, found, self.image_store_fields, self._world.storages)

    def _host_table(self) -> Table[Host]:
        found = make_columns(
            self.host_fields,
            text="name description zoneUuid clusterUuid managementIp hypervisorType architecture state status",
            numbers="cpuSockets cpuNum totalCpuCapacity availableCpuCapacity totalMemoryCapacity"
            " availableMemoryCapacity",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("created")},
        )
        return make_table("org.zstack.header.host.HostInventory", found, self.host_fields, self._world.hosts)

    def _management_node_table(self, node: NodeRegistration) -> Table[NodeRegistration]:
        def fields(row: NodeRegistration) -> dict[str, object]:
            return {
                "uuid": row.uuid,
                "hostName": row.host_name,
                "joinDate": java_date(row.joined_at, self._zone, java9=self._java9),
                "heartBeat": java_date(row.now(), self._zone, java9=self._java9),
            }

        found = make_columns(
            fields,
            text="hostName",
            numbers="",
            dates={"joinDate": attrgetter("joined_at"), "heartBeat": lambda row: row.now()},
        )
        java_class = "org.zstack.header.managementnode.ManagementNodeInventory"
        return make_table(java_class, found, fields, {node.uuid: node})

    def _long_job_table(self, node: NodeRegistration) -> Table[LongJob]:
        def fields(job: LongJob) -> dict[str, object]:
            now = node.now()
            state = job.state_at(now)
            is_over = state != "Running"
            return {
                "uuid": job.uuid,
                "name": job.name,
                "description": None,
                "apiId": job.api_id,
                "jobName": job.job_name,
                "jobData": encode_plain({"vmInstanceUuid": job.machine_uuid}).decode(),
                "jobResult": encode_plain({"success": not job.is_failure}).decode() if is_over else None,
                "state": state,
                "targetResourceUuid": job.machine_uuid,
                "managementNodeUuid": node.uuid,
                "createDate": self._date(job.created),
                "lastOpDate": self._date(min(now, job.ends)),
                "executeTime": int(job.ends - job.created) if is_over else None,
            }

        found = make_columns(
            fields,
            text="name description apiId jobName jobData jobResult targetResourceUuid managementNodeUuid",
            numbers="executeTime",
            dates={"createDate": attrgetter("created"), "lastOpDate": lambda job: min(node.now(), job.ends)},
        )
        found["state"] = Column(
            "state",
            ColumnType.TEXT,
            lambda job: job.state_at(node.now()),
            enum_class="org.zstack.header.longjob.LongJobState",
        )
        return make_table("org.zstack.header.longjob.LongJobInventory", found, fields, self._world.long_jobs)

    def _date(self, moment: float) -> str:
        return java_date(moment, self._zone, java9=self._java9)

    def _policy_table(self) -> Table[Policy]:
        found = make_columns(
            self.policy_fields,
            text="name description",
            numbers="retentionTimePerDay hourlyRpSinceDay dailyRpSinceDay expireTimeInDay fullBackupIntervalInDay "
            "recoveryPointPerSecond",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("created")},
        )
        found["state"] = Column(
            "state", ColumnType.TEXT, lambda _: "Enabled", enum_class="org.zstack.header.storage.cdp.CdpPolicyState"
        )
        java_class = "org.zstack.header.storage.cdp.CdpPolicyInventory"
        return make_table(java_class, found, self.policy_fields, self._world.policies)

    def _storage_table(self) -> Table[Storage]:
        found = make_columns(
            self.storage_fields,
            text="name description url type state status",
            numbers="totalCapacity availableCapacity",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("changed")},
            lists="attachedZoneUuids",
        )
        java_class = "org.zstack.header.storage.backup.BackupStorageInventory"
        return make_table(java_class, found, self.storage_fields, self._world.storages)

    def _machine_table(self) -> Table[Machine]:
        found = make_columns(
            self.machine_fields,
            text="name zoneUuid clusterUuid hostUuid lastHostUuid rootVolumeUuid platform architecture hypervisorType "
            "type state",
            numbers="cpuNum memorySize",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("created")},
            lists="allVolumes vmNics",
        )
        found["name"] = Column("name", ColumnType.TEXT, attrgetter("name"))
        found["state"] = Column("state", ColumnType.TEXT, attrgetter("state"))
        table = make_table("org.zstack.header.vm.VmInstanceInventory", found, self.machine_fields, self._world.machines)
        table.joined_columns["allVolumes.uuid"] = Column(
            "allVolumes.uuid", ColumnType.TEXT, lambda machine: [volume.uuid for volume in machine.volumes]
        )
        table.nested = _volume_classes
        return table

    def _volume_table(self) -> Table[Volume]:
        found = make_columns(
            self.volume_fields,
            text="name vmInstanceUuid type format state status isShareable",
            numbers="size actualSize deviceId",
            dates={"createDate": attrgetter("created"), "lastOpDate": attrgetter("created")},
        )
        nothing: dict[str, Volume] = {}
        table = make_table("org.zstack.header.volume.VolumeInventory", found, self.volume_fields, nothing)
        table.rows = lambda: [volume for machine in self._world.machines.values() for volume in machine.volumes]
        table.by_uuid = lambda uuid: next((volume for volume in table.rows() if volume.uuid == uuid), None)
        return table


def unsorted_order(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of a query without `sort`, in a stable order that matches no sort field."""
    return sorted(rows, key=lambda row: row.uuid[::-1])


def _volume_classes(machine: Machine) -> tuple[tuple[str, str], ...]:
    return tuple((f"allVolumes[{i}]", "org.zstack.header.volume.VolumeInventory") for i in range(len(machine.volumes)))


def make_columns(
    fields: Fields[Row], *, text: str, numbers: str, dates: Mapping[str, Callable[[Row], float]], lists: str = ""
) -> dict[str, Column[Row]]:
    """Return the columns of an inventory from the names of its fields, separated by blanks."""

    def column(name: str, kind: ColumnType) -> Column[Row]:
        return Column(name, kind, lambda row: fields(row).get(name))

    found: dict[str, Column[Row]] = {"uuid": Column("uuid", ColumnType.TEXT, lambda row: row.uuid)}
    for kind, names in ((ColumnType.TEXT, text), (ColumnType.NUMBER, numbers), (ColumnType.LIST, lists)):
        found |= {name: column(name, kind) for name in names.split()}
    return found | {name: Column(name, ColumnType.DATE, read) for name, read in dates.items()}


def make_table(
    java_class: str, found: dict[str, Column[Row]], fields: Fields[Row], rows: Mapping[str, Row]
) -> Table[Row]:
    """Return the query table of an inventory; `fields` returns one in wire format."""
    return Table(
        java_class=java_class,
        columns=found,
        rows=lambda: unsorted_order(rows.values()),
        by_uuid=rows.get,
        encode=lambda row: encode(in_hash_order(fields(row))),
        wire_value=lambda row, name: fields(row)[name],
        version=lambda: 0,
    )
