"""Decode responses into tasks, including every deviation that servers are documented or were observed to send.

An unreadable field never hides its task, and an unreadable task never hides the others. All text is sanitized here.
"""

from __future__ import annotations

import json
import math
import sys
import zlib
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import lru_cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct, structs

from cdptui.api.json_scan import ScanError, split_array, split_object
from cdptui.api.record_compression import changed_values, compress, matches
from cdptui.api.record_template import LAST_OP
from cdptui.api.timestamps import is_valid_timestamp, parse_timestamp
from cdptui.models.sanitize import sanitize
from cdptui.models.task import ResourceRef, Task

Count = Annotated[int, Meta(ge=0)]
Date = int | float | str | None

MAX_COUNT: Final = 2**64 - 1
"""The server stores these numbers in unsigned 64-bit columns."""

WHOLE_RECORD: Final = "inventory"
"""The entry of `unreadable_fields` when the whole record is unreadable."""


UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Exceptions that decoding server JSON can raise."""

UNCONVERTIBLE: Final = (msgspec.ValidationError, OverflowError, UnicodeEncodeError)
"""Exceptions that `msgspec.convert` raises for values of other types; the last one for text with lone surrogates."""


class Page(Struct, frozen=True):
    """A query response whose records are not decoded yet."""

    rows: tuple[bytes, ...]
    total: int | None
    cached_s: float = 0.0
    """Seconds that the response spent in a cache."""


class _WireUuid(Struct):
    uuid: str = ""


class _WireValues(Struct, rename="camel"):
    """The values of a task that change at every refresh of the server."""

    used_capacity: Count | None = None
    last_latency: Count | None = None
    current_latency: Count | None = None
    last_op_date: Date = None


class WireRef(Struct, rename="camel"):
    """A resource ref in its wire format."""

    task_uuid: str | None = None
    resource_uuid: str | None = None
    resource_type: str | None = None
    create_date: Date = None
    last_op_date: Date = None


class WireTask(Struct, rename="camel"):
    """A task in its wire format, for fast decoding of well-formed records."""

    uuid: str | None = None
    name: str | None = None
    description: str | None = None
    policy_uuid: str | None = None
    backup_storage_uuid: str | None = None
    status: str | None = None
    state: str | None = None
    task_type: str | None = None
    backup_bandwidth: Count | None = None
    max_capacity: Count | None = None
    used_capacity: Count | None = None
    max_latency: Count | None = None
    last_latency: Count | None = None
    current_latency: Count | None = None
    create_date: Date = None
    last_op_date: Date = None
    resource_refs: list[WireRef] = []


_NO_FIELDS: Final[frozenset[str]] = frozenset()
"""Shared by all tasks: an empty set takes 200 bytes."""

_NOTHING: Final = Raw(b"null")


class _QueryReply(Struct):
    inventories: list[Raw] | None = None
    inventory: Raw = _NOTHING
    total: Raw = _NOTHING


_reply_decoder = msgspec.json.Decoder(_QueryReply)
_uuid_decoder = msgspec.json.Decoder(_WireUuid)
_values_decoder = msgspec.json.Decoder(_WireValues, strict=False)
_task_decoder = msgspec.json.Decoder(WireTask, strict=False)
_TASK_FIELDS: Final = msgspec.structs.fields(WireTask)
_NUMBERS: Final = (
    "backup_bandwidth",
    "max_capacity",
    "used_capacity",
    "max_latency",
    "last_latency",
    "current_latency",
)


def decode_page(body: bytes, cached_s: float = 0.0) -> Page:
    """Split a query response, which spent `cached_s` seconds in caches, into its records.

    Raises one of `UNREADABLE` when it is not a query reply: a response without `inventories` (or `inventory`, as in
    the vendor's manual) is an error, not an empty list.
    """
    try:
        reply = _reply_decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except UNREADABLE as error:
        # One invalid or deeply nested record must not make the whole list unreadable.
        reply = _split_reply(body, error)
    rows = reply.inventories
    if rows is None:
        if bytes(reply.inventory) == b"null":
            raise msgspec.ValidationError("no list of inventories")
        rows = [reply.inventory]
    try:
        total = msgspec.json.decode(reply.total, type=Count | None, strict=False)
    except UNREADABLE:
        total = None
    return Page(tuple(bytes(row) for row in rows), total, cached_s)


def _split_reply(body: bytes, error: Exception) -> _QueryReply:
    """Split a response that cannot be parsed as a whole; raise `error` if it cannot be split either."""
    try:
        values = split_object(body)
        rows = values.get("inventories", b"null")
        return _QueryReply(
            None if rows == b"null" else [Raw(row) for row in split_array(rows)],
            Raw(values.get("inventory", b"null")),
            Raw(values.get("total", b"null")),
        )
    except ScanError as scan_error:
        if isinstance(error, RecursionError):
            raise msgspec.DecodeError(str(scan_error)) from error
        raise error from None


class TaskDecoder:
    """Decodes records into tasks. Equal bytes give the same task object.

    Keeps the tasks of the last complete poll, so that only changed records are decoded.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._known: Mapping[str, Task] = {}

    @property
    def zone(self) -> tzinfo | None:
        """The server's time zone, for dates without one."""
        return self._zone

    @zone.setter
    def zone(self, zone: tzinfo | None) -> None:
        if zone != self._zone:
            self._zone = zone
            self._known = {}

    def set_known(self, tasks: Mapping[str, Task]) -> None:
        """Set the known tasks by UUID."""
        self._known = tasks

    def decode(self, rows: Iterable[bytes], *, is_compressed: bool = False) -> list[Task]:
        """Return the tasks of `rows`, in order; `is_compressed` saves memory for many tasks."""
        return [self._decode(row, is_compressed=is_compressed) for row in rows]

    def _decode(self, row: bytes, *, is_compressed: bool) -> Task:
        try:
            # In the first poll no task is known.
            known = self._known.get(_uuid_decoder.decode(row).uuid) if self._known else None
        except UNREADABLE:
            known = None
        if known is None:
            return decode_task(row, self._zone, is_compressed=is_compressed)
        if matches(row, known.raw):
            return known
        raw = compress(row, is_compressed=is_compressed, known=known.raw)
        task = _replace_values(known, row, raw, self._zone)
        return task if task is not None else _reuse_equal_fields(_decode_record(row, raw, self._zone), known)


def _replace_values(known: Task, row: bytes, raw: bytes, zone: tzinfo | None) -> Task | None:
    """Return the task of a record that differs from the one of `known` in the refreshed values; None for any other.

    This takes a third of the time of decoding, and nearly all changes are such ones.
    """
    values = changed_values(raw, known.raw)
    if values is None or known.unreadable_fields:
        return None
    try:
        wire = _values_decoder.decode(row)
    except UNREADABLE:
        return None
    last_op_at = parse_timestamp(wire.last_op_date, zone)
    after, before = values
    if after[LAST_OP] != before[LAST_OP] and last_op_at == known.last_op_at:
        # The date that changed is that of a resource ref.
        return None
    rpo_ms = wire.last_latency if wire.last_latency is not None else wire.current_latency
    return structs.replace(known, used_bytes=wire.used_capacity, rpo_ms=rpo_ms, last_op_at=last_op_at, raw=raw)


_SHARED: Final = ("uuid", "name", "description", "created_at", "resource_refs")
"""Fields that usually stay the same when others change."""


def _reuse_equal_fields(task: Task, known: Task) -> Task:
    """Return the task with the equal parts of `known`, so that their memory is shared."""
    same = {name: getattr(known, name) for name in _SHARED if getattr(known, name) == getattr(task, name)}
    return structs.replace(task, **same)


def decode_task(row: bytes, zone: tzinfo | None, *, is_compressed: bool = False) -> Task:
    """Return the task in `row`. A value that cannot be read is None and listed in `unreadable_fields`. Never raises."""
    return _decode_record(row, compress(row, is_compressed=is_compressed), zone)


def _decode_record(row: bytes, raw: bytes, zone: tzinfo | None) -> Task:
    """Return the task in `row`, which is stored as `raw`."""
    try:
        wire = _task_decoder.decode(row)
        bad: set[str] = set()
    except UNREADABLE:
        wire, bad = _decode_field_by_field(row)
    for name in _NUMBERS:
        if (getattr(wire, name) or 0) > MAX_COUNT:
            setattr(wire, name, None)
            bad.add(_wire_name(name))
    return _task_of(wire, bad, row, zone, raw)


def _task_of(wire: WireTask, bad: set[str], row: bytes, zone: tzinfo | None, raw: bytes) -> Task:
    if not wire.uuid:
        bad.add("uuid")
    if wire.name is None or wire.status is None or wire.state is None:
        bad.update(name for name in ("name", "status", "state") if getattr(wire, name) is None)
    created_at, last_op_at = parse_timestamp(wire.create_date, zone), parse_timestamp(wire.last_op_date, zone)
    if created_at is None and not is_valid_timestamp(wire.create_date):
        bad.add("createDate")
    if last_op_at is None and not is_valid_timestamp(wire.last_op_date):
        bad.add("lastOpDate")
    uuid = sanitize(wire.uuid) if wire.uuid else f"no-uuid-{zlib.crc32(row):08x}"
    rpo_ms = wire.last_latency if wire.last_latency is not None else wire.current_latency
    return Task(
        uuid=uuid,
        name=sanitize(wire.name or ""),
        status=_intern(wire.status) or "?",
        state=_intern(wire.state) or "?",
        description=None if wire.description is None else sanitize(wire.description),
        task_type=_intern(wire.task_type),
        policy_uuid=_intern(wire.policy_uuid),
        backup_storage_uuid=_intern(wire.backup_storage_uuid),
        bandwidth_limit_bps=_intern_number(wire.backup_bandwidth),
        plan_bytes=_intern_number(wire.max_capacity),
        used_bytes=wire.used_capacity,
        rpo_target_ms=_intern_number(wire.max_latency),
        rpo_ms=rpo_ms,
        created_at=created_at,
        last_op_at=last_op_at,
        resource_refs=tuple([_ref_of(ref, uuid, zone) for ref in wire.resource_refs]),
        unreadable_fields=frozenset(bad) if bad else _NO_FIELDS,
        raw=raw,
    )


def _ref_of(ref: WireRef, uuid: str, zone: tzinfo | None) -> ResourceRef:
    task_uuid = sanitize(ref.task_uuid or "")
    return ResourceRef(
        resource_uuid=sanitize(ref.resource_uuid or "?"),
        resource_type=_intern(ref.resource_type) or "?",
        task_uuid=uuid if task_uuid == uuid else task_uuid,
        created_at=parse_timestamp(ref.create_date, zone),
        last_op_at=parse_timestamp(ref.last_op_date, zone),
    )


@lru_cache(maxsize=4096)
def _intern(text: str | None) -> str | None:
    """Return the shared, sanitized object of a text that many tasks contain."""
    return None if text is None else sys.intern(sanitize(text, 255))


@lru_cache(maxsize=4096)
def _intern_number(value: int | None) -> int | None:
    """Return the shared object of a number that many tasks contain: 32 bytes less for each further task."""
    return value


def _decode_field_by_field(row: bytes) -> tuple[WireTask, set[str]]:
    wire = WireTask()
    read = read_record(row)
    if read is None:
        wire.name = "(unreadable record)"
        return wire, {WHOLE_RECORD}
    record, unreadable = read
    bad = {sanitize(name, 255) for name in unreadable}
    for field in _TASK_FIELDS:
        if field.encode_name not in record or field.encode_name in unreadable:
            continue
        value = record[field.encode_name]
        if field.name == "resource_refs":
            wire.resource_refs, is_bad = _refs_one_by_one(value)
            if is_bad:
                bad.add(field.encode_name)
            continue
        try:
            setattr(wire, field.name, msgspec.convert(value, field.type, strict=False))
        except UNCONVERTIBLE:
            bad.add(field.encode_name)
    return wire, bad


def read_record(row: bytes) -> tuple[dict[str, object], frozenset[str]] | None:
    """Return the values of a record and the names of unreadable ones; None when the record is not an object.

    A value that cannot be read (nested too deeply, thousands of digits) is returned as its text.
    """
    record = loads_lenient(row)
    if isinstance(record, dict):
        return record, _NO_FIELDS
    try:
        texts = split_object(row)
    except ScanError:
        return None
    values = {name: loads_lenient(text) for name, text in texts.items()}
    unreadable = frozenset(name for name, text in texts.items() if values[name] is None and text != b"null")
    values.update((name, texts[name].decode("utf-8", errors="replace")) for name in unreadable)
    return values, unreadable


def loads_lenient(row: bytes) -> object:
    """Parse JSON that msgspec rejects (numbers out of range, lone surrogates); return None if it is not JSON.

    Such records are rare, so the slower but more tolerant parser of the standard library is fast enough.
    """
    try:
        return json.loads(row.decode("utf-8", errors="replace"), parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | str:
    """Parse a number; return its text for NaN and infinity, which are not valid JSON."""
    value = float(text)
    return value if math.isfinite(value) else text


def _refs_one_by_one(value: object) -> tuple[list[WireRef], bool]:
    if value is None:
        return [], False
    if not isinstance(value, list):
        return [], True
    refs: list[WireRef] = []
    for item in value:
        try:
            refs.append(msgspec.convert(item, WireRef, strict=False))
        except UNCONVERTIBLE:
            continue
    return refs, len(refs) < len(value)


def _wire_name(name: str) -> str:
    return next(field.encode_name for field in _TASK_FIELDS if field.name == name)
