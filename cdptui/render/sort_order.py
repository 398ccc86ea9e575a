"""The order of a list: by one of its columns, or worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, Protocol, TypeVar

from msgspec import Struct, structs

WORST_FIRST: Final = "health"
"""Key of the default order of a list, which is not a column."""


class SortColumn(Protocol):
    """What an order needs of a column."""

    @property
    def key(self) -> str:
        """Names the column in settings."""
        ...

    @property
    def heading(self) -> str:
        """The heading on screen."""
        ...

    @property
    def descending_first(self) -> bool:
        """True when sorting by it begins with the largest value."""
        ...


ColumnT = TypeVar("ColumnT", bound=SortColumn)


class SortOrder(Struct, Generic[ColumnT], frozen=True):
    """The sorting and the grouping of a list."""

    columns: tuple[ColumnT, ...]
    """All columns of the list, in their order on screen."""
    key: str = WORST_FIRST
    is_inverted: bool = False
    group: str = ""
    """Key of the grouping; empty for none."""

    @property
    def column(self) -> ColumnT | None:
        """The column of the order; None for the default order."""
        return next((column for column in self.columns if column.key == self.key), None)

    @property
    def is_descending(self) -> bool:
        """True when the largest value comes first."""
        column = self.column
        return (column is None or column.descending_first) != self.is_inverted

    @property
    def text(self) -> str:
        """The order in words, such as "worst first" or "by name, reversed"."""
        column = self.column
        text = "worst first" if column is None else f"by {column.heading.lower()}"
        return f"{text}, reversed" if self.is_inverted else text

    def inverted(self) -> SortOrder[ColumnT]:
        """Return the reversed order."""
        return structs.replace(self, is_inverted=not self.is_inverted)

    def by_column(self, key: str) -> SortOrder[ColumnT]:
        """Return the order by a column, in its default direction, with the same grouping."""
        return structs.replace(self, key=key, is_inverted=False)

    def toggled(self, key: str | None) -> SortOrder[ColumnT]:
        """Return the order by a column, or the default order for None; the same column again reverses it."""
        key = key or WORST_FIRST
        return self.inverted() if key == self.key else self.by_column(key)

    def next_column(self, step: int, among: Sequence[ColumnT] | None = None) -> SortOrder[ColumnT]:
        """Return the order by the next (1) or previous (-1) of some columns; the default order is before the first."""
        keys = (WORST_FIRST, *(column.key for column in (self.columns if among is None else among)))
        # A column that is not among them counts as the default order.
        at = keys.index(self.key) if self.key in keys else 0
        return self.by_column(keys[(at + step) % len(keys)])
