"""A record as the server sent it, laid out for people; nothing is taken for another value, nothing is left out."""

from __future__ import annotations

import msgspec

from cdptui.api.decode import UNREADABLE
from cdptui.api.packing import unpack
from cdptui.models.task import Task
from cdptui.models.text import inert


def raw_lines(task: Task) -> tuple[str, ...]:
    """Return the JSON of `task`, indented: numbers and escapes stay as they were written; inert. Never raises.

    What is no JSON comes as it is.
    """
    record = unpack(task.raw)
    try:
        text = msgspec.json.format(record, indent=2)
    except UNREADABLE:
        text = record
    return tuple(inert(line) for line in text.decode("utf-8", errors="replace").split("\n"))
