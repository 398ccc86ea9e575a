"""The list of backup storages: its columns, its order, and its lines for a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from cdptui.models.inventory import BackupStorage, FetchState
from cdptui.models.storages import StorageSummary
from cdptui.render import formatting
from cdptui.render import storage_cells as cells
from cdptui.render.column_layout import GAP, Placed, fit_by_importance
from cdptui.render.line_fitting import cut, line_width
from cdptui.render.list_title import titled_rule
from cdptui.render.sort_order import WORST_FIRST, SortOrder
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SIGNS
from cdptui.render.tabs.blocks import BLANK, fetch_status, wrap
from cdptui.render.text_wrap import cell_width

_SIGN: Final = 2

_CACHED: Final = "The storages came from a cache and were {age} old on arrival"
"""Cells of the sign of the severity, before the name."""


class StorageColumn(Struct, frozen=True):
    """A column of the list. Widths are in cells."""

    key: str
    heading: str
    help: str
    width: int
    cell: Callable[[StorageSummary, Mapping[str, str]], Line]
    sort_value: Callable[[StorageSummary, Mapping[str, str]], Any]
    """A number or a text, the same for all storages; None when unknown."""
    align: Literal["left", "right"] = "right"
    descending_first: bool = False
    """True when sorting by it begins with the largest value."""
    flex: int = 0
    """Cells by which it may grow beyond `width`."""

    @property
    def min_width(self) -> int:
        """Cells that it needs: a figure is never cut."""
        return self.width

    @property
    def natural_width(self) -> int:
        """Cells that it takes where width is not limited."""
        return self.width + self.flex


def _figure(
    figure: Callable[[StorageSummary], Line], value: Callable[[StorageSummary], float | None]
) -> tuple[Callable[[StorageSummary, Mapping[str, str]], Line], Callable[[StorageSummary, Mapping[str, str]], Any]]:
    """Return the cell and the sort value of a column that needs no names."""
    return (lambda summary, _: figure(summary)), (lambda summary, _: value(summary))


def _plain_name(summary: StorageSummary, names: Mapping[str, str]) -> str:
    return cells.name(summary, names)[0].text


NAME: Final = StorageColumn(
    "name",
    "STORAGE",
    "Backup storage",
    16,
    cells.name,
    lambda summary, names: _plain_name(summary, names).casefold(),
    align="left",
    flex=24,
)
CONNECTION: Final = StorageColumn(
    "connection",
    "CONNECTION",
    "Connection of the management node to it",
    14,
    *_figure(cells.connection, lambda summary: float(summary.severity)),
    align="left",
    descending_first=True,
)
CAPACITY: Final = StorageColumn(
    "capacity",
    "CAPACITY",
    "Total capacity",
    9,
    *_figure(cells.capacity, lambda summary: summary.total_bytes),
    descending_first=True,
)
USE: Final = StorageColumn(
    "use",
    "USE",
    "Used share of the capacity",
    4,
    *_figure(cells.use, lambda summary: summary.used_ratio),
    descending_first=True,
)
FREE: Final = StorageColumn(
    "free",
    "FREE",
    "Free capacity",
    9,
    *_figure(cells.free, lambda summary: summary.available_bytes),
)
PLANNED: Final = StorageColumn(
    "planned",
    "PLANNED",
    "Planned capacity of its tasks",
    8,
    *_figure(cells.planned, lambda summary: summary.tasks.committed_bytes),
    descending_first=True,
)
SPARE: Final = StorageColumn(
    "spare",
    "SPARE",
    "Free capacity that is left when all plans are full; negative: over-commit, the plans do not fit",
    9,
    *_figure(cells.spare, lambda summary: summary.spare_bytes),
)
GROWTH: Final = StorageColumn(
    "growth",
    "GROWTH",
    "New data of its tasks per hour; ~ marks a rough estimate",
    11,
    *_figure(cells.growth, lambda summary: summary.tasks.growth_bytes_per_s),
    descending_first=True,
)
FULL_IN: Final = StorageColumn(
    "full-in",
    "FULL IN",
    "Time until this growth has used up the free capacity; ~ marks a rough estimate",
    8,
    *_figure(cells.full_in, lambda summary: summary.full_in_s),
)
TASKS: Final = StorageColumn(
    "tasks",
    "TASKS",
    "Number of tasks",
    6,
    *_figure(cells.tasks, lambda summary: summary.tasks.count),
    descending_first=True,
)
UNHEALTHY: Final = StorageColumn(
    "unhealthy",
    "UNHEALTHY",
    "Number of unhealthy tasks",
    10,
    *_figure(cells.unhealthy, lambda summary: summary.tasks.unhealthy),
    descending_first=True,
)

STORAGE_COLUMNS: Final = (
    NAME,
    CONNECTION,
    CAPACITY,
    USE,
    FREE,
    PLANNED,
    SPARE,
    GROWTH,
    FULL_IN,
    TASKS,
    UNHEALTHY,
)
"""All columns, in their order on screen."""

_KEEP_PRIORITY: Final = (
    NAME,
    CONNECTION,
    FULL_IN,
    UNHEALTHY,
    USE,
    FREE,
    TASKS,
    SPARE,
    GROWTH,
    PLANNED,
    CAPACITY,
)
"""Columns by importance. Those that do not fit are shown below the list, for the storage under the cursor."""


StorageOrder = SortOrder[StorageColumn]
"""An order of the list of storages."""


def storage_order(key: str = WORST_FIRST, *, is_inverted: bool = False) -> StorageOrder:
    """Return the order of the list of storages by a column."""
    return SortOrder(STORAGE_COLUMNS, key, is_inverted)


PlacedStorageColumn = Placed[StorageColumn]
"""A placed column of the list of storages."""


class ListContext(Struct, frozen=True):
    """What the list shows beside the storages."""

    names: Mapping[str, str]
    """Names of resources by UUID."""
    keys: Mapping[str, str]
    """Labels of the keys, by the id of their action."""
    fetch: FetchState[Mapping[str, BackupStorage]]
    """How far the list of storages is loaded."""


def sort_storages(
    storages: Iterable[StorageSummary], order: StorageOrder, names: Mapping[str, str]
) -> list[StorageSummary]:
    """Return the storages in `order`; unknown values come last in either direction, equal ones by name."""
    by_name = sorted(storages, key=lambda summary: (_plain_name(summary, names).casefold(), summary.uuid))
    column = order.column
    if column is None:
        return sorted(by_name, key=lambda summary: summary.rank, reverse=order.is_inverted)
    values = {summary.uuid: column.sort_value(summary, names) for summary in by_name}
    known = [summary for summary in by_name if values[summary.uuid] is not None]
    unknown = [summary for summary in by_name if values[summary.uuid] is None]
    return [*sorted(known, key=lambda summary: values[summary.uuid], reverse=order.is_descending), *unknown]


def place_storage_columns(width: int, order: StorageOrder) -> tuple[PlacedStorageColumn, ...]:
    """Place the columns that fit into `width` cells by importance; the sort column is always among them."""
    return fit_by_importance(width - _SIGN, STORAGE_COLUMNS, _KEEP_PRIORITY, order.column, x=_SIGN)


def column_at(x: int, placed: Sequence[PlacedStorageColumn]) -> str | None:
    """Return the column key at cell `x`, None before the first column; a gap belongs to the column at its left."""
    return next((column.key for column, start, _ in reversed(placed) if x >= start), None)


def heading_line(placed: Sequence[PlacedStorageColumn], order: StorageOrder) -> Line:
    """Return the headings, with an arrow at the sort column."""
    arrow = "▼" if order.is_descending else "▲"
    spans = [Span(f"{arrow if order.column is None else '':<{_SIGN}}", Role.ACCENT)]
    for place in placed:
        is_sorted = place.column is order.column
        text = f"{place.column.heading}{arrow}" if is_sorted else place.column.heading
        spans += _cell((Span(text, Role.ACCENT if is_sorted else Role.DIM),), place)
    return tuple(spans)


def storage_line(summary: StorageSummary, placed: Sequence[PlacedStorageColumn], names: Mapping[str, str]) -> Line:
    """Return the line of a storage."""
    severity = summary.severity
    spans = [Span(f"{SIGNS[severity]:<{_SIGN}}", ROLES[severity])]
    for place in placed:
        spans += _cell(place.column.cell(summary, names), place)
    return tuple(spans)


def hidden_lines(
    summary: StorageSummary, placed: Sequence[PlacedStorageColumn], names: Mapping[str, str], width: int
) -> list[Line]:
    """Return the figures of a storage whose columns do not fit, each with its heading, side by side."""
    shown = {entry.column.key for entry in placed}
    figures = [
        (Span(f"{column.heading.lower()} ", Role.DIM), *column.cell(summary, names))
        for column in STORAGE_COLUMNS
        if column.key not in shown
    ]
    lines: list[list[Span]] = []
    free = 0
    for figure in figures:
        needed = line_width(figure, cell_width)
        if not lines or needed + 3 > free:
            lines.append([Span(" " * _SIGN)])
            free = width - _SIGN
        else:
            lines[-1].append(Span("   "))
            free -= 3
        lines[-1] += figure
        free -= needed
    return [tuple(line) for line in lines]


def note_lines(storages: Sequence[StorageSummary], context: ListContext, width: int) -> list[Line]:
    """Return what is missing in the list, and why."""
    part = context.fetch
    lines = list(fetch_status(part, context, "storages", width))
    if part.is_partial:
        lines += wrap("The server may have more storages than it listed", width, Role.WARN)
    if part.is_from_cache:
        lines += wrap(_CACHED.format(age=formatting.duration(part.cached_s)), width, Role.WARN)
    if part.fetched_at is not None and part.failure is None:
        lines += _not_listed(sum(summary.storage is None and bool(summary.uuid) for summary in storages), width)
    if any(summary.storage is not None and summary.available_bytes is None for summary in storages):
        lines += wrap("Capacity not known: the server did not report it to this account", width, Role.WARN)
    if any(not summary.is_full_in_trusted and summary.tasks.growth_bytes_per_s is not None for summary in storages):
        lines += wrap(cells.NOT_RELIABLE, width, Role.DIM)
    return [BLANK, *lines] if lines and storages else lines


def _not_listed(count: int, width: int) -> list[Line]:
    if not count:
        return []
    text = (
        "1 storage has tasks, but is not listed: deleted, or not visible to this account"
        if count == 1
        else f"{count} storages have tasks, but are not listed: deleted, or not visible to this account"
    )
    return wrap(text, width, Role.WARN)


def title_line(count: int, order: StorageOrder, width: int, *, has_focus: bool) -> Line:
    """Return the title in a rule."""
    return titled_rule(f"Storages {count} · {order.text}", width, cell_width, has_focus=has_focus)


def _cell(spans: Line, place: PlacedStorageColumn) -> list[Span]:
    """Return spans cut or filled to the width of their column, after the gap to the column before."""
    shown = cut(spans, place.width, cell_width)
    padding = Span(" " * (place.width - line_width(shown, cell_width)))
    gap = Span(" " * (GAP if place.x > _SIGN else 0))
    return [gap, padding, *shown] if place.column.align == "right" else [gap, *shown, padding]
