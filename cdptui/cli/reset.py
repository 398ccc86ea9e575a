"""`cdptui reset`: a terminal that a killed monitor left behind, made usable again."""

from __future__ import annotations

import sys
import termios
from typing import Final

import click

from cdptui.cli.options import Command
from cdptui.cli.output import write_sequences
from cdptui.cli.tty_checks import require_terminal

_SWITCHED_OFF: Final = (1000, 1002, 1003, 1006, 1015, 1016, 1004, 2004, 2026, 2048)
"""Modes of a terminal that a monitor may have left on: mouse, focus, paste, synchronised output, resize reports."""

_RESET_SEQUENCES: Final = (
    *(f"\x1b[?{mode}l" for mode in _SWITCHED_OFF),
    "\x1b[<u",  # the kitty keyboard's
    "\x1b[?1049l",  # back from the alternate screen
    "\x1b[0m",
    "\x1b[?7h",  # lines wrap
    "\x1b[?25h",  # the cursor shows
)

_NEED: Final = "reset restores the one that it is started on, so neither its input nor its output may go elsewhere"


@click.command(cls=Command)
def reset() -> None:
    """Restore a terminal after the monitor was killed with -9."""
    require_terminal(is_stdin_used=False, need=_NEED)
    _restore_tty_modes()
    write_sequences("".join(_RESET_SEQUENCES))


def _restore_tty_modes() -> None:
    """What `stty sane` does for the modes that Textual changes."""
    number = sys.stdin.fileno()
    inputs, outputs, controls, local, *rest = termios.tcgetattr(number)
    inputs |= termios.ICRNL | termios.IXON
    inputs &= ~(termios.INLCR | termios.IGNCR)
    outputs |= termios.OPOST | termios.ONLCR
    local |= termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
    termios.tcsetattr(number, termios.TCSANOW, [inputs, outputs, controls, local, *rest])
