"""The composition root: settings to a running link with one management node.

Importing the network takes longer than drawing the first frame, so it happens here, late, and off the event loop.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

from cdptui.clock import Clock
from cdptui.config.settings import MonitorSettings
from cdptui.models.capacity import CapacityHistory
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.inventory import InventoryService
from cdptui.monitor.monitor import Monitor
from cdptui.monitor.schedule import PollSchedule
from cdptui.monitor.sources import NodeClient


class NodeConnection(Struct, frozen=True):
    """One management node, connected: its monitor, and the side questions."""

    monitor: Monitor
    directory: InventoryService
    _node: NodeClient
    _on_secret: Callable[[str], None]
    _on_password: Callable[[str], None]

    @classmethod
    def create(
        cls,
        node: NodeClient,
        clock: Clock,
        interval_s: float,
        errors: tuple[type[Exception], ...],
        on_secret: Callable[[str], None] = lambda _: None,
        on_password: Callable[[str], None] = lambda _: None,
    ) -> NodeConnection:
        """Watch `node`, whose side questions fail with one of `errors`.

        `on_secret` is told what is typed later, `on_password` what of it may serve again.
        """
        monitor = Monitor(node, clock, PollSchedule(interval_s))
        directory = InventoryService(
            node.resources, clock, monitor.turns, errors, on_dependencies_changed=monitor.set_dependencies
        )
        monitor.on_tasks_removed(directory.forget_tasks)
        return cls(monitor, directory, node, on_secret, on_password)

    @property
    def zone(self) -> tzinfo | None:
        """The zone in which the server writes dates, as far as it is known."""
        return self._node.zone

    @property
    def names(self) -> Mapping[str, str]:
        """Names of VMs, storages and policies by uuid, as far as they are known; grows in place."""
        return self.directory.names

    @property
    def changed_at(self) -> Mapping[str, datetime]:
        """When a significant change of a task was last seen, by uuid."""
        return self.monitor.changed_at

    def request_names_for(self, tasks: Iterable[Task], others: Iterable[str] = ()) -> None:
        """Request the names of everything that tasks refer to, and of `others`; replaces the request before."""
        self.directory.request_names_for(tasks, others)

    def history(self, uuid: str) -> CapacityHistory:
        """Return the used capacity of a task over time."""
        return self.monitor.history(uuid)

    def row(self, uuid: str) -> TaskRow | None:
        """Return the row of a task; None when the node has no such task."""
        return self.monitor.row(uuid)

    def fields(self, task: Task) -> Sequence[RawField]:
        """Every field that the server sent of a task."""
        return self._node.fields(task)

    def raw_lines(self, task: Task) -> RawLines:
        """The record of a task as the server sent it, indented."""
        return self._node.raw_lines(task)

    def record(self, task: Task) -> str:
        """A task as the server sent it: JSON on one line, inert."""
        return self._node.json_record(task)

    def use_password(self, password: str) -> None:
        """Try another password, at once."""
        self._on_secret(password)
        self._on_password(password)
        self._node.use_password(password)
        self.monitor.refresh()

    def use_code(self, code: str) -> None:
        """Log in with a code of the second factor, at once."""
        self._on_secret(code)
        self._node.use_otp(code)
        self.monitor.refresh()

    async def aclose(self) -> bool:
        """Log out and hang up; takes two seconds at most. False when a session may be left on the node."""
        return await self._node.aclose()


async def connect(
    settings: MonitorSettings,
    clock: Clock,
    on_secret: Callable[[str], None] = lambda _: None,
    on_password: Callable[[str], None] = lambda _: None,
) -> NodeConnection:
    """Build everything that watches one node. Opens no connection yet. For the rest see `NodeConnection.to`."""
    await asyncio.to_thread(_import_network)
    from cdptui.api.client import Client  # noqa: PLC0415 - late on purpose, see above
    from cdptui.api.errors import ApiError  # noqa: PLC0415

    client = await asyncio.to_thread(
        Client,
        settings.base_url,
        settings.auth,
        timeout_s=settings.timeout_s,
        clock=clock,
        zone=settings.server_zone,
        tls=settings.tls,
        proxy=settings.proxy,
    )
    return NodeConnection.create(client, clock, settings.interval_s, (ApiError,), on_secret, on_password)


def _import_network() -> None:
    """Load what the first request would load, 30 ms of it on the event loop."""
    for name in ("cdptui.api.client", "anyio._backends._asyncio"):
        importlib.import_module(name)
