"""Which columns the list has, and where each of them stands on a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS, KEEP_PRIORITY, NAME, Column

GAP: Final = 1
_NAME_SHARE: Final = 3
"""A third of a list that scrolls sideways is for the names, which stay."""


class ColumnLayout(Struct, frozen=True):
    """The columns that somebody chose. The name is always there, and first: it says what the others are about."""

    columns: tuple[str, ...] = tuple(column.key for column in DEFAULT_COLUMNS)
    """Keys, in their order on screen."""
    is_wide: bool = False
    """Whether all columns are there, the chosen ones first, and the list scrolls sideways where they do not fit."""

    @classmethod
    def of(cls, keys: Iterable[str], *, is_wide: bool = False) -> ColumnLayout:
        """The layout with these columns; those that this version has not, and doubles, are left out.

        >>> ColumnLayout.of(["uuid", "nonsense", "uuid"]).columns
        ('name', 'uuid')
        """
        wanted = dict.fromkeys((NAME.key, *keys))
        return cls(tuple(key for key in wanted if key in BY_KEY), is_wide)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns themselves; on a narrow screen, not all of them fit."""
        chosen = tuple(BY_KEY[key] for key in self.columns)
        return (*chosen, *(column for column in COLUMNS if column not in chosen)) if self.is_wide else chosen


class PlacedColumn(NamedTuple):
    """A column with its place on a line."""

    column: Column
    x: int
    width: int


class ColumnPlacement(NamedTuple):
    """The columns on screen, and whether there are more."""

    placed: tuple[PlacedColumn, ...] = ()
    first: int = 0
    """How many columns after the name are out of sight to the left."""
    is_more_right: bool = False


def place_columns(width: int, layout: ColumnLayout, first: int = 0) -> ColumnPlacement:
    """Place the columns of `layout` on `width` cells, in a wide list without the `first` ones after the name."""
    columns = layout.shown
    if not layout.is_wide:
        return ColumnPlacement(fit_columns(width, columns))
    # The last cell is for the sign that there is more.
    room = max(1, width - 1)
    name_width = min(NAME.natural_width, max(NAME.width, width // _NAME_SHARE), room)
    others = columns[1:]
    first = max(0, min(first, _last_stop(room - name_width, others)))
    placed = [PlacedColumn(NAME, 0, name_width)]
    x = name_width + GAP
    for column in others[first:]:
        left = room - x
        # Text that is cut is still read, a figure is not; but there must be something.
        if left < (column.width if len(placed) > 1 else 1):
            break
        cells = min(column.natural_width, left)
        placed.append(PlacedColumn(column, x, cells))
        x += cells + GAP
    return ColumnPlacement(tuple(placed), first, first + len(placed) - 1 < len(others))


def _last_stop(room: int, columns: Sequence[Column]) -> int:
    """How far to scroll at most: until the last column is there."""
    at = len(columns)
    while at > 0 and (room := room - GAP - columns[at - 1].natural_width) >= 0:
        at -= 1
    return max(0, min(at, len(columns) - 1))


def fit_columns(width: int, columns: Sequence[Column] = DEFAULT_COLUMNS) -> tuple[PlacedColumn, ...]:
    """Fit columns into `width` cells: by priority, then the rest goes to those that can use it.

    >>> [placed.column.key for placed in fit_columns(60)]
    ['name', 'status', 'use', 'rpo']
    """
    chosen: list[Column] = []
    left = width
    for column in KEEP_PRIORITY:
        needed = column.width + (GAP if chosen else 0)
        if column in columns and (needed <= left or not chosen):
            chosen.append(column)
            left -= needed
    widths = {column.key: min(column.width, max(1, width)) for column in chosen}
    for column in chosen:
        extra = max(0, min(left, column.flex))
        widths[column.key] += extra
        left -= extra
    placed: list[PlacedColumn] = []
    x = 0
    for column in columns:
        if column in chosen:
            placed.append(PlacedColumn(column, x, widths[column.key]))
            x += widths[column.key] + GAP
    return tuple(placed)
