"""Typed access to a JSON object of the server: a field that is missing or of another type is None, never an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

from cdptui.api.decode import MAX_COUNT, read_record
from cdptui.api.timestamps import parse_timestamp
from cdptui.models.sanitize import sanitize

_LONGEST: Final = 255


class JsonRecord:
    """A JSON object with typed access by field name."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    @classmethod
    def of(cls, raw: bytes) -> JsonRecord | None:
        """Parse JSON; None if it is not an object."""
        read = read_record(raw)
        return None if read is None else cls(read[0])

    @classmethod
    def of_value(cls, value: object) -> JsonRecord | None:
        """Wrap a parsed value; None if it is not an object."""
        return cls(value) if isinstance(value, dict) else None

    def text(self, name: str) -> str | None:
        """Return a sanitized text."""
        value = self._values.get(name)
        return sanitize(value, _LONGEST) if isinstance(value, str) else None

    def count(self, name: str) -> int | None:
        """Return a non-negative number, written as 5, 5.0 or "5", without its fraction."""
        value = self.number(name)
        return None if value is None else int(value)

    def number(self, name: str) -> float | None:
        """Return a non-negative number written as 5, 5.0 or "5"; a whole one is an int."""
        value = self._values.get(name)
        if isinstance(value, str):
            try:
                value = float(value) if "." in value or "e" in value.lower() else int(value)
            except ValueError:
                return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return value if 0 <= value <= MAX_COUNT else None

    def record(self, name: str) -> JsonRecord | None:
        """Return an object; None without one."""
        return self.of_value(self._values.get(name))

    def moment(self, name: str, zone: tzinfo | None) -> datetime | None:
        """Return a date in any known format."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return parse_timestamp(value, zone)

    def records(self, name: str) -> list[JsonRecord] | None:
        """Return a list of records without invalid entries; None without a list."""
        value = self._values.get(name)
        return list(_records(value)) if isinstance(value, list) else None

    def items(self) -> Iterator[tuple[str, object]]:
        """Return all fields, with sanitized names."""
        return ((sanitize(str(name), _LONGEST), value) for name, value in self._values.items())


def _records(values: list[object]) -> Iterator[JsonRecord]:
    for value in values:
        record = JsonRecord.of_value(value)
        if record is not None:
            yield record
