"""What this process is attached to."""

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

_MONITOR_NEEDS: Final = "the monitor needs one to draw on and to read keys from"


def require_terminal(*, is_stdin_used: bool, need: str = _MONITOR_NEEDS) -> None:
    """Raise CommandFailed when nothing could be drawn or no key could be read; `need` says for what that would be.

    `is_stdin_used` says that stdin is a pipe on purpose; keys then come from the controlling terminal.
    """
    if not sys.stdout.isatty() or (not is_stdin_used and not sys.stdin.isatty()):
        raise _not_a_terminal(need)


def require_drawable_terminal(*, is_stdin_used: bool) -> None:
    """The same, and a terminal that can be drawn on: better a sentence than a screen of rubbish."""
    require_terminal(is_stdin_used=is_stdin_used)
    traits = detect_terminal()
    if traits.is_dumb:
        said = f"TERM={traits.term}" if traits.term else "TERM is not set"
        message = f"this terminal cannot show the monitor, it has no cursor to move ({said})"
        raise CommandError(message, ExitCode.USAGE)


def reopen_stdin_from_tty() -> None:
    """After stdin has given the password, make it the controlling terminal again. Raises CommandFailed."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise _not_a_terminal(_MONITOR_NEEDS) from error
    os.dup2(terminal, 0)
    os.close(terminal)


def _not_a_terminal(need: str) -> CommandError:
    return CommandError(f"not a terminal: {need}", ExitCode.USAGE)


def prompt_secret(what: str) -> str:
    """Let the person type a secret, without showing it."""
    with modes_restored_at_signal():
        return prompt_hidden(what)


@contextlib.contextmanager
def modes_restored_at_signal() -> Iterator[None]:
    """Restore the terminal's modes when a signal ends the process meanwhile."""
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
