"""A task as the server sent it, for files."""

from __future__ import annotations

import json
import re
from typing import Final

import msgspec

from cdptui.api.decode import UNREADABLE, loads_tolerantly, read_record
from cdptui.api.packing import unpack
from cdptui.models.sanitize import sanitize
from cdptui.models.task import Task

_SUSPECT: Final = re.compile(r"[^\x20-\x7e]")


def record_json(task: Task) -> str:
    r"""Return the record of `task` as JSON on one line: the same values, the same order, unknown fields too.

    What a terminal would act upon is escaped, so that the file can be looked at with `cat`; JSON allows that for any
    character of a string. What only a forgiving reader can read is written anew.
    """
    record = unpack(task.raw)
    try:
        msgspec.json.decode(record)
        text = record.decode("utf-8")
    except UNREADABLE:
        read = read_record(record)
        return _anew(loads_tolerantly(record) if read is None else read[0])
    return text if text.isascii() and text.isprintable() else _SUSPECT.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char in "\t\n\r":
        # Between the values: within a string they were no JSON.
        return " "
    if sanitize(char) == char:
        return char
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def _anew(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return "null"
