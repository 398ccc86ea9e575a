"""Saved views as text: what a view shows, its filter, and a name for it."""

from __future__ import annotations

from typing import Final

from msgspec import structs
from rich.cells import cell_len

from cdptui.config.saved_views import MAX_NAME, SavedView
from cdptui.models.sanitize import sanitize
from cdptui.query.errors import QueryError
from cdptui.query.formatter import format_query
from cdptui.query.parser import parse
from cdptui.render.groups import BY_KEY
from cdptui.render.line_fitting import cut_text
from cdptui.render.sort_order import WORST_FIRST
from cdptui.tasklist.sort_order import task_order

ALL_TASKS: Final = "all tasks, worst first"


def view_text(view: SavedView) -> str:
    """Describe a view in one line.

    >>> view_text(SavedView(name="x", filter="full<3d", sort="full-in", group="storage"))
    'full<3d, sorted by full in, grouped by backup storage'
    """
    order = task_order(view.sort, is_inverted=view.inverted)
    is_sorted = order.column is not None or (view.sort == WORST_FIRST and view.inverted)
    parts = [
        "unhealthy" if view.unhealthy else "",
        sanitize(view.filter),
        f"sorted {order.text}" if is_sorted else "",
        f"grouped by {_grouping_text(view.group)}" if view.group else "",
        f"{len(view.columns)} columns" if view.columns else "",
        "all columns" if view.wide else "",
    ]
    return ", ".join(filter(None, parts)) or ALL_TASKS


def proposed_name(view: SavedView) -> str:
    """Return a name for a view that has none: its filter, or how it is sorted and grouped.

    >>> proposed_name(SavedView(name="", filter="full<3d", sort="full-in"))
    'full<3d'
    >>> proposed_name(SavedView(name="", group="storage"))
    'grouped by backup storage'
    """
    is_filtered = view.filter or view.unhealthy
    named = SavedView(name="", filter=view.filter, unhealthy=view.unhealthy) if is_filtered else view
    return cut_text(view_text(named), MAX_NAME, cell_len)


def filter_text(view: SavedView) -> str:
    """Return what `TaskListModel.filter_text` is while the list is filtered by a view. Raises QueryError."""
    text = format_query(parse(view.filter)) if view.filter.strip() else ""
    return ", ".join(filter(None, ("unhealthy" if view.unhealthy else "", text)))


def shows_the_same(view: SavedView, other: SavedView) -> bool:
    """Return whether two views differ in nothing but their name and the spelling of their filter.

    >>> shows_the_same(SavedView(name="a", filter="used > 80%"), SavedView(name="b", filter="used>80%"))
    True
    """
    return _without_spelling(view) == _without_spelling(other)


def _without_spelling(view: SavedView) -> SavedView:
    try:
        return structs.replace(view, name="", filter=filter_text(view))
    except QueryError:
        return structs.replace(view, name="")


def _grouping_text(key: str) -> str:
    return BY_KEY[key].label.lower() if key in BY_KEY else sanitize(key)
