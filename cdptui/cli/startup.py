"""Set-up before all other imports: open standard descriptors, and signals that end the process quietly.

Imports nothing that is not already loaded: until `end_quietly_on_signals` has run, Ctrl+C prints a traceback.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final, NoReturn

EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
"""Exit code by signal until the monitor has its terminal: 128 plus the number."""

_ACCESS: Final = (os.O_RDWR, os.O_RDONLY, os.O_RDWR)
"""How each missing descriptor is opened. Writing to stdout fails, so that a command does not lose its output unnoticed;
without stderr there is no way to report anything.
"""

_restore: list[Callable[[], None]] = []


def end_quietly_on_signals() -> None:
    """End the process at once on SIGINT, SIGTERM and SIGHUP, as there is nothing to clean up yet."""
    for number in EXIT_CODES:
        # `nohup` and background jobs of a shell have them ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def restore_at_signal(restore: Callable[[], None]) -> None:
    """Call `restore` before a signal or a lack of memory ends the process at once."""
    _restore.append(restore)


def forget_restore(restore: Callable[[], None]) -> None:
    """Undo `restore_at_signal`."""
    _restore.remove(restore)


def end_at_once(code: int) -> NoReturn:
    """Run the functions of `restore_at_signal`, and end the process without the clean-up of the interpreter."""
    try:
        for restore in _restore:
            restore()
    finally:
        os._exit(code)


def _end(number: int, _frame: object) -> NoReturn:
    end_at_once(EXIT_CODES[signal.Signals(number)])


def open_missing_descriptors() -> None:
    """Open /dev/null in place of closed standard descriptors, so that no file or socket gets their numbers.

    Python leaves sys.stdin, sys.stdout and sys.stderr at None for those; they become streams that read and write
    nothing.
    """
    for descriptor, access in enumerate(_ACCESS):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one, as those below it are open. The children of this process get it too.
            os.set_inheritable(os.open(os.devnull, access), True)  # noqa: FBT003 - positional only
