"""What was asked of the log. The machinery behind it is imported only when it is started, after the first frame."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cdptui.cli.output_boundary import hide

if TYPE_CHECKING:
    from cdptui.cli.log_file import LogFileHandler

LEVELS: Final = ("debug", "info", "warning", "error")


class LogSettings:
    """Where to log, and how much."""

    def __init__(self, file: Path | None, level: str) -> None:
        """Log to `file`, None for the default place; nothing is opened yet."""
        self._file = file
        self._level = level
        self._handler: LogFileHandler | None = None

    def ensure_writable(self) -> None:
        """Open a log that the user named. Raises CommandFailed when it cannot be written.

        It stays open: the reader of a FIFO would take its closing for the end.
        """
        if self._file is not None:
            from cdptui.cli.log_file import open_log  # noqa: PLC0415 - see above

            self._handler = open_log(self._file)

    def redact(self, secret: str) -> None:
        """Keep out of it what was typed only now."""
        hide(secret)

    def configure(self, secrets: Collection[str]) -> None:
        """Log from now on, without `secrets`."""
        from cdptui.cli.log_file import LogFileHandler, configure_logging  # noqa: PLC0415 - see above
        from cdptui.config.paths import default_log_file  # noqa: PLC0415

        if self._handler is None:
            self._handler = LogFileHandler(self._file or default_log_file())
        configure_logging(self._handler, self._level, secrets)
