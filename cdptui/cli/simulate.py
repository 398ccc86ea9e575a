"""`cdptui simulate`: a simulated management node on a port of its own."""

from __future__ import annotations

from pathlib import Path

import click

from cdptui.cli.diagnostics import MISSING_EXTRA, CommandFailed
from cdptui.cli.options import GroupedCommand, fleet_options, option, positive
from cdptui.cli.output import say
from cdptui.config.credentials import read_password_file

_SERVER = "Server"
_DEFAULT_PASSWORD = "password"  # noqa: S105 - documented, and what it guards is invented


@click.command(cls=GroupedCommand)
@option("--host", heading=_SERVER, default="127.0.0.1", metavar="H", help="Address to listen on.")
@option("--port", heading=_SERVER, type=click.IntRange(0, 65535), default=8080, metavar="P", help="0 is any free one.")
@option("--account", heading=_SERVER, default="admin", metavar="NAME", help="The account that may log in.")
@option(
    "--password-file",
    heading=_SERVER,
    type=click.Path(path_type=Path),
    metavar="F",
    help='Its password, in a file that only you can read.  [default password: "password"]',
)
@option(
    "--session-timeout",
    "session_timeout_s",
    heading=_SERVER,
    type=float,
    default=7200.0,
    metavar="S",
    callback=positive,
    help="Seconds until an unused session ends.",
)
@fleet_options(speed=1.0)
def simulate(
    host: str,
    port: int,
    account: str,
    password_file: Path | None,
    session_timeout_s: float,
    tasks: int,
    seed: int,
    speed: float,
) -> None:
    """Serve a simulated management node until interrupted."""
    password = _DEFAULT_PASSWORD if password_file is None else read_password_file(password_file)
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
    import asyncio  # noqa: PLC0415 - a fifth of the time of --help

    try:
        asyncio.run(serve(ManagementNode(settings), on_ready=lambda url: say(f"listening on {url}")))
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise CommandFailed(message) from error
