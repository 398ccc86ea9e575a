"""`cdptui simulate`: a simulated management node on a port of its own."""

from __future__ import annotations

import asyncio

from cdptui.cli.diagnostics import MISSING_EXTRA, CommandFailed
from cdptui.cli.output import say


def run_simulator(
    *,
    host: str,
    port: int,
    account: str,
    password: str,
    session_timeout_s: float,
    tasks: int,
    seed: int,
    speed: float,
) -> None:
    """Serve until interrupted. Raises CommandFailed when it cannot listen."""
    try:
        from cdptui.simulator.node import ManagementNode  # noqa: PLC0415 - in an extra that may be missing
        from cdptui.simulator.server import serve  # noqa: PLC0415
        from cdptui.simulator.settings import SimulatorSettings  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandFailed(MISSING_EXTRA) from error
    settings = SimulatorSettings(
        host=host,
        port=port,
        tasks=tasks,
        seed=seed,
        speed=speed,
        account=account,
        password=password,
        session_timeout_s=session_timeout_s,
    )
    try:
        asyncio.run(serve(ManagementNode(settings), on_ready=lambda url: say(f"listening on {url}")))
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise CommandFailed(message) from error
