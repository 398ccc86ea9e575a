"""Every field of a task as the server sent it, known to us or not, for the person who wants to see all of it."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

import msgspec

from cdptui.api.decode import read_record
from cdptui.api.packing import unpack
from cdptui.api.timestamps import parse_moment
from cdptui.models.task import Field, Task, Unit
from cdptui.models.text import inert

_KNOWN: Final[dict[str, Unit]] = {
    "uuid": Unit.UUID,
    "name": Unit.TEXT,
    "description": Unit.TEXT,
    "status": Unit.TEXT,
    "state": Unit.TEXT,
    "taskType": Unit.TEXT,
    "policyUuid": Unit.UUID,
    "backupStorageUuid": Unit.UUID,
    "maxCapacity": Unit.BYTES,
    "usedCapacity": Unit.BYTES,
    "backupBandwidth": Unit.BYTES_PER_SECOND,
    "maxLatency": Unit.MILLISECONDS,
    "lastLatency": Unit.MILLISECONDS,
    "currentLatency": Unit.MILLISECONDS,
    "createDate": Unit.MOMENT,
    "lastOpDate": Unit.MOMENT,
}
"""In the order in which a person reads them; the server's own order is a hash's."""

_REFS: Final = "resourceRefs"
_REF_FIELDS: Final = frozenset({"taskUuid", "resourceUuid", "resourceType", "createDate", "lastOpDate"})


def task_fields(task: Task, zone: tzinfo | None) -> tuple[Field, ...]:
    """Return the fields in `task.raw`: the known ones first, then all others by name.

    Resource refs are a table of their own; of them only fields that we do not know are here.
    """
    raw = unpack(task.raw)
    read = read_record(raw)
    if read is None:
        return (Field("(record)", inert(raw.decode("utf-8", errors="replace")), is_known=False, is_bad=True),)
    record, _ = read
    known = [_field(name, record[name], task, zone) for name in _KNOWN if name in record]
    others = [
        _field(str(name), record[name], task, zone) for name in sorted(record) if name not in _KNOWN and name != _REFS
    ]
    return (*known, *others, *_unknown_in_refs(record.get(_REFS), task, zone))


def _unknown_in_refs(refs: object, task: Task, zone: tzinfo | None) -> list[Field]:
    if not isinstance(refs, list):
        return [] if refs is None else [_field(_REFS, refs, task, zone)]
    found: list[Field] = []
    for index, ref in enumerate(refs):
        if not isinstance(ref, dict):
            found.append(Field(f"{_REFS}[{index}]", _text(ref), is_bad=True))
            continue
        found.extend(
            Field(inert(f"{_REFS}[{index}].{name}"), _text(value), is_known=False)
            for name, value in ref.items()
            if name not in _REF_FIELDS
        )
    return found


def _field(name: str, value: object, task: Task, zone: tzinfo | None) -> Field:
    unit = _KNOWN.get(name, Unit.OTHER)
    is_number = unit in {Unit.BYTES, Unit.BYTES_PER_SECOND, Unit.MILLISECONDS}
    is_date = unit is Unit.MOMENT and isinstance(value, str | int | float)
    return Field(
        name=inert(name),
        text=_text(value),
        unit=unit,
        quantity=_quantity(value) if is_number and name not in task.bad_fields else None,
        at=parse_moment(value, zone) if is_date and isinstance(value, str | int | float) else None,
        is_known=name in _KNOWN or name == _REFS,
        is_bad=name in task.bad_fields,
    )


def _quantity(value: object) -> int | None:
    try:
        return msgspec.convert(value, int, strict=False)
    except msgspec.ValidationError:
        return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return inert(value)
    try:
        return inert(msgspec.json.encode(value).decode())
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, RecursionError):
        return inert(repr(value))
