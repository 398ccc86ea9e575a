"""The entry point of `cdptui` and `python -m cdptui`: descriptors, signals and garbage collector, then the CLI."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final, NoReturn

from cdptui import gc_tuning
from cdptui.cli.startup import end_at_once, end_quietly_on_signals, open_missing_descriptors

end_quietly_on_signals()

_THREAD_SWITCH_INTERVAL_S: Final = 0.0005
"""How long a thread may run while another waits with a key that was read or a frame to write."""


def main() -> None:
    """Run the command line."""
    gc_tuning.on_start_up()
    open_missing_descriptors()
    _replace_missing_streams()
    try:
        from cdptui.cli.exception_hooks import install_exception_hooks
        from cdptui.cli.main import main as run
    except (MemoryError, SystemError) as error:
        _fail(f"cannot be loaded: not enough memory ({type(error).__name__})")
    except (ImportError, OSError) as error:
        _fail(f"cannot be loaded: {error}")

    install_exception_hooks(is_debug="--debug" in sys.argv)
    gc_tuning.on_imported()
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


if __name__ == "__main__":
    main()
