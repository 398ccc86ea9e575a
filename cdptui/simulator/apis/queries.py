"""Query APIs, and the names of resources."""

from __future__ import annotations

from typing import Any

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse, Response
from cdptui.simulator.java_json import encode, in_hash_order
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.query.engine import Engine
from cdptui.simulator.query.grammar import PARAMETERS, parse_query
from cdptui.simulator.query.table import Table
from cdptui.simulator.routing import Call, Route

_CDP = "org.zstack.header.storage.cdp"


class Queries:
    """Query APIs with the shared query grammar, and the names of resources."""

    def __init__(self, state: NodeState) -> None:
        self._state = state
        inventories = state.inventories
        backup = "org.zstack.storage.backup.imagestore"
        tables: tuple[tuple[str, str, Table[Any]], ...] = (
            (f"{_CDP}.APIQueryCdpTaskMsg", "/cdp-task", state.task_table.table),
            (f"{_CDP}.APIQueryCdpPolicyMsg", "/cdp-backup-storage/policy", inventories.policies),
            ("org.zstack.header.vm.APIQueryVmInstanceMsg", "/vm-instances", inventories.machines),
            ("org.zstack.header.volume.APIQueryVolumeMsg", "/volumes", inventories.volumes),
            ("org.zstack.header.storage.backup.APIQueryBackupStorageMsg", "/backup-storage", inventories.storages),
            (f"{backup}.APIQueryImageStoreBackupStorageMsg", "/backup-storage/image-store", inventories.image_stores),
            ("org.zstack.header.host.APIQueryHostMsg", "/hosts", inventories.hosts),
            (
                "org.zstack.header.managementnode.APIQueryManagementNodeMsg",
                "/management-nodes",
                inventories.management_nodes,
            ),
            ("org.zstack.header.longjob.APIQueryLongJobMsg", "/longjobs", inventories.long_jobs),
            ("org.zstack.zwatch.alarm.APIQueryAlarmMsg", "/zwatch/alarms", state.monitoring.alarms),
            (
                "org.zstack.zwatch.alarm.APIQueryEventSubscriptionMsg",
                "/zwatch/events/subscriptions",
                state.monitoring.subscriptions,
            ),
            ("org.zstack.zwatch.api.APIQueryAlarmRecordMsg", "/zwatch/alarm-records", state.monitoring.alarm_records),
            ("org.zstack.zwatch.api.APIQueryEventRecordMsg", "/zwatch/event-records", state.monitoring.event_records),
            ("org.zstack.zwatch.api.APIQueryAuditMsg", "/zwatch/audit-records", state.monitoring.audit_records),
        )
        self._paths = {message: path for message, path, _ in tables}
        self.engines = {message: Engine(table, state.zone) for message, _, table in tables}
        """By message name."""

    def apis(self) -> list[Route]:
        """Return the APIs."""
        return [
            *(self._query(name, engine, self._paths[name]) for name, engine in self.engines.items()),
            Route(
                name="org.zstack.header.vo.APIGetResourceNamesMsg",
                method="GET",
                paths=("/resources/names",),
                handle=self._names,
                parameters=frozenset({"uuids"}),
            ),
        ]

    def _query(self, name: str, engine: Engine[Any], path: str) -> Route:
        def handle(call: Call) -> Response:
            uuid = call.variables.get("uuid")
            # A query by uuid in the path ignores the query parameters.
            body = engine.run(parse_query(call.request.params)) if uuid is None else engine.get(uuid)
            return Response(200, body)

        return Route(name=name, method="GET", paths=(path, f"{path}/{{uuid}}"), handle=handle, parameters=PARAMETERS)

    def _names(self, call: Call) -> Response:
        uuids = call.request.params.get("uuids")
        if not uuids:
            text = "field[uuids] of message[org.zstack.header.vo.APIGetResourceNamesMsg] is mandatory, can not be null"
            raise ApiErrorResponse(errors.invalid_argument(text))
        found = [inventory for uuid in dict.fromkeys(uuids) if (inventory := self._name(uuid)) is not None]
        return Response(200, encode({"inventories": found}))

    def _name(self, uuid: str) -> dict[str, object] | None:
        """Return the names of resources of any owner; unknown UUIDs are omitted."""
        world = self._state.world
        package = "org.zstack"
        if (task := world.tasks.get(uuid)) is not None:
            name, kind, concrete = str(task.overrides.get("name", task.name)), "CdpTaskVO", f"{_CDP}.CdpTaskVO"
        elif (machine := world.machines.get(uuid)) is not None:
            name, kind, concrete = machine.name, "VmInstanceVO", f"{package}.header.vm.VmInstanceVO"
        elif (storage := world.storages.get(uuid)) is not None:
            concrete = f"{package}.storage.backup.imagestore.ImageStoreBackupStorageVO"
            name, kind = storage.name, "BackupStorageVO"
        elif (policy := world.policies.get(uuid)) is not None:
            name, kind, concrete = policy.name, "CdpPolicyVO", f"{_CDP}.CdpPolicyVO"
        else:
            return None
        values: dict[str, object] = {"uuid": uuid, "resourceName": name, "resourceType": kind}
        return in_hash_order(values | {"concreteResourceType": concrete})
