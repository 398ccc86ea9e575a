"""The first module of the process."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import Final, NoReturn

from cdptui.cli.startup import end_at_once, end_quietly_on_signals, open_missing_descriptors

end_quietly_on_signals()

_THREAD_SWITCH_INTERVAL_S: Final = 0.0005
"""Seconds that a thread may go on while another waits: a key that was read, a frame that is to be written."""

_GC_THRESHOLD: Final = 10_000
"""Objects made until the collector looks at them. The usual 700 are a fraction of one frame: each of them would be
looked through several times, 10 ms in which no key counts."""


def main() -> None:
    """Run `cdptui`.

    What an import makes, stays: no use in looking it through for rubbish, neither now nor ever again. Whoever begins
    to work for long turns the collector on.
    """
    gc.disable()
    open_missing_descriptors()
    _replace_missing_streams()
    try:
        from cdptui.cli.exception_hooks import install_exception_hooks  # noqa: PLC0415 - see above
        from cdptui.cli.main import main as run  # noqa: PLC0415
    except (MemoryError, SystemError) as error:
        _fail(f"cannot be loaded: not enough memory ({type(error).__name__})")
    except (ImportError, OSError) as error:
        _fail(f"cannot be loaded: {error}")

    install_exception_hooks(is_debug="--debug" in sys.argv)
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 10, 10)
    sys.setswitchinterval(_THREAD_SWITCH_INTERVAL_S)
    try:
        run()
    except MemoryError:
        _fail("not enough memory")


def _replace_missing_streams() -> None:
    """Give the streams of descriptors that were closed at the start a file of the null device."""
    if sys.stdin is None:
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115


def _fail(message: str) -> NoReturn:
    """End with one line and exit code 1, without what a lack of memory or of a library would break."""
    with contextlib.suppress(OSError):
        os.write(2, f"cdptui: {message}\n".encode(errors="replace"))
    end_at_once(1)
