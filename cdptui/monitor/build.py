"""The composition root: settings to a running link with one management node.

Importing the network takes longer than drawing the first frame, so it happens here, late, and off the event loop.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from cdptui.clock import Clock
from cdptui.config.settings import MonitorSettings
from cdptui.models.task import Field, Task
from cdptui.monitor.details import Names
from cdptui.monitor.monitor import Monitor
from cdptui.monitor.poller import Poller

if TYPE_CHECKING:
    from cdptui.api.client import Client


@dataclass(frozen=True, slots=True)
class Link:
    """One management node, connected: its monitor, and the side questions."""

    monitor: Monitor
    names: Names
    _client: Client

    @property
    def zone(self) -> tzinfo | None:
        """The zone in which the server writes dates, as far as it is known."""
        return self._client.zone

    def fields(self, task: Task) -> Sequence[Field]:
        """Every field that the server sent of a task."""
        return self._client.fields(task)

    def use_password(self, password: str) -> None:
        """Try another password, at once."""
        self._client.use_password(password)
        self.monitor.refresh()

    async def aclose(self) -> None:
        """Log out and hang up; takes two seconds at most."""
        await self._client.aclose()


async def open_link(settings: MonitorSettings, clock: Clock) -> Link:
    """Build everything that watches one node. Opens no connection yet."""
    await asyncio.to_thread(importlib.import_module, "cdptui.api.client")
    from cdptui.api.auth import AccountLogin, GivenSession  # noqa: PLC0415 - late on purpose, see above
    from cdptui.api.client import Client  # noqa: PLC0415
    from cdptui.api.errors import ApiError  # noqa: PLC0415

    auth = (
        GivenSession(settings.session_id)
        if settings.session_id is not None
        else AccountLogin.with_password(settings.account or "", settings.password or "")
    )
    client = await asyncio.to_thread(Client, settings.base_url, auth, timeout_s=settings.timeout_s, clock=clock)
    monitor = Monitor(client, clock, Poller(settings.interval_s))
    names = Names(client.names, clock, monitor.turns, errors=(ApiError,))
    return Link(monitor, names, client)
