"""Settings of the log. The handler is imported only when logging starts, after the first frame."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cdptui.cli.output_boundary import hide

if TYPE_CHECKING:
    from cdptui.cli.log_handler import LogFileHandler

LEVELS: Final = ("debug", "info", "warning", "error")


class LogSettings:
    """Path and level of the log."""

    def __init__(self, file: Path | None, level: str) -> None:
        """Log to `file`, None for the default one; nothing is opened yet."""
        self._file = file
        self._level = level
        self._handler: LogFileHandler | None = None

    def ensure_writable(self) -> None:
        """Open a log that the user named. Raises CommandError when it cannot be written.

        It stays open, as closing it would end the reader of a FIFO.
        """
        if self._file is not None:
            from cdptui.cli.log_handler import open_log

            self._handler = open_log(self._file)

    def redact(self, secret: str) -> None:
        """Mask a secret that the user typed later."""
        hide(secret)

    def configure(self, secrets: Collection[str]) -> None:
        """Start logging, with `secrets` masked."""
        from cdptui.cli.log_handler import LogFileHandler, configure_logging
        from cdptui.config.paths import default_log_file

        if self._handler is None:
            self._handler = LogFileHandler(self._file or default_log_file())
        configure_logging(self._handler, self._level, secrets)
