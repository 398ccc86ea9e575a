"""A record as the server sent it, laid out for people; nothing is taken for another value, nothing is left out."""

from __future__ import annotations

from typing import Final

import msgspec

from cdptui.api.decode import UNREADABLE
from cdptui.api.packing import unpack
from cdptui.models.sanitize import sanitize
from cdptui.models.task import RawLines, Task

_MAX_LINES: Final = 2000
"""A record with 100,000 resource refs has 700,000 lines, which take seconds to lay out and which nobody reads."""


def raw_lines(task: Task) -> RawLines:
    """Return the JSON of `task`, indented: numbers and escapes stay as they were written; inert. Never raises.

    What is no JSON comes as it is. Of a record of more than 2,000 lines only those are returned, and the number of the
    others.
    """
    record = unpack(task.raw)
    try:
        text = msgspec.json.format(record, indent=2)
    except UNREADABLE:
        text = record
    lines = text.split(b"\n", _MAX_LINES)
    omitted = lines.pop().count(b"\n") + 1 if len(lines) > _MAX_LINES else 0
    return RawLines(tuple(sanitize(line.decode("utf-8", errors="replace")) for line in lines), omitted)
