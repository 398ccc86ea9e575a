"""Saving what is seen: from the list or its marks to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from cdptui.models.sanitize import sanitize
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import Column
from cdptui.render.export import iter_csv, iter_json
from cdptui.render.task_cells import CellContext
from cdptui.tui import files


class Seen(Struct, frozen=True):
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


async def save_table(seen: Seen, ending: str) -> str:
    """Write tasks as `csv` or `json`; what was done, in words."""
    if ending == "csv":
        pieces: Iterable[str] = iter_csv(seen.rows, seen.columns, seen.context)
    else:
        pieces = iter_json(_about(seen), (seen.record(row.task) for row in seen.rows))
    which = "task" if len(seen.rows) == 1 else "tasks"
    what = f"{len(seen.rows)} {which if seen.hidden is None else f'marked {which}'}"
    if seen.hidden:
        what += f" ({seen.hidden} hidden by the filter)"
    return await _save(seen, what, ending, pieces)


async def save_picture(seen: Seen, picture: str) -> str:
    """Write the screen as `svg`; what was done, in words."""
    return await _save(seen, "the screen", "svg", [picture])


async def _save(seen: Seen, what: str, ending: str, pieces: Iterable[str]) -> str:
    snapshot = seen.snapshot
    stem = files.stem_of(seen.node, snapshot.taken_at, is_partial=snapshot.is_partial)
    try:
        path = await files.write(stem, ending, pieces)
    except OSError as error:
        where = f" to {files.in_words(Path(error.filename))}" if error.filename else ""
        return sanitize(f"not saved{where}: {error.strerror or error}")
    is_partial = "" if not snapshot.is_partial else " (the list was not complete)"
    return f"wrote {what} to {sanitize(files.in_words(path))}{is_partial}"


def _about(seen: Seen) -> dict[str, object]:
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
