"""Which columns the list has, and the place of each on a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS, IDENTIFYING, KEEP_PRIORITY, NAME, Column

GAP: Final = 1
_NAME_SHARE: Final = 8
_MAX_WIDE_NAME: Final = 24
"""In a wide list the name, which does not scroll, gets an eighth of the width, and never more than this."""


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

    @property
    def exported(self) -> tuple[Column, ...]:
        """The columns of an export: those that the user chose, or the default ones and those that identify a task."""
        is_default = self.columns == ColumnLayout().columns
        return tuple(dict.fromkeys((*self.shown, *IDENTIFYING))) if is_default else self.shown


class SizedColumn(Protocol):
    """What a column needs to be placed on a line. Widths are in cells."""

    @property
    def width(self) -> int:
        """Cells that it needs."""
        ...

    @property
    def min_width(self) -> int:
        """Cells of the heading with the arrow of the sort order."""
        ...

    @property
    def natural_width(self) -> int:
        """Cells that it takes where width is not limited."""
        ...


ColumnT = TypeVar("ColumnT", bound=SizedColumn)


class Placed(NamedTuple, Generic[ColumnT]):
    """A column and its place on a line, in cells."""

    column: ColumnT
    x: int
    width: int


PlacedColumn = Placed[Column]
"""A placed column of the task list."""


class ColumnPlacement(NamedTuple):
    """The columns on screen, and whether there are more to the left and right."""

    placed: tuple[PlacedColumn, ...] = ()
    first: int = 0
    """Columns after the name that are scrolled out to the left."""
    is_more_right: bool = False


def place_columns(
    width: int, layout: ColumnLayout, first: int = 0, sort_column: Column | None = None
) -> ColumnPlacement:
    """Place the columns of `layout` on `width` cells; a wide list is scrolled by `first` columns after the name.

    `sort_column` is always placed, with room for its heading and its arrow: after the name where it would be scrolled
    out of sight.
    """
    if not layout.is_wide:
        return ColumnPlacement(fit_columns(width, layout.shown, sort_column))
    # The last cell shows that there are more columns.
    room = max(1, width - 1)
    name_width = min(max(NAME.width, min(_MAX_WIDE_NAME, width // _NAME_SHARE)), room)
    others, free = layout.shown[1:], room - name_width
    end = _max_first(free, others)
    pinned: list[tuple[Column, int]] = []
    if sort_column is not None and sort_column in others and free > GAP:
        # On a narrow screen it leaves half of the room to the others.
        cells = max(sort_column.min_width, min(sort_column.width, free // 2 - GAP))
        pinned = [(sort_column, min(cells, free - GAP))]
        if sort_column not in others[end:]:
            end = _max_first(free - GAP - pinned[0][1], others)
    first = max(0, min(first, end))
    rest = others[first:]
    scrolled = _fill(free, rest)
    if any(column is sort_column and cells >= column.min_width for column, cells in scrolled):
        pinned = []
    if pinned:
        rest = tuple(column for column in rest if column is not sort_column)
        scrolled = _fill(free - GAP - pinned[0][1], rest)
    is_more_right = len(scrolled) < len(rest)
    shared = _share_out([(NAME, name_width), *pinned, *scrolled], room, is_whole=not (first or is_more_right))
    return ColumnPlacement(_side_by_side(shared), first, is_more_right)


def _max_first(room: int, columns: Sequence[Column]) -> int:
    """Return how many columns to scroll at most, so that the last one is visible."""
    at = len(columns)
    while at > 0 and (room := room - GAP - columns[at - 1].width) >= 0:
        at -= 1
    return max(0, min(at, len(columns) - 1))


def _fill(room: int, columns: Sequence[Column]) -> list[tuple[Column, int]]:
    """Return the first of `columns` that fit into `room` cells, and the cells of each."""
    chosen: list[tuple[Column, int]] = []
    for column in columns:
        room -= GAP
        # The first one may be cut: text is still readable then. The others are shown whole or not at all.
        if room < (column.width if chosen else 1):
            break
        cells = min(column.width, room)
        chosen.append((column, cells))
        room -= cells
    return chosen


def _share_out(columns: Sequence[tuple[Column, int]], room: int, *, is_whole: bool) -> list[tuple[Column, int]]:
    """Share the free cells of a wide list; the name, which must not jump, gets some only when nothing is scrolled."""
    free = room - sum(cells for _, cells in columns) - GAP * (len(columns) - 1)
    shared = dict(columns)
    for column in (*(column for column, _ in columns[1:]), *([NAME] if is_whole else [])):
        extra = max(0, min(free, column.natural_width - shared[column]))
        shared[column] += extra
        free -= extra
    return list(shared.items())


def fit_columns(
    width: int, columns: Sequence[Column] = DEFAULT_COLUMNS, sort_column: Column | None = None
) -> tuple[PlacedColumn, ...]:
    """Fit columns into `width` cells by importance, then share the free cells among those with `flex`.

    `sort_column` is always among them, after the others when it is not one of `columns`.

    >>> [placed.column.key for placed in fit_columns(60)]
    ['name', 'status', 'problem', 'used']
    >>> [placed.column.key for placed in fit_columns(60, sort_column=BY_KEY["growth"])]
    ['name', 'problem', 'used', 'growth']
    """
    return fit_by_importance(width, columns, KEEP_PRIORITY, sort_column)


def fit_by_importance(
    width: int, columns: Sequence[ColumnT], importance: Sequence[ColumnT], sort_column: ColumnT | None, x: int = 0
) -> tuple[Placed[ColumnT], ...]:
    """Fit columns into `width` cells from `x` on, those first that are first in `importance`, and share the free cells.

    The first of `importance` and `sort_column` are always among them.
    """
    if sort_column is not None and sort_column not in columns:
        columns = (*columns, sort_column)
    chosen: dict[ColumnT, int] = {}
    free = width
    by_importance = (
        importance if sort_column is None else tuple(dict.fromkeys((importance[0], sort_column, *importance)))
    )
    for column in by_importance:
        gap = GAP if chosen else 0
        # The sort column is rather cut than left out.
        needed = column.min_width if column is sort_column else column.width
        if column in columns and (needed + gap <= free or not chosen):
            cells = min(column.width, max(1, free - gap))
            chosen[column] = cells
            free -= cells + gap
    for column in importance:
        extra = max(0, min(free, column.natural_width - chosen.get(column, column.natural_width)))
        if extra:
            chosen[column] += extra
            free -= extra
    return _side_by_side([(column, chosen[column]) for column in columns if column in chosen], x)


def _side_by_side(columns: Iterable[tuple[ColumnT, int]], x: int = 0) -> tuple[Placed[ColumnT], ...]:
    placed: list[Placed[ColumnT]] = []
    for column, cells in columns:
        placed.append(Placed(column, x, cells))
        x += cells + GAP
    return tuple(placed)
