"""The temporary folder of a demo: removed at its end, or by a later demo if the process was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PREFIX: Final = "cdptui-demo-"
_LOCK: Final = "demo.lock"
_OPEN: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class DemoFolder:
    """A new folder for the files of a demo. A lock in it shows others that the demo runs."""

    def __init__(self, parent: Path | None = None) -> None:
        """Create the folder in `parent`, by default the folder for temporary files. Raises OSError."""
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        unlocked = self.path / f"{_LOCK}.new"
        # The system releases the lock when the process ends, whatever ends it.
        self._descriptor = os.open(unlocked, _OPEN | os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        # Renamed when it is locked, so that no other demo finds it without its lock.
        unlocked.rename(self.path / _LOCK)

    def remove(self) -> None:
        """Remove the folder with its files; it may be gone."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_abandoned(self) -> None:
        """Remove the folders of demos that no longer run; those of other users, and what links point to, are left."""
        for path in _folders(self.path.parent):
            if path == self.path:
                continue
            with contextlib.suppress(OSError), _locked(path):
                shutil.rmtree(path, ignore_errors=True)


def _folders(parent: Path) -> Iterator[Path]:
    """Yield the folders of this user that may be those of demos."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o700:
                    yield Path(entry.path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a folder. Raises OSError when a demo has it, or when there is none."""
    folder = os.open(path, _OPEN | os.O_RDONLY | os.O_DIRECTORY)
    try:
        lock = os.open(_LOCK, _OPEN | os.O_RDWR, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)
