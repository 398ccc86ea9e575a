"""Read input files with a size limit and without blocking.

All problems raise `InputFileError` with a reason: a folder, a FIFO without a writer, a socket, a device, a file that is
too large or unreadable, a dangling link.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final, NamedTuple

from cdptui.config.errors import ConfigError

WRITER_TIMEOUT_S: Final = 0.5
"""How long a FIFO may have no writer: a shell opens its end just after it started this program."""

PIPE_TIMEOUT_S: Final = 30.0
"""How long the writer of a pipe may take to the end: `<(pass show x)` may first ask for a passphrase."""

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK_BYTES: Final = 1 << 16


class InputFileError(ConfigError):
    """A file that cannot be read; the text has its path and the reason."""

    def __init__(self, what: str, path: Path, reason: str, number: int | None = None) -> None:
        super().__init__(f"cannot read the {what} {path}: {reason}")
        self.reason = reason
        self.errno = number
        """ENOENT for a missing file, EFBIG for a file that is too large; None without a matching number."""


class InputFile(NamedTuple):
    """The content and mode of an input file."""

    content: bytes
    mode: int
    """`st_mode`."""

    @property
    def is_regular(self) -> bool:
        """Whether it is neither a pipe nor the null device."""
        return stat.S_ISREG(self.mode)

    @property
    def permissions(self) -> int:
        """The permission bits of a regular file; 0 for others, whose content is not accessible to other users."""
        return stat.S_IMODE(self.mode) if self.is_regular else 0


def read_input_file(path: Path, what: str, *, max_bytes: int, accepts_pipe: bool = False) -> InputFile:
    """Read a regular file, or a pipe that has a writer; the null device reads as an empty file. Raises InputFileError.

    `what` names the file's role in messages, such as "password file".
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise InputFileError(what, path, describe_open_error(path, error), getattr(error, "errno", None)) from error
    try:
        status = os.fstat(descriptor)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFIFO and accepts_pipe:
            return InputFile(_read_pipe(descriptor, what, path, max_bytes), status.st_mode)
        if kind != stat.S_IFREG and not _is_null_device(status):
            raise InputFileError(what, path, f"it is {describe_kind(status.st_mode)}")
        content = b"" if status.st_size > max_bytes else _read(descriptor, max_bytes + 1)
        if max(status.st_size, len(content)) > max_bytes:
            raise _too_large(what, path, max_bytes)
        return InputFile(content, status.st_mode)
    except OSError as error:
        raise InputFileError(what, path, error.strerror or str(error), error.errno) from error
    finally:
        os.close(descriptor)


def describe_kind(mode: int) -> str:
    """Return the kind of file of a `stat` mode, with an article.

    >>> describe_kind(0o040755), describe_kind(0o010600)
    ('a folder', 'a pipe (FIFO)')
    """
    match stat.S_IFMT(mode):
        case stat.S_IFREG:
            return "a regular file"
        case stat.S_IFDIR:
            return "a folder"
        case stat.S_IFIFO:
            return "a pipe (FIFO)"
        case stat.S_IFSOCK:
            return "a socket"
        case stat.S_IFLNK:
            return "a link"
        case _:
            return "a device"


def describe_open_error(path: Path, error: OSError | ValueError) -> str:
    """Return why `path` could not be opened: a missing folder, a dangling link, or its kind."""
    if not isinstance(error, OSError):
        return str(error)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return _describe_missing(path) or os.strerror(error.errno)
    if error.errno == errno.ENXIO:
        # A FIFO that is opened for writing, a socket, or a device without its driver.
        with contextlib.suppress(OSError):
            mode = path.stat().st_mode
            return f"it is {describe_kind(mode)}{' that no program reads' if stat.S_ISFIFO(mode) else ''}"
    return error.strerror or str(error)


def _describe_missing(path: Path) -> str:
    if path.is_symlink():
        return f"it is a link to {path.readlink()}, which does not exist"
    for folder in reversed(path.parents):
        if folder.is_symlink() and not folder.exists():
            return f"{folder} is a link to {folder.readlink()}, which does not exist"
        if not folder.exists():
            return f"there is no folder {folder}"
        if not folder.is_dir():
            return f"{folder} is not a folder"
    return ""


def _is_null_device(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == Path(os.devnull).stat().st_rdev


def _too_large(what: str, path: Path, max_bytes: int) -> InputFileError:
    limit = f"{max_bytes >> 20} MiB" if max_bytes >= 1 << 20 else f"{max_bytes >> 10} KiB"
    return InputFileError(what, path, f"it is larger than {limit}", errno.EFBIG)


def _read(descriptor: int, size: int) -> bytes:
    chunks: list[bytes] = []
    while size > 0 and (chunk := os.read(descriptor, min(size, _CHUNK_BYTES))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _read_pipe(descriptor: int, what: str, path: Path, max_bytes: int) -> bytes:
    content = bytearray()
    has_writer = False
    started = time.monotonic()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while len(content) <= max_bytes:
        limit_s = PIPE_TIMEOUT_S if has_writer else WRITER_TIMEOUT_S
        remaining_s = started + limit_s - time.monotonic()
        # Before its first writer a FIFO is silent; once the last writer has closed it, it is readable and empty.
        is_ready = remaining_s > 0 and bool(poll.poll(remaining_s * 1000))
        try:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            # Only a pipe with a writer has nothing to read yet.
            if has_writer and not is_ready:
                message = f"the program that writes to this pipe did not finish in {PIPE_TIMEOUT_S:g} s"
                raise InputFileError(what, path, message) from None
            has_writer = True
            continue
        if not chunk and (is_ready or content):
            return bytes(content)
        if not chunk:
            raise InputFileError(what, path, "it is a pipe (FIFO) that no program writes to")
        has_writer = True
        content += chunk
    raise _too_large(what, path, max_bytes)
