"""The entry point of the process: signals, garbage collection, standard streams."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import Final, NoReturn

from cdptui.cli.startup import end_at_once, end_quietly_on_signals, open_missing_descriptors

end_quietly_on_signals()

_THREAD_SWITCH_INTERVAL_S: Final = 0.0005
"""Seconds until a running thread yields to a waiting one, such as the reader of keys or the writer of frames."""

_GC_THRESHOLD: Final = 10_000
"""Allocations between two garbage collections. The default of 700 is reached several times per frame, and a collection
takes up to 10 ms, in which no key is handled."""


def main() -> None:
    """Run `cdptui`.

    Garbage collection is off during imports, whose objects are never freed, and those objects are excluded from later
    collections. Commands that run for long turn it on.
    """
    gc.disable()
    open_missing_descriptors()
    _replace_missing_streams()
    try:
        from cdptui.cli.exception_hooks import install_exception_hooks  # noqa: PLC0415 - imported while collection is off
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
    """Open the null device in place of the standard streams that were closed at the start."""
    if sys.stdin is None:
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115


def _fail(message: str) -> NoReturn:
    """End with one line and exit code 1, without code that needs memory or a library."""
    with contextlib.suppress(OSError):
        os.write(2, f"cdptui: {message}\n".encode(errors="replace"))
    end_at_once(1)
