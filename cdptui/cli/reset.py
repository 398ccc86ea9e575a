"""`cdptui reset`: restores the terminal after the monitor was killed."""

from __future__ import annotations

import sys
import termios
from typing import Final

import click

from cdptui.cli.options import Command
from cdptui.cli.output import write_sequences
from cdptui.cli.tty_checks import require_terminal

_DISABLED_MODES: Final = (1000, 1002, 1003, 1006, 1015, 1016, 1004, 2004, 2026, 2048)
"""Terminal modes that a killed monitor leaves enabled: mouse, focus, paste, synchronised output, resize reports."""

_RESET_SEQUENCES: Final = (
    *(f"\x1b[?{mode}l" for mode in _DISABLED_MODES),
    "\x1b[<u",  # kitty keyboard protocol off
    "\x1b[?1049l",  # leave the alternate screen
    "\x1b[0m",
    "\x1b[?7h",  # line wrap on
    "\x1b[?25h",  # cursor visible
)

_NEED: Final = "reset restores the terminal that it runs on, so stdin and stdout must not be redirected"


@click.command(cls=Command)
def reset() -> None:
    """Restore a terminal after the monitor was killed (kill -9)."""
    require_terminal(is_stdin_used=False, need=_NEED)
    _restore_tty_modes()
    write_sequences("".join(_RESET_SEQUENCES))


def _restore_tty_modes() -> None:
    """Restore the tty modes that Textual changes, like `stty sane`."""
    number = sys.stdin.fileno()
    inputs, outputs, controls, local, *rest = termios.tcgetattr(number)
    inputs |= termios.ICRNL | termios.IXON
    inputs &= ~(termios.INLCR | termios.IGNCR)
    outputs |= termios.OPOST | termios.ONLCR
    local |= termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
    termios.tcsetattr(number, termios.TCSANOW, [inputs, outputs, controls, local, *rest])
