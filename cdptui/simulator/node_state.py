"""The state of a simulated management node: world, sessions, jobs, faults and tables. It survives server restarts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo

from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.faults.rules import FaultRules
from cdptui.simulator.inventories import Inventories, NodeRegistration
from cdptui.simulator.java_json import java_date
from cdptui.simulator.jobs import Jobs, Result
from cdptui.simulator.monitoring_tables import MonitoringTables
from cdptui.simulator.records import AuditedResource, AuditLog
from cdptui.simulator.request_log import RequestLog
from cdptui.simulator.routing import Call
from cdptui.simulator.sessions import LoginControl, Sessions
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.task_inventory import TaskInventory
from cdptui.simulator.world.world import World

NODE_UUID = uuid5(NAMESPACE_OID, "management node").hex
"""UUID of the only management node."""


class NodeState:
    """What the APIs of a node share.

    Args:
        settings: Size, speed and dialect of the node.
        now: The wall clock, in epoch seconds.

    """

    def __init__(self, settings: SimulatorSettings, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.zone)
        self.started_at = now()
        self._now = now
        self.world = World(settings, now)
        self.sessions = Sessions(settings.session_timeout_s, now, unique=settings.dialect.unique_session)
        self.jobs = Jobs(now)
        self.faults = FaultRules()
        self.journal = RequestLog()
        self.task_table = TaskInventory(self.world, self.zone, settings.dialect)
        self.audit = AuditLog(settings.account)
        registration = NodeRegistration(NODE_UUID, settings.host, self.started_at, self.server_time)
        self.inventories = Inventories(self.world, self.zone, settings.dialect, registration)
        self.monitoring = MonitoringTables(self.world, self.audit, self.date, self.started_at)
        self.login_control = LoginControl(settings, now)
        self.supported_messages: Sequence[str] = ()
        """Names of the API messages; the node sets them when it has built its routes."""

        for task in self.world.tasks.values():
            if task.state == "Disabled":
                resource = AuditedResource("CdpTaskVO", task.uuid, task.name)
                self.audit.record_call("org.zstack.header.storage.cdp.APIDisableCdpTaskMsg", task.changed, resource)

    def record_call(self, message: str, call: Call, resource: AuditedResource, result: Result) -> None:
        """Record a completed call in the audit log."""
        error = result if isinstance(result, ErrorCode) else None
        now, client = self.server_time(), call.request.client
        self.audit.record_call(message, now, resource, client=client, parameters=call.parameters, error=error)

    def audited(
        self, message: str, call: Call, resource: AuditedResource, finish: Callable[[], Result]
    ) -> Callable[[], Result]:
        """Return a function that completes a job and records it in the audit log."""

        def finish_and_record() -> Result:
            result = finish()
            self.record_call(message, call, resource, result)
            return result

        return finish_and_record

    def server_time(self) -> float:
        """Return the time of the node in epoch seconds: the wall clock plus the skew of a fault."""
        return self._now() + self.faults.skew_s

    def date(self, moment: float) -> str:
        """Return a moment, in epoch seconds, in the date format of the node."""
        return java_date(moment, self.zone, java9=self.settings.dialect.java9_dates)
