"""The command line: the monitor with its options, the other commands, and the messages of all errors."""

from __future__ import annotations

import errno
import logging
import os
import sys
from typing import NoReturn

import click

from cdptui import __version__, gc_tuning
from cdptui.cli.diagnostics import CommandError, ExitCode, name_lack, print_error, show_traceback
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.monitor_settings import build_monitor_settings
from cdptui.cli.options import LazyGroup, display_options, help_all_option, node_options, record_options
from cdptui.cli.output_boundary import hide_given_secrets
from cdptui.cli.startup import end_at_once
from cdptui.cli.tty_checks import prompt_secret, require_drawable_terminal
from cdptui.config.errors import ConfigError

_COMMANDS = {
    "bundle": "cdptui.cli.bundle",
    "config": "cdptui.cli.config",
    "demo": "cdptui.cli.demo",
    "guide": "cdptui.cli.guide",
    "handover": "cdptui.cli.handover",
    "record": "cdptui.cli.record",
    "replay": "cdptui.cli.replay",
    "recordings": "cdptui.cli.recordings",
    "reset": "cdptui.cli.reset",
    "simulate": "cdptui.cli.simulate",
}

_COMMON_OPTIONS = (
    "--profile",
    "--url",
    "--account",
    "--login-type",
    "--password-file",
    "--insecure",
    "--interval",
    "--config",
    "--debug",
    "--version",
    "--help",
    "--help-all",
)
"""The options that --help lists; --help-all lists all."""

_EPILOG = "--help-all lists all options. In the monitor, ? shows the keys. The manual: cdptui guide."

_FULL_EPILOG = """Credentials; the first match wins: an option; a session in ZSTACK_SESSION_ID; an access key in
ZSTACK_ACCESS_KEY_ID and ZSTACK_ACCESS_KEY_SECRET; a password in ZSTACK_PASSWORD or ZSTACK_ACCOUNT_PASSWORD; the
configuration; a prompt. ZSTACK_HOST and ZSTACK_PORT are used if no URL is set. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY,
NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR are used. Exit codes: 0 success, 1 failure, 2 wrong usage or not a terminal,
130 interrupted before the monitor runs. In the monitor, Ctrl+C and q end with 0, and ? shows the keys. The manual:
cdptui guide."""


@click.group(
    cls=LazyGroup,
    modules=_COMMANDS,
    common_options=_COMMON_OPTIONS,
    full_epilog=_FULL_EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=_EPILOG,
)
@node_options
@record_options
@display_options
@click.version_option(__version__, "--version", prog_name="cdptui")
@help_all_option
@click.pass_context
def cdptui(context: click.Context, /, **_options: object) -> None:
    """Watch the CDP tasks of a ZStack management node, worst first."""
    if context.invoked_subcommand is not None:
        gc_tuning.on_command()
        return
    effective_config = EffectiveConfig.from_context(context).with_initial_profile()
    is_stdin_used = bool(effective_config.cli_option("password_stdin"))
    settings = build_monitor_settings(
        effective_config,
        prompt=prompt_secret,
        before_prompt=lambda: require_drawable_terminal(is_stdin_used=is_stdin_used),
    )
    from cdptui.cli.monitor import run_monitor

    context.exit(run_monitor(settings, DisplaySettings.of(effective_config), effective_config))


def main() -> None:
    """Run the program. Every failure is one line and an exit code; --debug adds a traceback."""
    hide_given_secrets(sys.argv, os.environ)
    is_debug = "--debug" in sys.argv
    try:
        code = cdptui(prog_name="cdptui", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        sys.exit(ExitCode.INTERRUPTED)
    except MemoryError:
        # The entry point ends the process at once: the interpreter's shutdown would print errors for lack of memory.
        raise
    except Exception as error:  # noqa: BLE001 - the last handler: the user gets one line instead of a traceback
        _exit_with_error(error, is_debug=is_debug)
    sys.exit(code)


def _exit_with_error(error: Exception, *, is_debug: bool) -> NoReturn:
    if is_debug:
        show_traceback(error)
    if (lack := name_lack(error)) is not None:
        print_error(lack)
        # The interpreter's shutdown would print errors for the same reason.
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
            print_error(f"{error.format_message()} ({command} --help shows the usage)")
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
    """Whether `error` is of stdout: a full disk or a closed pipe. Errors of other files name their file."""
    return error.filename is None and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF)


def _drop_stdout() -> None:
    """Keep the interpreter from writing the rest of the output again when it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
