"""What the query engine has to know of an inventory: its Java class, its columns, its rows and their wire form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

Row = TypeVar("Row")


class ColumnType(Enum):
    """How the values of a column compare."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    """Epoch seconds here, text on the wire."""
    LIST = "list"
    """A collection: it cannot be compared, sorted or selected, only reached into."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One field of an inventory."""

    name: str
    kind: ColumnType
    read: Callable[[Row], object]
    """The value, None is null. For a `LIST`, or a column reached through one (`refs.uuid`), a sequence of values."""
    enum_class: str | None = None
    """Java class that `schema` names for it."""
    is_primitive: bool = False
    """A Java primitive: written as 0 even when it was not asked for."""
    is_stable: bool = False
    """Changes only when the table's version does, so that its order may be kept."""


@dataclass(slots=True)
class Table(Generic[Row]):
    """One kind of inventory."""

    java_class: str
    columns: dict[str, Column[Row]]
    rows: Callable[[], Sequence[Row]]
    """All rows in the order that a query without `sort` gives; a client may not rely on it."""
    by_uuid: Callable[[str], Row | None]
    encode: Callable[[Row], bytes]
    """The whole inventory, on the wire."""
    wire_value: Callable[[Row, str], object]
    """One field of it, for queries with `fields`."""
    version: Callable[[], int]
    joined_columns: dict[str, Column[Row]] = field(default_factory=dict)
    """Columns of other tables, by dotted name."""
    nested: Callable[[Row], tuple[tuple[str, str], ...]] = lambda _row: ()
    """Paths and classes of what hangs below a row, for `schema`."""
    _orders: dict[str, tuple[int, list[Row]]] = field(default_factory=dict)

    def in_order(self, column: Column[Row], *, descending: bool) -> list[Row]:
        """All rows sorted by a column, nulls first, as MySQL does."""
        kept = self._orders.get(column.name)
        if kept is None or kept[0] != self.version() or not column.is_stable:
            kept = (self.version(), sorted(self.rows(), key=lambda row: sort_key(column.read(row))))
            self._orders[column.name] = kept
        return kept[1][::-1] if descending else kept[1]


def columns(*found: Column[Row]) -> dict[str, Column[Row]]:
    """Columns by their names."""
    return {column.name: column for column in found}


def sort_key(value: object) -> tuple[int, float, str]:
    """Nulls, then numbers, then text without case. CJK sorts after Latin, as in the server's collation."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, value, "")
    return (1, 0.0, str(value).casefold())
