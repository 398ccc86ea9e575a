"""Which columns the list has, and the place of each on a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS, KEEP_PRIORITY, NAME, Column

GAP: Final = 1
_NAME_SHARE: Final = 3
"""In a wide list the name, which does not scroll, gets at most a third of the width."""


class ColumnLayout(Struct, frozen=True):
    """The columns that the user chose. The name is always the first one."""

    columns: tuple[str, ...] = tuple(column.key for column in DEFAULT_COLUMNS)
    """Keys, in their order on screen."""
    is_wide: bool = False
    """True for a wide list: all columns, the chosen ones first, scrolled sideways where they do not fit."""

    @classmethod
    def of(cls, keys: Iterable[str], *, is_wide: bool = False) -> ColumnLayout:
        """Return the layout with these columns, without duplicates and without keys that this version does not know.

        >>> ColumnLayout.of(["uuid", "nonsense", "uuid"]).columns
        ('name', 'uuid')
        """
        unique = dict.fromkeys((NAME.key, *keys))
        return cls(tuple(key for key in unique if key in BY_KEY), is_wide)

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns in their order; not all of them fit on a narrow screen."""
        chosen = tuple(BY_KEY[key] for key in self.columns)
        return (*chosen, *(column for column in COLUMNS if column not in chosen)) if self.is_wide else chosen


class PlacedColumn(NamedTuple):
    """A column and its place on a line, in cells."""

    column: Column
    x: int
    width: int


class ColumnPlacement(NamedTuple):
    """The columns on screen, and whether there are more to the left and right."""

    placed: tuple[PlacedColumn, ...] = ()
    first: int = 0
    """Columns after the name that are scrolled out to the left."""
    is_more_right: bool = False


def place_columns(width: int, layout: ColumnLayout, first: int = 0) -> ColumnPlacement:
    """Place the columns of `layout` on `width` cells; a wide list is scrolled by `first` columns after the name."""
    columns = layout.shown
    if not layout.is_wide:
        return ColumnPlacement(fit_columns(width, columns))
    # The last cell shows that there are more columns.
    room = max(1, width - 1)
    name_width = min(NAME.natural_width, max(NAME.width, width // _NAME_SHARE), room)
    others = columns[1:]
    first = max(0, min(first, _max_first(room - name_width, others)))
    placed = [PlacedColumn(NAME, 0, name_width)]
    x = name_width + GAP
    for column in others[first:]:
        free = room - x
        # The second column may be cut: text is still readable then. The others are shown whole or not at all.
        if free < (column.width if len(placed) > 1 else 1):
            break
        cells = min(column.natural_width, free)
        placed.append(PlacedColumn(column, x, cells))
        x += cells + GAP
    return ColumnPlacement(tuple(placed), first, first + len(placed) - 1 < len(others))


def _max_first(room: int, columns: Sequence[Column]) -> int:
    """Return how many columns to scroll at most, so that the last one is visible."""
    at = len(columns)
    while at > 0 and (room := room - GAP - columns[at - 1].natural_width) >= 0:
        at -= 1
    return max(0, min(at, len(columns) - 1))


def fit_columns(width: int, columns: Sequence[Column] = DEFAULT_COLUMNS) -> tuple[PlacedColumn, ...]:
    """Fit columns into `width` cells by importance, then share the free cells among those with `flex`.

    >>> [placed.column.key for placed in fit_columns(60)]
    ['name', 'status', 'use', 'rpo']
    """
    chosen: list[Column] = []
    free = width
    for column in KEEP_PRIORITY:
        needed = column.width + (GAP if chosen else 0)
        if column in columns and (needed <= free or not chosen):
            chosen.append(column)
            free -= needed
    widths = {column.key: min(column.width, max(1, width)) for column in chosen}
    for column in chosen:
        extra = max(0, min(free, column.flex))
        widths[column.key] += extra
        free -= extra
    placed: list[PlacedColumn] = []
    x = 0
    for column in columns:
        if column in chosen:
            placed.append(PlacedColumn(column, x, widths[column.key]))
            x += widths[column.key] + GAP
    return tuple(placed)
