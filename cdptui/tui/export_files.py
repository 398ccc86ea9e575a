"""Export files: never overwrite another file, readable only by the user, written off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import count
from pathlib import Path

from msgspec import Struct

from cdptui.config.paths import display_path
from cdptui.config.private_files import create_file
from cdptui.models.event import Event
from cdptui.models.sanitize import sanitize
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import Column
from cdptui.render.event_text import EventContext
from cdptui.render.export import iter_csv, iter_events_csv, iter_events_json, iter_json
from cdptui.render.formatting import utc_offset
from cdptui.render.task_cells import CellContext


def export_stem(node: str, at: datetime, *, is_partial: bool = False, content: str = "") -> str:
    """Return the file name for an export from `node` at time `at`, without the extension.

    >>> export_stem("http://10.0.0.5:8080", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    'cdptui-10.0.0.5-8080-20260102T030405Z'
    """
    host = re.sub(r"[^A-Za-z0-9.]+", "-", node.partition("://")[2] or node).strip("-.")[:80]
    return f"cdptui-{host or 'node'}{f'-{content}' if content else ''}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" + (
        "-partial" if is_partial else ""
    )


async def write_new_file(stem: str, ending: str, pieces: Iterable[str]) -> Path:
    """Write a new file to the working, else the home, else the temporary directory and return its path.

    Raises OSError with the name of the file. When it is cancelled or fails, no partial file remains. It runs in a
    daemon thread, so that a directory on a hanging file server cannot keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Path] = loop.create_future()
    is_cancelled = threading.Event()

    def settle(path: Path | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(path or Path())

    def work() -> None:
        try:
            path, error = _write(stem, ending, _stop_when(is_cancelled, pieces)), None
        except Exception as failed:  # noqa: BLE001 - raised again in the caller's task
            path, error = None, failed
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, path, error)

    try:
        threading.Thread(target=work, name="write file", daemon=True).start()
    except (RuntimeError, MemoryError) as error:
        raise OSError(errno.EAGAIN, "the system cannot start another thread") from error
    try:
        return await done
    finally:
        is_cancelled.set()


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
    """Return the first writable directory."""
    for find_folder in (Path.cwd, Path.home):
        with contextlib.suppress(OSError, RuntimeError):
            folder = find_folder()
            if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
                return folder
    return Path(tempfile.gettempdir())


def _stop_when(is_cancelled: threading.Event, pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if is_cancelled.is_set():
            message = "cancelled"
            raise InterruptedError(message)
        yield piece


class ExportRequest(Struct, frozen=True):
    """What to export, and the metadata of the file."""

    node: str
    snapshot: Snapshot
    rows: Sequence[TaskRow]
    columns: Sequence[Column]
    context: CellContext
    filter: str
    """The text of the filter; empty for none."""
    hidden: int | None
    """For marked tasks: how many of them the filter hides; None when the list is exported."""
    record: Callable[[Task], str]
    """Returns the JSON record of a task as the server sent it."""
    server_zone: tzinfo | None = None
    """The zone of the dates in these records; None when it is not known."""


async def export_table(request: ExportRequest, ending: str) -> str:
    """Write the tasks as `csv` or `json` and return a message about the result."""
    if ending == "csv":
        pieces: Iterable[str] = iter_csv(request.rows, request.columns, request.context)
    else:
        records = (request.record(row.task) for row in request.rows)
        pieces = iter_json(_metadata(request), records, request.rows, request.context.zone)
    return await _save_list(request, _content_text(request), ending, pieces)


def _content_text(request: ExportRequest) -> str:
    count, tasks = len(request.rows), "task" if len(request.rows) == 1 else "tasks"
    if request.hidden is None:
        return f"{count} {tasks}"
    if request.hidden:
        return f"{count} marked {tasks} ({request.hidden} hidden by the filter)"
    return f"{count} marked {tasks}"


async def export_screenshot(request: ExportRequest, picture: str) -> str:
    """Write the screen as `svg` and return a message about the result."""
    return await _save_list(request, "the screen", "svg", [picture])


class EventExport(Struct, frozen=True):
    """The events to export, and the metadata of the file."""

    node: str
    at: datetime
    events: Sequence[Event]
    context: EventContext
    filter: str
    """The text of the filter; empty for none."""
    since: datetime | None = None
    """Events before it were not listed; None for all."""


async def export_events(request: EventExport, ending: str) -> str:
    """Write the events as `csv` or `json` and return a message about the result."""
    count = len(request.events)
    if ending == "csv":
        pieces = iter_events_csv(request.events, request.context)
    else:
        about = {
            "node": request.node,
            "taken_at": request.at,
            "time_zone": utc_offset(request.at, request.context.zone),
            "filter": request.filter or None,
            "since": request.since,
            "count": count,
        }
        pieces = iter_events_json(about, request.events, request.context)
    stem = export_stem(request.node, request.at, content="events")
    return await _save(stem, f"{count} {'event' if count == 1 else 'events'}", ending, pieces)


async def export_events_screenshot(request: EventExport, picture: str) -> str:
    """Write the screen as `svg` and return a message about the result."""
    return await _save(export_stem(request.node, request.at, content="events"), "the screen", "svg", [picture])


async def _save_list(request: ExportRequest, content: str, ending: str, pieces: Iterable[str]) -> str:
    snapshot = request.snapshot
    stem = export_stem(request.node, snapshot.taken_at, is_partial=snapshot.is_partial)
    return await _save(stem, content, ending, pieces, note=" (the list was incomplete)" if snapshot.is_partial else "")


async def _save(stem: str, content: str, ending: str, pieces: Iterable[str], note: str = "") -> str:
    try:
        path = await write_new_file(stem, ending, pieces)
    except OSError as error:
        where = f" {display_path(Path(error.filename), is_relative=True)}" if error.filename else ""
        return sanitize(f"Could not write the file{where}: {error.strerror or error}")
    return f"Wrote {content} to {sanitize(display_path(path, is_relative=True))}{note}"


def _metadata(request: ExportRequest) -> dict[str, object]:
    snapshot = request.snapshot
    return {
        "node": request.node,
        "taken_at": snapshot.taken_at,
        "time_zone": utc_offset(snapshot.taken_at, request.context.zone),
        "server_time_zone": utc_offset(snapshot.taken_at, request.server_zone) if request.server_zone else None,
        "is_complete": not snapshot.is_partial,
        "tasks_on_node": snapshot.total,
        "filter": request.filter or None,
        "is_marked_only": request.hidden is not None,
        "count": len(request.rows),
    }
