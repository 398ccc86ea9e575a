"""Files that the user asked for: never over another one, readable only by him, off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from msgspec import Struct

from cdptui.config.paths import display_path
from cdptui.config.private_files import create_file
from cdptui.models.sanitize import sanitize
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import Column
from cdptui.render.export import iter_csv, iter_json
from cdptui.render.task_cells import CellContext


def export_stem(node: str, at: datetime, *, is_partial: bool) -> str:
    """The name of a file about a node at a moment, without its ending.

    >>> export_stem("http://10.0.0.5:8080", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), is_partial=False)
    'cdptui-10.0.0.5-8080-20260102T030405Z'
    """
    host = re.sub(r"[^A-Za-z0-9.]+", "-", node.partition("://")[2] or node).strip("-.")[:80]
    return f"cdptui-{host or 'node'}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" + ("-partial" if is_partial else "")


async def write_new_file(stem: str, ending: str, pieces: Iterable[str]) -> Path:
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
            path, error = _write(stem, ending, _stop_when(is_given_up, pieces)), None
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


def _stop_when(is_given_up: threading.Event, pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if is_given_up.is_set():
            message = "given up"
            raise InterruptedError(message)
        yield piece


class ExportRequest(Struct, frozen=True):
    """What is to be saved."""

    node: str
    snapshot: Snapshot
    rows: Sequence[TaskRow]
    columns: Sequence[Column]
    context: CellContext
    filter: str
    """What the list was cut down to, in words; empty for the whole list."""
    hidden: int | None
    """For marked tasks: how many of them the filter hides; None when it is the list."""
    record: Callable[[Task], str]
    """A task as the server sent it, as JSON."""


async def export_table(seen: ExportRequest, ending: str) -> str:
    """Write tasks as `csv` or `json`; what was done, in words."""
    if ending == "csv":
        pieces: Iterable[str] = iter_csv(seen.rows, seen.columns, seen.context)
    else:
        pieces = iter_json(_metadata(seen), (seen.record(row.task) for row in seen.rows))
    which = "task" if len(seen.rows) == 1 else "tasks"
    what = f"{len(seen.rows)} {which if seen.hidden is None else f'marked {which}'}"
    if seen.hidden:
        what += f" ({seen.hidden} hidden by the filter)"
    return await _save(seen, what, ending, pieces)


async def export_screenshot(seen: ExportRequest, picture: str) -> str:
    """Write the screen as `svg`; what was done, in words."""
    return await _save(seen, "the screen", "svg", [picture])


async def _save(seen: ExportRequest, what: str, ending: str, pieces: Iterable[str]) -> str:
    snapshot = seen.snapshot
    stem = export_stem(seen.node, snapshot.taken_at, is_partial=snapshot.is_partial)
    try:
        path = await write_new_file(stem, ending, pieces)
    except OSError as error:
        where = f" to {display_path(Path(error.filename), is_relative=True)}" if error.filename else ""
        return sanitize(f"not saved{where}: {error.strerror or error}")
    is_partial = "" if not snapshot.is_partial else " (the list was not complete)"
    return f"wrote {what} to {sanitize(display_path(path, is_relative=True))}{is_partial}"


def _metadata(seen: ExportRequest) -> dict[str, object]:
    snapshot = seen.snapshot
    return {
        "node": seen.node,
        "taken_at": snapshot.taken_at,
        "is_complete": not snapshot.is_partial,
        "tasks_on_node": snapshot.total,
        "filter": seen.filter or None,
        "is_marked_only": seen.hidden is not None,
        "count": len(seen.rows),
    }
