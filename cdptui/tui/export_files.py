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
from typing import Protocol

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


class Export(Protocol):
    """What is exported, and how its files are named and described."""

    @property
    def stem(self) -> str:
        """The name of the file, without the extension."""
        ...

    @property
    def content(self) -> str:
        """What is in the file, in words."""
        ...

    @property
    def note(self) -> str:
        """What the user must know about it; empty for nothing."""
        ...

    def pieces(self, ending: str) -> Iterable[str]:
        """Return the text of a file as `csv` or `json`."""
        ...


class TaskExport(Struct, frozen=True):
    """The tasks to export, and the metadata of the file."""

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

    @property
    def stem(self) -> str:
        """See `Export`."""
        return export_stem(self.node, self.snapshot.taken_at, is_partial=self.snapshot.is_partial)

    @property
    def content(self) -> str:
        """See `Export`."""
        count, tasks = len(self.rows), "task" if len(self.rows) == 1 else "tasks"
        if self.hidden is None:
            return f"{count} {tasks}"
        if self.hidden:
            return f"{count} marked {tasks} ({self.hidden} hidden by the filter)"
        return f"{count} marked {tasks}"

    @property
    def note(self) -> str:
        """See `Export`."""
        return " (the list was incomplete)" if self.snapshot.is_partial else ""

    def pieces(self, ending: str) -> Iterable[str]:
        """See `Export`."""
        if ending == "csv":
            return iter_csv(self.rows, self.columns, self.context)
        records = (self.record(row.task) for row in self.rows)
        return iter_json(self._metadata(), records, self.rows, self.context.zone)

    def _metadata(self) -> dict[str, object]:
        snapshot = self.snapshot
        return {
            "node": self.node,
            "taken_at": snapshot.taken_at,
            "time_zone": utc_offset(snapshot.taken_at, self.context.zone),
            "server_time_zone": utc_offset(snapshot.taken_at, self.server_zone) if self.server_zone else None,
            "is_complete": not snapshot.is_partial,
            "tasks_on_node": snapshot.total,
            "filter": self.filter or None,
            "is_marked_only": self.hidden is not None,
            "count": len(self.rows),
        }


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
    note: str = ""
    """See `Export`."""

    @property
    def stem(self) -> str:
        """See `Export`."""
        return export_stem(self.node, self.at, content="events")

    @property
    def content(self) -> str:
        """See `Export`."""
        return f"{len(self.events)} {'event' if len(self.events) == 1 else 'events'}"

    def pieces(self, ending: str) -> Iterable[str]:
        """See `Export`."""
        if ending == "csv":
            return iter_events_csv(self.events, self.context)
        metadata = {
            "node": self.node,
            "taken_at": self.at,
            "time_zone": utc_offset(self.at, self.context.zone),
            "filter": self.filter or None,
            "since": self.since,
            "count": len(self.events),
        }
        return iter_events_json(metadata, self.events, self.context)


async def write_export(export: Export, ending: str, screenshot: Callable[[], str]) -> str:
    """Write a file as `csv` or `json`, or the screen as `svg`, and return a message about the result."""
    content, pieces = ("the screen", [screenshot()]) if ending == "svg" else (export.content, export.pieces(ending))
    try:
        path = await write_new_file(export.stem, ending, pieces)
    except OSError as error:
        where = f" {display_path(Path(error.filename), is_relative=True)}" if error.filename else ""
        return sanitize(f"Could not write the file{where}: {error.strerror or error}")
    return f"Wrote {content} to {sanitize(display_path(path, is_relative=True))}{export.note}"
