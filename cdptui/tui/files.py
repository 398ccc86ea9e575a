"""Files that the user asked for: never over another one, readable only by him, off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cdptui.config.private_files import create_file


def stem_of(node: str, at: datetime, *, is_partial: bool) -> str:
    """The name of a file about a node at a moment, without its ending.

    >>> stem_of("http://10.0.0.5:8080", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), is_partial=False)
    'cdptui-10.0.0.5-8080-20260102T030405Z'
    """
    host = re.sub(r"[^A-Za-z0-9.]+", "-", node.partition("://")[2] or node).strip("-.")[:80]
    return f"cdptui-{host or 'node'}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" + ("-partial" if is_partial else "")


def in_words(path: Path) -> str:
    """The path as it is typed: short where the user is, and in his home folder."""
    with contextlib.suppress(OSError, ValueError):
        return f"./{path.relative_to(Path.cwd())}"
    with contextlib.suppress(RuntimeError, ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)


async def write(stem: str, ending: str, pieces: Iterable[str]) -> Path:
    """Write a new file where the user is, else in his home folder, else in that for temporary files; return its path.

    Raises OSError with the name of the file. Given up, or on an error, it leaves nothing behind. The thread is one that
    nobody waits for at the end: a folder on a server that hangs must not keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Path] = loop.create_future()
    is_given_up = threading.Event()

    def settle(path: Path | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(path or Path())

    def work() -> None:
        try:
            path, error = _write(stem, ending, _until(is_given_up, pieces)), None
        except Exception as failed:  # noqa: BLE001 - it is raised where the file was asked for
            path, error = None, failed
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, path, error)

    try:
        threading.Thread(target=work, name="write file", daemon=True).start()
    except (RuntimeError, MemoryError) as error:
        raise OSError(errno.EAGAIN, "the system has no thread left for this") from error
    try:
        return await done
    finally:
        is_given_up.set()


def _write(stem: str, ending: str, pieces: Iterable[str]) -> Path:
    folder = _folder()
    for number in count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}.{ending}"
        try:
            create_file(path, (piece.encode() for piece in pieces))
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    return path


def _folder() -> Path:
    """The first of the places that can be written to."""
    for place in (Path.cwd, Path.home):
        with contextlib.suppress(OSError, RuntimeError):
            folder = place()
            if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
                return folder
    return Path(tempfile.gettempdir())


def _until(is_given_up: threading.Event, pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if is_given_up.is_set():
            message = "given up"
            raise InterruptedError(message)
        yield piece
