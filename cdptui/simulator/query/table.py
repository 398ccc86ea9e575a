"""The description of an inventory for the query engine: Java class, columns, rows and wire format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

Row = TypeVar("Row")


class ColumnType(Enum):
    """The type of a column, which decides how its values compare."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    """Epoch seconds in rows, text in responses."""
    LIST = "list"
    """A collection: it cannot be compared, sorted or selected, only joined."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One field of an inventory."""

    name: str
    kind: ColumnType
    read: Callable[[Row], object]
    """Return the value, None for null. For a `LIST` or a joined column (`refs.uuid`), a sequence of values."""
    enum_class: str | None = None
    """Java class of its values in `schema`."""
    is_primitive: bool = False
    """A Java primitive, which is written as 0 when it is not selected."""
    is_stable: bool = False
    """Changes only with the table's version, so that its order can be cached."""


@dataclass(slots=True)
class Table(Generic[Row]):
    """One kind of inventory."""

    java_class: str
    columns: dict[str, Column[Row]]
    rows: Callable[[], Sequence[Row]]
    """All rows in the order of a query without `sort`, which is arbitrary for clients."""
    by_uuid: Callable[[str], Row | None]
    encode: Callable[[Row], bytes]
    """Encode a whole inventory."""
    wire_value: Callable[[Row, str], object]
    """Return one field in wire format, for queries with `fields`."""
    version: Callable[[], int]
    joined_columns: dict[str, Column[Row]] = field(default_factory=dict)
    """Columns of other tables, by dotted name."""
    nested: Callable[[Row], tuple[tuple[str, str], ...]] = lambda _row: ()
    """Paths and Java classes of the objects nested in a row, for `schema`."""
    _orders: dict[str, tuple[int, list[Row]]] = field(default_factory=dict)

    def in_order(self, column: Column[Row], *, descending: bool) -> list[Row]:
        """Return all rows sorted by a column, nulls first as in MySQL."""
        cached = self._orders.get(column.name)
        if cached is None or cached[0] != self.version() or not column.is_stable:
            cached = (self.version(), sorted(self.rows(), key=lambda row: sort_key(column.read(row))))
            self._orders[column.name] = cached
        return cached[1][::-1] if descending else cached[1]


def columns(*found: Column[Row]) -> dict[str, Column[Row]]:
    """Return columns by their names."""
    return {column.name: column for column in found}


def sort_key(value: object) -> tuple[int, float, str]:
    """Order nulls, then numbers, then text without case. CJK sorts after Latin, as in the server's collation."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, value, "")
    return (1, 0.0, str(value).casefold())
