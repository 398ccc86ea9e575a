"""Checks of the terminal, and prompts for secrets."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from collections.abc import Iterator
from typing import Final

from cdptui.cli.diagnostics import CommandError, ExitCode, prompt_hidden
from cdptui.cli.startup import forget_restore, restore_at_signal
from cdptui.config.terminal import detect_terminal

_MONITOR_NEEDS: Final = "the monitor needs a terminal for output and for keys"


def require_terminal(*, is_stdin_used: bool, need: str = _MONITOR_NEEDS) -> None:
    """Raise CommandError unless stdout and stdin are terminals; `need` is the reason in the message.

    With `is_stdin_used`, stdin may be a pipe, and keys come from the controlling terminal.
    """
    if not sys.stdout.isatty() or (not is_stdin_used and not sys.stdin.isatty()):
        raise _not_a_terminal(need)


def require_drawable_terminal(*, is_stdin_used: bool) -> None:
    """Raise CommandError unless the process has a terminal that the monitor can draw on."""
    require_terminal(is_stdin_used=is_stdin_used)
    traits = detect_terminal()
    if traits.is_dumb:
        term = f"TERM={traits.term}" if traits.term else "TERM is not set"
        message = f"this terminal cannot show the monitor: it has no cursor addressing ({term})"
        raise CommandError(message, ExitCode.USAGE)


def reopen_stdin_from_tty() -> None:
    """Make stdin the controlling terminal after a password was read from it. Raises CommandError."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise _not_a_terminal(_MONITOR_NEEDS) from error
    os.dup2(terminal, 0)
    os.close(terminal)


def _not_a_terminal(need: str) -> CommandError:
    return CommandError(f"not a terminal: {need}", ExitCode.USAGE)


def prompt_secret(question: str) -> str:
    """Prompt for a secret, without echo."""
    with modes_restored_at_signal():
        return prompt_hidden(question)


@contextlib.contextmanager
def modes_restored_at_signal() -> Iterator[None]:
    """Restore the terminal modes if a signal ends the process inside the block."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield
        return
    modes = termios.tcgetattr(terminal)

    def restore() -> None:
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
        os.write(terminal, b"\n")

    restore_at_signal(restore)
    try:
        yield
    finally:
        forget_restore(restore)
        os.close(terminal)
