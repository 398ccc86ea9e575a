"""When a user last looked at a monitor: in a file beside the recording, as not only the monitor that records writes it.

Links, and files that are not regular files of this user, are neither read nor written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cdptui.history.recording_file import NO_FOLLOW, look_file

_DIGITS: Final = 16
"""Always as many, so that one write replaces the whole content."""


def read_last_look(path: Path) -> int | None:
    """Return the time of the last look at the recording `path`, in milliseconds since 1970; None when unknown."""
    try:
        with _opened(look_file(path), os.O_RDONLY) as descriptor:
            return int(os.read(descriptor, _DIGITS))
    except (OSError, ValueError):
        return None


def write_last_look(path: Path, at_ms: int) -> None:
    """Keep the time of a look at the recording `path`. Raises OSError."""
    with _opened(look_file(path), os.O_WRONLY | os.O_CREAT) as descriptor:
        os.write(descriptor, f"{max(0, at_ms):0{_DIGITS}}".encode())


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | NO_FOLLOW, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise OSError(errno.EINVAL, "not a regular file of this user", str(path))
        yield descriptor
    finally:
        os.close(descriptor)
