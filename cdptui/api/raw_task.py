"""All fields of a task as the server sent them, including unknown ones, for the raw tab."""

from __future__ import annotations

import json
import re
from datetime import tzinfo
from typing import Final

import msgspec

from cdptui.api.decode import UNCONVERTIBLE, UNREADABLE, loads_lenient, read_record
from cdptui.api.record_compression import decompress
from cdptui.api.timestamps import parse_timestamp
from cdptui.models.sanitize import sanitize
from cdptui.models.task import FieldUnit, RawField, RawLines, Task

_KNOWN: Final[dict[str, FieldUnit]] = {
    "uuid": FieldUnit.UUID,
    "name": FieldUnit.TEXT,
    "description": FieldUnit.TEXT,
    "status": FieldUnit.TEXT,
    "state": FieldUnit.TEXT,
    "taskType": FieldUnit.TEXT,
    "policyUuid": FieldUnit.UUID,
    "backupStorageUuid": FieldUnit.UUID,
    "maxCapacity": FieldUnit.BYTES,
    "usedCapacity": FieldUnit.BYTES,
    "backupBandwidth": FieldUnit.BYTES_PER_SECOND,
    "maxLatency": FieldUnit.MILLISECONDS,
    "lastLatency": FieldUnit.MILLISECONDS,
    "currentLatency": FieldUnit.MILLISECONDS,
    "createDate": FieldUnit.MOMENT,
    "lastOpDate": FieldUnit.MOMENT,
}
"""Known fields in reading order; the server's order is that of a hash map."""

_REFS: Final = "resourceRefs"
_MAX_REF_FIELDS: Final = 200
"""Unknown fields of resource refs that are returned; a task may have 100,000 refs."""

_REF_FIELDS: Final = frozenset({"taskUuid", "resourceUuid", "resourceType", "createDate", "lastOpDate"})


def raw_fields(task: Task, zone: tzinfo | None) -> tuple[RawField, ...]:
    """Return the fields in `task.raw`: the known ones first, then all others by name.

    Resource refs are shown in a separate table, so only their unknown fields are included.
    """
    raw = decompress(task.raw)
    record = _read_values(raw)
    if record is None:
        return (RawField("(record)", sanitize(raw.decode("utf-8", errors="replace")), is_known=False, is_bad=True),)
    known = [_field(name, record[name], task, zone) for name in _KNOWN if name in record]
    others = [
        _field(str(name), record[name], task, zone) for name in sorted(record) if name not in _KNOWN and name != _REFS
    ]
    return (*known, *others, *_unknown_in_refs(record.get(_REFS), task, zone))


def _read_values(raw: bytes) -> dict[str, object] | None:
    """Return the values of a record by name; None if it is not an object.

    Refs are parsed by msgspec, which takes a tenth of the tolerant parser's time for 20 MB of them.
    """
    try:
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        refs = msgspec.json.decode(parts.pop(_REFS, b"null"))
    except UNREADABLE:
        read = read_record(raw)
        return None if read is None else read[0]
    values = {name: loads_lenient(bytes(part)) for name, part in parts.items()}
    if any(values[name] is None and bytes(part) != b"null" for name, part in parts.items()):
        read = read_record(raw)
        return None if read is None else read[0]
    return values if refs is None else {**values, _REFS: refs}


def _unknown_in_refs(refs: object, task: Task, zone: tzinfo | None) -> list[RawField]:
    if not isinstance(refs, list):
        return [] if refs is None else [_field(_REFS, refs, task, zone)]
    found: list[RawField] = []
    for index, ref in enumerate(refs):
        if len(found) >= _MAX_REF_FIELDS:
            rest = f"refs from {index} on are not searched for unknown fields"
            return [*found, RawField(f"{_REFS}[{index}…]", rest, is_known=False)]
        if not isinstance(ref, dict):
            found.append(RawField(f"{_REFS}[{index}]", _text(ref), is_bad=True))
            continue
        found.extend(
            RawField(sanitize(f"{_REFS}[{index}].{name}"), _text(value), is_known=False)
            for name, value in ref.items()
            if name not in _REF_FIELDS
        )
    return found


def _field(name: str, value: object, task: Task, zone: tzinfo | None) -> RawField:
    unit = _KNOWN.get(name, FieldUnit.OTHER)
    is_number = unit in {FieldUnit.BYTES, FieldUnit.BYTES_PER_SECOND, FieldUnit.MILLISECONDS}
    is_date = unit is FieldUnit.MOMENT and isinstance(value, str | int | float)
    return RawField(
        name=sanitize(name),
        text=_text(value),
        unit=unit,
        quantity=_quantity(value) if is_number and name not in task.unreadable_fields else None,
        at=parse_timestamp(value, zone) if is_date and isinstance(value, str | int | float) else None,
        is_known=name in _KNOWN or name == _REFS,
        is_bad=name in task.unreadable_fields,
    )


def _quantity(value: object) -> int | None:
    try:
        return msgspec.convert(value, int, strict=False)
    except UNCONVERTIBLE:
        return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return sanitize(value)
    try:
        return sanitize(msgspec.json.encode(value).decode())
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, RecursionError):
        return sanitize(repr(value))


_MAX_LINES: Final = 2000
"""A record with 100,000 resource refs has 700,000 lines, which would take seconds to lay out."""


def pretty_json_lines(task: Task) -> RawLines:
    """Return the JSON of `task`, indented and sanitized; numbers and escapes are unchanged. Never raises.

    A record that is not JSON is returned unchanged. At most 2,000 lines are returned, with the number of omitted ones.
    """
    record = decompress(task.raw)
    try:
        text = msgspec.json.format(record, indent=2)
    except UNREADABLE:
        text = record
    lines = text.split(b"\n", _MAX_LINES)
    omitted = lines.pop().count(b"\n") + 1 if len(lines) > _MAX_LINES else 0
    return RawLines(tuple(sanitize(line.decode("utf-8", errors="replace")) for line in lines), omitted)


_NON_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def json_line(task: Task) -> str:
    r"""Return the record of `task` as JSON on one line: all values, including unknown fields, in the server's order.

    Characters that a terminal would interpret are escaped, so that the file is safe to print with `cat`; JSON permits
    this for any character of a string. A record that only the tolerant parser accepts is encoded again.
    """
    record = decompress(task.raw)
    try:
        msgspec.json.decode(record)
        text = record.decode("utf-8")
    except UNREADABLE:
        read = read_record(record)
        return _reencode(loads_lenient(record) if read is None else read[0])
    return text if text.isascii() and text.isprintable() else _NON_ASCII.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char in "\t\n\r":
        # JSON permits these only between values, where they are whitespace.
        return " "
    if sanitize(char) == char:
        return char
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def _reencode(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return "null"
