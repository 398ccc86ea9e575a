"""Write files that only their owner can read, atomically.

No function here changes the mode, owner or link target of anything that the same call did not create.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cdptui.config.input_files import describe_kind

_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC


def follow_links(path: Path) -> Path:
    """Return where the last link of `path` points to, whether that exists or not. Raises OSError for a loop.

    For open files without a name, such as a pipe at /dev/stderr or /dev/fd/63, the path of the link is returned.
    """
    target = Path(os.path.realpath(path))
    if path.exists() and not os.path.lexists(target):
        return path
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def create_folder(folder: Path) -> None:
    """Create a folder and its missing parents, each with mode 0700. Raises OSError.

    `Path.mkdir` gives its mode to the last folder only; those above it get what the umask leaves of 0777.
    """
    folder = follow_links(folder)
    missing = [folder, *folder.parents]
    while missing and missing[-1].is_dir():
        missing.pop()
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            each.mkdir(mode=0o700)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def create_file(path: Path, pieces: Iterable[bytes], *, like: os.stat_result | None = None) -> None:
    """Write a new file, with mode 0600 or the mode and owner that another one has.

    Raises FileExistsError when anything has that name, a dangling link too, and OSError. No file is left on any error,
    those of `pieces` included.
    """
    descriptor = os.open(path, _CREATE, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            if like is not None:
                _copy_owner_and_mode(like, descriptor)
            # A full disk or an unreachable file server may be reported only here.
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically, following links, and create its folder. Raises OSError.

    The content is written to a temporary file next to the target and renamed, so that no reader sees a partial file.
    The mode and owner of an existing file are kept; only regular files are replaced.
    """
    target = follow_links(path)
    create_folder(target.parent)
    try:
        before = target.lstat()
    except FileNotFoundError:
        before = None
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise OSError(errno.EINVAL, f"it is {describe_kind(before.st_mode)}", str(path))
    unfinished = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    create_file(unfinished, [content], like=before)
    try:
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _copy_owner_and_mode(before: os.stat_result, descriptor: int) -> None:
    created = os.fstat(descriptor)
    if (created.st_uid, created.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
