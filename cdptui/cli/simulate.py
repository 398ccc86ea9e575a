"""`cdptui simulate`: serves a simulated management node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cdptui.cli.diagnostics import MISSING_EXTRA, CommandError, ExitCode
from cdptui.cli.options import FAULTS, Command, WholeNumber, fault_option, fleet_options, option, validate_positive
from cdptui.cli.output import print_line
from cdptui.config.credentials import read_password_file

if TYPE_CHECKING:
    from cdptui.simulator.faults.rules import Fault

_SERVER = "Server"
_DEFAULT_PASSWORD = "password"  # noqa: S105 - documented, and the data is simulated

_EPILOG = """\b
A SPEC is KIND[:KEY=VALUE,...], or the same as a JSON object. KINDs:
  delay, trickle, slow-start, endless-body, clock-skew, cached  take seconds=S
  error           takes code=CODE (SYS.1000), details=TEXT
  redirect        takes location=URL, status=301|302|303|307|308
  huge-body       takes bytes=N
  capped-pages    takes rows=N (100)
  deep-nesting    takes depth=N
  hang, hang-body, reset, refuse, truncated, invalid-json, endless-list,
  rate-limit, empty-500, bad-gateway, gateway-timeout, html-503, denied,
  module-missing, tomcat-404, error-pages, firewall, session-kill,
  unique-session, shifting-rows

\b
All take for=S, the seconds after which the fault ends. All but the states of
the node (refuse, slow-start, clock-skew, unique-session) take path=/cdp-task
(the part after /zstack/v1), method=GET, and times=N, the number of affected
requests.

\b
With --control, from the same machine only:
  curl URL/control/faults                       list active faults
  curl URL/control/faults -d SPEC               add a fault; returns its ID
  curl URL/control/faults/ID -X DELETE          remove it; all without ID
  curl URL/control/world -d '{"freeze": true}'  thaw, alter, release, add,
                                                remove
  curl URL/control/sessions                     count; -X DELETE ends them
  curl URL/control/requests                     count; -X DELETE resets it
A node that refuses connections refuses those for its control as well: use
for=S, or a connection that is already open.

\b
The access key is CDPTUISIMULATOR01 with the secret secret0123456789."""


@click.command(cls=Command, epilog=_EPILOG)
@option("--host", heading=_SERVER, default="127.0.0.1", metavar="H", help="Address to listen on.")
@option(
    "--port",
    heading=_SERVER,
    type=WholeNumber(0, 65535),
    default=8080,
    metavar="P",
    help="0 is any free one.",
)
@option("--account", heading=_SERVER, default="admin", metavar="NAME", help="Account that may log in.")
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
    callback=validate_positive,
    help="Seconds until an unused session expires.",
)
@fleet_options(speed=1.0)
@option(
    "--statuses",
    heading="Fleet",
    type=click.Choice(["all", "no-stopping", "basic"]),
    default="all",
    metavar="SET",
    help="Statuses of the server: all, no-stopping, or basic: no DataMerging either, as before 4.7.11.",
)
@fault_option("the kinds are listed below")
@option("--control", heading=FAULTS, is_flag=True, help="Serve URL/control, to change faults at run time.")
def simulate(  # noqa: PLR0913, PLR0917 - one parameter an option
    host: str,
    port: int,
    account: str,
    password_file: Path | None,
    session_timeout_s: float,
    tasks: int,
    seed: int,
    speed: float,
    statuses: Literal["all", "no-stopping", "basic"],
    faults: tuple[Fault, ...],
    control: bool,  # noqa: FBT001
) -> None:
    """Serve a simulated management node until interrupted."""
    password = _DEFAULT_PASSWORD if password_file is None else read_password_file(password_file)
    try:
        from cdptui.simulator.node import ManagementNode
        from cdptui.simulator.server import serve
        from cdptui.simulator.settings import Dialect, SimulatorSettings
    except ModuleNotFoundError as error:
        raise CommandError(MISSING_EXTRA) from error
    settings = SimulatorSettings(
        host=host,
        port=port,
        tasks=tasks,
        seed=seed,
        speed=speed,
        account=account,
        password=password,
        session_timeout_s=session_timeout_s,
        dialect=Dialect(statuses=statuses),
        control=control,
    )
    node = ManagementNode(settings)
    for fault in faults:
        node.faults.add_fault(fault)
    import asyncio

    try:
        asyncio.run(serve(node, on_ready=_announce))
    except _CannotAnnounce as failed:
        raise failed.error from None
    except UnicodeError as error:
        message = f"cannot listen on {host}: invalid host name"
        raise CommandError(message, ExitCode.USAGE) from error
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise CommandError(message) from error


class _CannotAnnounce(Exception):
    """The URL could not be written to stdout; distinguishes this from an error of listening."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error


def _announce(url: str) -> None:
    try:
        print_line(f"listening on {url}")
    except OSError as error:
        raise _CannotAnnounce(error) from error
