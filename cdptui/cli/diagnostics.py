"""The only module that writes to stderr and that knows exit codes.

    0  ok
    1  failure
    2  usage, bad input, or not a terminal
    3  cannot connect, where a command needs one answer
    4  authentication refused, where a command needs one answer
    130  interrupted before the monitor has its terminal, or in another command

The monitor itself never ends with 3 or 4: it stays up and says so.
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


class ExitCode(IntEnum):
    """What the process ends with."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    INTERRUPTED = 130


class CommandError(click.ClickException):
    """Ends the process with one line for a person."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[str] | None = None) -> None:
        """Print the line."""
        print_error(self.message, file)


def print_error(message: str, file: IO[str] | None = None) -> None:
    """One line on stderr."""
    _write(f"cdptui: {message}", file)


def show_help(context: click.Context) -> None:
    """What could have been typed, for whoever typed too little."""
    _write(context.get_help())


def show_traceback(error: BaseException) -> None:
    """The whole story, for --debug."""
    _write("".join(traceback.format_exception(error)).rstrip("\n"))


def stderr_text(text: str) -> str:
    """Return `text` as it may be written to stderr by a library."""
    return printable(text, sys.stderr)


def prompt_hidden(question: str) -> str:
    """Ask on stderr for a secret, without showing what is typed."""
    typed: str = click.prompt(printable(question, sys.stderr), hide_input=True, err=True)
    return typed


def _write(text: str, file: IO[str] | None = None) -> None:
    click.echo(printable(text, sys.stderr), file=file or sys.stderr)


def name_lack(error: BaseException | None) -> str | None:
    """Return what the system refused (memory, a thread, a descriptor) as a message; None for any other error."""
    limit = find_system_limit(error)
    return None if limit is None else limit.message
