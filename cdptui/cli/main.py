"""The command line: the monitor itself with its options, the other commands, and how every failure is told."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
from typing import NoReturn

import click

from cdptui import __version__
from cdptui.cli.diagnostics import CommandError, ExitCode, name_lack, print_error, show_traceback
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.monitor_settings import build_monitor_settings
from cdptui.cli.options import LazyGroup, display_options, login_options, option
from cdptui.cli.output_boundary import hide_given_secrets
from cdptui.cli.startup import end_at_once
from cdptui.cli.tty_checks import prompt_secret, require_drawable_terminal
from cdptui.config import environment
from cdptui.config.errors import ConfigError
from cdptui.config.settings import DEFAULT_INTERVAL_S, DEFAULT_TIMEOUT_S

CONNECTION = "Connection"
POLLING = "Polling"

_COMMANDS = {
    "config": "cdptui.cli.config",
    "demo": "cdptui.cli.demo",
    "reset": "cdptui.cli.reset",
    "simulate": "cdptui.cli.simulate",
}

_EPILOG = """What proves who you are comes from the first of these that is there: what an option names; a session in
ZSTACK_SESSION_ID; an access key in ZSTACK_ACCESS_KEY_ID and ZSTACK_ACCESS_KEY_SECRET; a password in ZSTACK_PASSWORD or
ZSTACK_ACCOUNT_PASSWORD; what the configuration names; else you are asked. ZSTACK_HOST and ZSTACK_PORT stand for the URL
where that is not set. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR count. Exit codes: 0
ok, 1 failure, 2 usage or not a terminal, 130 interrupted before the monitor runs; in the monitor Ctrl+C ends it with 0
as q does. Once it runs, ? shows the keys."""


@click.group(
    cls=LazyGroup,
    modules=_COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=_EPILOG,
)
@option(
    "--profile",
    "-P",
    heading=CONNECTION,
    envvar=environment.PROFILE[0],
    metavar="NAME",
    help="A node of the configuration; x goes to another one.",
)
@option(
    "--url",
    heading=CONNECTION,
    envvar=environment.URL[0],
    metavar="URL",
    help="The management node, such as 10.0.0.5 or https://cloud/zstack.",
)
@login_options
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
    "timeout_s",
    heading=POLLING,
    type=float,
    default=DEFAULT_TIMEOUT_S,
    metavar="S",
    help="Seconds to wait for the node's next byte.",
)
@display_options
@click.version_option(__version__, "--version", prog_name="cdptui")
@click.pass_context
def cdptui(context: click.Context, /, **_options: object) -> None:
    """Watch the CDP tasks of a ZStack management node, worst first."""
    if context.invoked_subcommand is not None:
        # The entry point turned it off; the monitor does so again.
        gc.enable()
        return
    choices = EffectiveConfig.from_context(context).with_initial_profile()
    is_stdin_used = bool(choices.cli_option("password_stdin"))
    settings = build_monitor_settings(
        choices, prompt=prompt_secret, before_prompt=lambda: require_drawable_terminal(is_stdin_used=is_stdin_used)
    )
    from cdptui.cli.monitor import run_monitor  # noqa: PLC0415 - only what is needed is imported

    context.exit(run_monitor(settings, DisplaySettings.of(choices), choices))


def main() -> None:
    """The entry point: every failure is one line and an exit code, and a traceback only with --debug."""
    hide_given_secrets(sys.argv, os.environ)
    is_debug = "--debug" in sys.argv
    try:
        code = cdptui(prog_name="cdptui", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        sys.exit(ExitCode.INTERRUPTED)
    except MemoryError:
        # The entry point ends the process at once: the interpreter's own end would print what fails for lack of memory.
        raise
    except Exception as error:  # noqa: BLE001 - the end of the process: what is left must not be a page of traceback
        _exit_with_error(error, is_debug=is_debug)
    sys.exit(code)


def _exit_with_error(error: Exception, *, is_debug: bool) -> NoReturn:
    if is_debug:
        show_traceback(error)
    if (lack := name_lack(error)) is not None:
        print_error(lack)
        # The interpreter's own end would print what fails for the same lack.
        sys.stderr.flush()
        logging.shutdown()
        end_at_once(ExitCode.FAILURE)
    match error:
        case CommandError():
            error.show()
            sys.exit(error.code)
        case click.ClickException():
            context = error.ctx if isinstance(error, click.UsageError) else None
            command = context.command_path if context is not None else "cdptui"
            print_error(f"{error.format_message()} ({command} --help lists what there is)")
            sys.exit(error.exit_code)
        case ConfigError():
            for line in str(error).splitlines():
                print_error(line)
            sys.exit(ExitCode.USAGE)
        case OSError() if _is_of_stdout(error):
            _drop_stdout()
            if not isinstance(error, BrokenPipeError):
                print_error(f"cannot write to stdout: {error.strerror}")
            sys.exit(ExitCode.FAILURE)
        case _:
            print_error(f"internal error: {type(error).__name__}: {error}; --debug shows where")
            sys.exit(ExitCode.FAILURE)


def _is_of_stdout(error: OSError) -> bool:
    """Whether `error` is what a full disk or a closed pipe gives; files of ours have errors of their own."""
    return error.filename is None and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF)


def _drop_stdout() -> None:
    """Keep the interpreter from writing again, at its end, what cannot be written."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
