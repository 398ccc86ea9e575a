"""`cdptui demo`: the monitor on a simulated node inside this process, over a real socket."""

from __future__ import annotations

from typing import Final

from cdptui.cli.diagnostics import MISSING_EXTRA, CommandFailed
from cdptui.cli.monitor import run_monitor
from cdptui.config.address import normalise
from cdptui.config.settings import MonitorSettings

_INTERVAL_S: Final = 2.0
"""In a fleet whose time runs fast, so should the eye."""


def run_demo(*, tasks: int, seed: int, speed: float, theme: str) -> int:
    """Start both ends; returns the exit code. Raises CommandFailed without the packages of the extra."""
    try:
        from cdptui.simulator.node import ManagementNode  # noqa: PLC0415 - in an extra that may be missing
        from cdptui.simulator.server import EmbeddedServer  # noqa: PLC0415
        from cdptui.simulator.settings import SimulatorSettings  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandFailed(MISSING_EXTRA) from error
    settings = SimulatorSettings(port=0, tasks=tasks, seed=seed, speed=speed)
    with EmbeddedServer(ManagementNode(settings)) as server:
        monitor = MonitorSettings(
            base_url=normalise(server.url), account=settings.account, password=settings.password, interval_s=_INTERVAL_S
        )
        return run_monitor(monitor, theme=theme)
