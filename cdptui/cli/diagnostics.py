"""The only module that writes to stderr and that knows exit codes.

    0  ok
    1  failure
    2  usage, bad input, or not a terminal
    3  cannot connect, where a command needs one answer
    4  authentication refused, where a command needs one answer
    130  interrupted before the monitor has its terminal, or in another command

The monitor itself never ends with 3 or 4: it keeps running and shows the failure.
"""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum
from typing import IO, Final

import click

from cdptui.cli.output_boundary import printable
from cdptui.models.system_limits import find_system_limit

MISSING_EXTRA: Final = "the simulator needs packages that are not installed: pip install 'cdptui[demo]'"


SESSION_LEFT: Final = "not logged out: a session may remain on the node until it expires"


class ExitCode(IntEnum):
    """Exit codes of the process."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    AUTHENTICATION = 4
    INTERRUPTED = 130


class CommandError(click.ClickException):
    """Ends the process with a one-line message and an exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[str] | None = None) -> None:
        """Print the message."""
        print_error(self.message, file)


def print_error(message: str, file: IO[str] | None = None) -> None:
    """Print one line on stderr."""
    _write(f"cdptui: {message}", file)


def show_help(context: click.Context) -> None:
    """Print the help of a command on stderr, when the command line is incomplete."""
    _write(context.get_help())


def show_traceback(error: BaseException) -> None:
    """Print the traceback, for --debug."""
    _write("".join(traceback.format_exception(error)).rstrip("\n"))


def stderr_text(text: str) -> str:
    """Return `text` sanitized for stderr, for libraries that write to it."""
    return printable(text, sys.stderr)


def confirm(question: str) -> bool:
    """Ask on stderr for a yes or no; no is the default."""
    return click.confirm(printable(question, sys.stderr), err=True)


def prompt_hidden(question: str) -> str:
    """Prompt on stderr for a secret, without echo."""
    typed: str = click.prompt(printable(question, sys.stderr), hide_input=True, err=True)
    return typed


def _write(text: str, file: IO[str] | None = None) -> None:
    click.echo(printable(text, sys.stderr), file=file or sys.stderr)


def name_lack(error: BaseException | None) -> str | None:
    """Return what the system refused (memory, a thread, a descriptor) as a message; None for any other error."""
    limit = find_system_limit(error)
    return None if limit is None else limit.message
