"""The log handler: writes to a rotated file, a device or a pipe, without secrets and without blocking."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Final

from cdptui.cli.diagnostics import CommandError, ExitCode
from cdptui.cli.output_boundary import hide, redact
from cdptui.config.input_files import describe_open_error
from cdptui.config.private_files import create_folder, follow_links
from cdptui.models.redaction import mask_credentials
from cdptui.models.sanitize import sanitize

_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAX_BYTES: Final = 2_000_000
_MAX_MESSAGE: Final = 200_000
"""Maximum characters of one line."""

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_NOISY_LOGGERS: Final = ("httpx", "httpcore", "asyncio", "uvicorn")
"""They log URLs with session IDs."""


class RedactingFormatter(logging.Formatter):
    """Masks secrets and sanitizes all text of a record, including tracebacks."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name in logging
        """Keep a message on one line, so that no part of it looks like another record."""
        return sanitize(super().formatMessage(record), _MAX_MESSAGE)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the name in logging
        """Sanitize each line of a traceback."""
        return "\n".join(sanitize(line, _MAX_MESSAGE) for line in super().formatException(ei).split("\n"))

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line in which known secrets and credentials of a known form are masked."""
        return mask_credentials(redact(super().format(record)))


class LogFileHandler(logging.Handler):
    """Appends lines to a regular file, a device or a pipe, without blocking.

    A regular file that this handler creates is private to its owner. It is rotated at `_MAX_BYTES` into one older file.
    If it cannot be renamed, as in a folder of root, it grows: it is not truncated, as it may have lines of others. A
    line that the device, the pipe or the disk does not accept is dropped; the next line reports how many were.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._target = path
        """The file that `path` is a link to, or `path` itself."""
        self._descriptor: int | None = None
        self._unfinished = b""
        """The rest of a line that a pipe accepted only partly."""
        self._dropped = 0
        self._rotate_bytes = _MAX_BYTES
        """File size at which the file is rotated, or at which a failed rotation is tried again."""

    def open(self) -> int:
        """Return the open descriptor; create a missing file. Raises OSError with a message for the user."""
        if self._descriptor is None:
            try:
                self._target = follow_links(self._path)
                create_folder(self._target.parent)
                self._descriptor = _open_for_appending(self._target)
            except OSError as error:
                raise OSError(error.errno, describe_open_error(self._path, error)) from error
        return self._descriptor

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it as dropped."""
        try:
            line = self._line(record)
            descriptor = self._rotate(self.open(), len(line))
            if self._dropped:
                self._write(descriptor, self._line(_dropped_lines(self._dropped)))
                self._dropped = 0
            self._write(descriptor, line)
        except OSError:
            # There is no other place to report it. The number of dropped lines is logged when the log works again.
            self._dropped += 1
        except Exception:  # noqa: BLE001 - a record that cannot be formatted must not raise in the code that logs it
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        self.acquire()
        try:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
        finally:
            self.release()
        super().close()

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(errors="backslashreplace")

    def _write(self, descriptor: int, line: bytes) -> None:
        """Write a line; the rest that a full pipe does not accept is written before the next one. Raises OSError."""
        if self._unfinished:
            self._unfinished = self._unfinished[os.write(descriptor, self._unfinished) :]
        if self._unfinished:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        self._unfinished = line[os.write(descriptor, line) :]

    def _rotate(self, descriptor: int, more_bytes: int) -> int:
        """Rename a regular file that would be too large, and return the descriptor of the new one. Raises OSError."""
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not status.st_size or status.st_size + more_bytes <= self._rotate_bytes:
            return descriptor
        if self._target.is_symlink():
            # An open file without a name, such as /dev/stderr, cannot be renamed.
            return descriptor
        try:
            self._rename(status)
        except OSError as error:
            is_first = self._rotate_bytes == _MAX_BYTES
            self._rotate_bytes = status.st_size + more_bytes + _MAX_BYTES
            if is_first:
                self._write(descriptor, self._line(_cannot_be_rotated(error)))
            return descriptor
        self._rotate_bytes = _MAX_BYTES
        os.close(descriptor)
        self._descriptor = None
        return self.open()

    def _rename(self, status: os.stat_result) -> None:
        """Rename the open file, whose `fstat` result is `status`. Raises OSError."""
        older = self._target.with_name(f"{self._target.name}.1")
        if older.is_symlink() or (older.exists() and not older.is_file()):
            raise OSError(errno.EEXIST, f"{older.name} is not a regular file")
        # Another program may have renamed or removed it.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(status, self._target.stat()):
                self._target.replace(older)


def _open_for_appending(path: Path) -> int:
    """Open a regular file, a device or a pipe with a reader, without blocking. Raises OSError."""
    try:
        return os.open(path, _APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        descriptor = os.open(path, _APPEND)
    try:
        _require_writable(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _require_writable(descriptor: int) -> None:
    if stat.S_ISBLK(os.fstat(descriptor).st_mode):
        # A line would overwrite the beginning of the disk.
        raise OSError(errno.EINVAL, "it is a disk device")
    # A device without space, such as /dev/full, refuses even an empty write.
    os.write(descriptor, b"")


def _dropped_lines(count: int) -> logging.LogRecord:
    message = "%d log lines before this one could not be written"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, (count,), None)


def _cannot_be_rotated(error: OSError) -> logging.LogRecord:
    message = "this log cannot be rotated at %d bytes and will grow: %s"
    cause = error.strerror or str(error)
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, (_MAX_BYTES, cause), None)


def open_log(path: Path) -> LogFileHandler:
    """Open a log that the user named. Raises CommandError when it cannot be written."""
    handler = LogFileHandler(path)
    try:
        handler.open()
    except OSError as error:
        message = f"cannot write the log file {path}: {error.strerror or error}"
        raise CommandError(message, ExitCode.USAGE) from error
    return handler


def configure_logging(handler: LogFileHandler, level: str, secrets: Collection[str]) -> None:
    """Send the log to `handler`, with `secrets` and those of earlier nodes masked."""
    hide(*secrets)
    handler.setFormatter(RedactingFormatter())
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
