"""The modes of the terminal's line discipline: raw mode for the program, the previous modes for the shell."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import tty
from typing import Any, Final

Modes = list[Any]
"""The attributes of `termios.tcgetattr`."""

_NOT_RAW_LOCAL: Final = termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
"""Echo, line editing, and keys that send signals."""

_NOT_RAW_INPUT: Final = termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR
"""Flow control by Ctrl+S and Ctrl+Q, and translation of carriage return and newline."""


def read_modes(fileno: int) -> Modes | None:
    """Return the modes; None when the descriptor is no terminal or the terminal was closed."""
    try:
        return termios.tcgetattr(fileno)
    except termios.error:
        return None


def set_modes(fileno: int, modes: Modes) -> None:
    """Set the modes now, without waiting for pending output. No effect on a terminal that was closed."""
    with contextlib.suppress(termios.error):
        termios.tcsetattr(fileno, termios.TCSANOW, modes)


def raw_modes(modes: Modes) -> Modes:
    """Return `modes` with single characters as input, none of which the terminal itself handles."""
    raw = list(modes)
    raw[tty.LFLAG] &= ~_NOT_RAW_LOCAL
    raw[tty.IFLAG] &= ~_NOT_RAW_INPUT
    # Solaris and its derivatives use the slot for end-of-file, 4 by default: reads would wait for four characters.
    raw[tty.CC] = list(raw[tty.CC])
    raw[tty.CC][termios.VMIN] = 1
    return raw


def drop_input(fileno: int) -> None:
    """Drop input that was not read, such as late mouse reports, which the shell would take for commands."""
    with contextlib.suppress(termios.error):
        termios.tcflush(fileno, termios.TCIFLUSH)


def may_use_terminal(fileno: int) -> bool:
    """Stop the process while it is in the background; return False when it was continued after that.

    A process that was suspended and continued with `bg` may not write. Setting the modes that are set already reveals
    that without a change of the terminal. After the stop, the handler of SIGCONT starts again.
    """
    if not os.isatty(fileno):
        return True

    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    signal.signal(signal.SIGTTOU, stop)
    signal.signal(signal.SIGTTIN, stop)
    try:
        termios.tcsetattr(fileno, termios.TCSANOW, termios.tcgetattr(fileno))
    except termios.error:
        return False
    finally:
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        signal.signal(signal.SIGTTIN, signal.SIG_DFL)
    return True
