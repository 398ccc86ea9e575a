"""The command line: what may be asked for, and how it is told when it may not."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from cdptui import __version__
from cdptui.cli.diagnostics import CommandFailed, ExitCode, complain, show_traceback
from cdptui.cli.log_file import LEVELS, log_to
from cdptui.cli.options import GroupedGroup, option
from cdptui.cli.terminal import require_terminal, take_keys_from_terminal
from cdptui.config import environment
from cdptui.config.address import node_of, normalise
from cdptui.config.credentials import read_password, read_password_file
from cdptui.config.errors import ConfigError
from cdptui.config.paths import default_log_file
from cdptui.config.settings import (
    DEFAULT_INTERVAL_S,
    DEFAULT_TIMEOUT_S,
    MAX_INTERVAL_S,
    MAX_TIMEOUT_S,
    MIN_INTERVAL_S,
    MonitorSettings,
    check_seconds,
)

CONNECTION = "Connection"
POLLING = "Polling"
DISPLAY = "Display"
TROUBLE = "Trouble"
FLEET = "Fleet"
SERVER = "Server"

_EPILOG = """A ready session is taken from ZSTACK_SESSION_ID, a password from ZSTACK_PASSWORD or
ZSTACK_ACCOUNT_PASSWORD; without either you are asked. ZSTACK_HOST and ZSTACK_PORT stand for the URL where that is not
set. Exit codes: 0 ok, 1 failure, 2 usage or not a terminal. Once it runs, ? shows the keys."""


def _positive(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not math.isfinite(value) or not 0 < value <= 100_000:
        raise click.BadParameter("must be more than 0 and at most 100000", ctx=context, param=parameter)
    return value


@dataclass(frozen=True, slots=True)
class _Common:
    """What all commands share."""

    theme: str
    log_file: Path | None
    log_level: str
    debug: bool

    def start_log(self, secrets: list[str]) -> None:
        """Log from now on, without `secrets`."""
        log_to(self.log_file or default_log_file(), self.log_level, secrets, is_asked_for=self.log_file is not None)


@click.group(
    cls=GroupedGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=_EPILOG,
)
@option(
    "--url",
    heading=CONNECTION,
    envvar=environment.URL[0],
    metavar="URL",
    help="The management node, such as 10.0.0.5 or https://cloud/zstack.",
)
@option(
    "--account",
    heading=CONNECTION,
    envvar=list(environment.ACCOUNT),
    metavar="NAME",
    help="Account to log in with.  [default: admin]",
)
@option("--password-stdin", heading=CONNECTION, is_flag=True, help="Read the password from the first line of stdin.")
@option(
    "--password-file",
    heading=CONNECTION,
    type=click.Path(path_type=Path),
    metavar="F",
    help="Read it from a file that only you can read.",
)
@option(
    "--interval",
    heading=POLLING,
    type=float,
    default=DEFAULT_INTERVAL_S,
    metavar="S",
    help="Seconds from poll to poll, 1 to 3600.",
)
@option(
    "--timeout",
    heading=POLLING,
    type=float,
    default=DEFAULT_TIMEOUT_S,
    metavar="S",
    help="Seconds to wait for the node's next byte.",
)
@option(
    "--theme",
    heading=DISPLAY,
    type=click.Choice(["dark", "light"]),
    default="dark",
    help="Colours; t goes through them.",
)
@option(
    "--log-file",
    heading=TROUBLE,
    type=click.Path(path_type=Path),
    metavar="F",
    help="Where to log.  [default: in the user's log folder]",
)
@option("--log-level", heading=TROUBLE, type=click.Choice(LEVELS), default="warning", help="How much to log.")
@option("--debug", heading=TROUBLE, is_flag=True, help="Log everything, and show tracebacks.")
@click.version_option(__version__, "--version", prog_name="cdptui")
@click.pass_context
def cdptui(  # noqa: PLR0913, PLR0917 - one parameter an option
    context: click.Context,
    url: str | None,
    account: str | None,
    password_stdin: bool,  # noqa: FBT001
    password_file: Path | None,
    interval: float,
    timeout: float,
    theme: str,
    log_file: Path | None,
    log_level: str,
    debug: bool,  # noqa: FBT001
) -> None:
    """Watch the CDP tasks of a ZStack management node, worst first."""
    context.obj = common = _Common(theme, log_file, "debug" if debug else log_level, debug)
    if context.invoked_subcommand is not None:
        return
    if password_stdin and password_file is not None:
        raise click.UsageError("--password-stdin and --password-file exclude each other")
    is_account_typed = context.get_parameter_source("account") is ParameterSource.COMMANDLINE
    seconds = check_seconds("--interval", interval, MIN_INTERVAL_S, MAX_INTERVAL_S)
    timeout_s = check_seconds("--timeout", timeout, 0.1, MAX_TIMEOUT_S)
    base_url = normalise(_address(url))
    session_id = environment.lookup(environment.SESSION)
    if is_account_typed or password_stdin or password_file is not None:
        session_id = None
    require_terminal(is_stdin_used=password_stdin)
    password = None
    if session_id is None:
        account = account or "admin"
        password = _password(account, base_url, from_stdin=password_stdin, file=password_file)
    else:
        account = None
    settings = MonitorSettings(
        base_url=base_url,
        account=account,
        password=password,
        session_id=session_id,
        interval_s=seconds,
        timeout_s=timeout_s,
    )
    common.start_log([password or "", session_id or ""])
    from cdptui.cli.monitor import run_monitor  # noqa: PLC0415 - only what is needed is imported

    context.exit(run_monitor(settings, theme=theme))


@cdptui.command()
@option("--tasks", heading=FLEET, type=click.IntRange(0, 100_000), default=60, metavar="N", help="Size of the fleet.")
@option("--seed", heading=FLEET, type=int, default=1, metavar="N", help="The same seed is the same fleet.")
@option(
    "--speed",
    heading=FLEET,
    type=float,
    default=60.0,
    metavar="X",
    callback=_positive,
    help="How much faster than real its time runs.",
)
@click.pass_context
def demo(context: click.Context, tasks: int, seed: int, speed: float) -> None:
    """Open the monitor on an embedded simulated node; nothing else is needed."""
    common: _Common = context.obj
    require_terminal(is_stdin_used=False)
    common.start_log([])
    from cdptui.cli.demo import run_demo  # noqa: PLC0415 - only what is needed is imported

    context.exit(run_demo(tasks=tasks, seed=seed, speed=speed, theme=common.theme))


@cdptui.command()
@option("--host", heading=SERVER, default="127.0.0.1", metavar="H", help="Address to listen on.")
@option("--port", heading=SERVER, type=click.IntRange(0, 65535), default=8080, metavar="P", help="0 is any free one.")
@option("--account", heading=SERVER, default="admin", metavar="NAME", help="The account that may log in.")
@option(
    "--password-file",
    heading=SERVER,
    type=click.Path(path_type=Path),
    metavar="F",
    help='Its password, in a file that only you can read.  [default password: "password"]',
)
@option(
    "--session-timeout",
    heading=SERVER,
    type=float,
    default=7200.0,
    metavar="S",
    callback=_positive,
    help="Seconds until an unused session ends.",
)
@option("--tasks", heading=FLEET, type=click.IntRange(0, 100_000), default=60, metavar="N", help="Size of the fleet.")
@option("--seed", heading=FLEET, type=int, default=1, metavar="N", help="The same seed is the same fleet.")
@option(
    "--speed",
    heading=FLEET,
    type=float,
    default=1.0,
    metavar="X",
    callback=_positive,
    help="How much faster than real its time runs.",
)
def simulate(
    host: str,
    port: int,
    account: str,
    password_file: Path | None,
    session_timeout: float,
    tasks: int,
    seed: int,
    speed: float,
) -> None:
    """Serve a simulated management node until interrupted."""
    password = "password" if password_file is None else read_password_file(password_file)
    from cdptui.cli.simulate import run_simulator  # noqa: PLC0415 - only what is needed is imported

    run_simulator(
        host=host,
        port=port,
        account=account,
        password=password,
        session_timeout_s=session_timeout,
        tasks=tasks,
        seed=seed,
        speed=speed,
    )


def _address(url: str | None) -> str:
    if url:
        return url
    host, port = environment.lookup(environment.HOST), environment.lookup(environment.PORT)
    if host is None:
        raise click.UsageError(
            "which management node? Give --url or set ZSTACK_API_URL; to look around first: cdptui demo"
        )
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return bracketed if port is None else f"{bracketed}:{port}"


def _password(account: str, base_url: str, *, from_stdin: bool, file: Path | None) -> str:
    if from_stdin:
        password = read_password(sys.stdin, "stdin")
        take_keys_from_terminal()
        return password
    if file is not None:
        return read_password_file(file)
    known = environment.lookup(environment.PASSWORD)
    if known is not None:
        return known
    typed: str = click.prompt(f"Password of {account} at {node_of(base_url)}", hide_input=True, err=True)
    return typed


def main() -> None:
    """The entry point: every failure is one line and an exit code, and a traceback only with --debug."""
    is_debug = "--debug" in sys.argv
    try:
        code = cdptui(prog_name="cdptui", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the end of the process: what is left must not be a page of traceback
        _end_with(error, is_debug=is_debug)
    sys.exit(code)


def _end_with(error: Exception, *, is_debug: bool) -> NoReturn:
    if is_debug:
        show_traceback(error)
    match error:
        case CommandFailed():
            error.show()
            sys.exit(error.code)
        case click.ClickException():
            complain(f"{error.format_message()} (cdptui --help lists what there is)")
            sys.exit(error.exit_code)
        case click.Abort():
            complain("aborted")
            sys.exit(ExitCode.FAILURE)
        case ConfigError():
            complain(str(error))
            sys.exit(ExitCode.USAGE)
        case _:
            complain(f"a fault of its own: {type(error).__name__}: {error}; --debug shows where")
            sys.exit(ExitCode.FAILURE)
