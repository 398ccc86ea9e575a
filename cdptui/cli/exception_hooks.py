"""Hooks for uncaught errors and for warnings, whose text passes the output boundary like all other output.

They handle errors of threads and finalizers, and records that are logged before the log is configured.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import TextIO

from cdptui.cli.diagnostics import print_error, show_traceback, stderr_text

log = logging.getLogger(__name__)


class _BoundaryFormatter(logging.Formatter):
    """Sanitizes a record and its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return stderr_text(super().format(record))


def install_exception_hooks(*, is_debug: bool) -> None:
    """Replace the hooks of the interpreter: one line on stderr for each error, with `is_debug` its traceback too."""

    def report(where: str, error: BaseException | None, kind: type[BaseException]) -> None:
        if error is None:
            # With too little memory the interpreter passes no error.
            error = kind()
        if logging.getLogger().handlers:
            log.error("%s", where, exc_info=error)
        # At the end of the process stderr may be closed.
        with contextlib.suppress(OSError, ValueError):
            if is_debug:
                show_traceback(error)
            text = "".join(traceback.format_exception_only(error)).strip()
            print_error(f"{where}: {text}" + ("" if is_debug else "; --debug shows where"))

    def report_main(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        report("internal error", error, kind)

    def report_thread(hooked: threading.ExceptHookArgs) -> None:
        if not issubclass(hooked.exc_type, SystemExit):
            name = hooked.thread.name if hooked.thread is not None else "unknown"
            report(f"internal error in the thread {name}", hooked.exc_value, hooked.exc_type)

    def report_finalizer(hooked: sys.UnraisableHookArgs) -> None:
        where = f"{hooked.err_msg or 'Exception ignored in'} {hooked.object!r}"
        report(f"internal error ({where})", hooked.exc_value, hooked.exc_type)

    sys.excepthook = report_main
    threading.excepthook = report_thread
    sys.unraisablehook = report_finalizer
    warnings.showwarning = _show_warning
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_BoundaryFormatter())


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    with contextlib.suppress(OSError, ValueError):
        print_error(warnings.formatwarning(message, category, filename, lineno, line).rstrip(), file)
