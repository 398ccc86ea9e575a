"""Lines about the filter: its explanation, its error, and how many tasks it hides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from cdptui.models.sanitize import sanitize
from cdptui.render.spans import Line, Role, Span

if TYPE_CHECKING:
    from cdptui.query.errors import QueryError, RegexTimeoutError
    from cdptui.query.expression import Clause, Expression
    from cdptui.query.fields import AnyVocabulary

Measure = Callable[[str], int]
"""Returns the width of a text in cells."""


class FilterResult(Struct, frozen=True):
    """How many tasks a filter matches."""

    shown: int
    total: int
    counts: Mapping[Clause, int]
    """Rows that each clause matches on its own."""
    nameless: int = 0
    """VMs whose names the filter needs and that are not loaded yet."""
    rough: int = 0
    """Tasks that the filter leaves out only because their estimate is not trusted."""


def rough_text(count: int) -> str:
    """Return how many tasks are left out because of their estimates; empty for none.

    >>> rough_text(3), rough_text(1)
    ('3 rough estimates (~) not counted', '1 rough estimate (~) not counted')
    """
    return f"{count} rough estimate{'' if count == 1 else 's'} (~) not counted" if count else ""


def count_text(result: FilterResult) -> str:
    """Return how many tasks are shown, of how many.

    >>> count_text(FilterResult(12, 1312, {}))
    '12 of 1312'
    """
    return f"{result.shown} of {result.total}"


def explanation_line(expression: Expression, result: FilterResult, fields: AnyVocabulary) -> Line:
    """Return how an expression with these fields is understood, each clause with its number of matches."""
    from cdptui.query.formatter import explain

    spans: list[Span] = []
    for text, clause in explain(expression, fields):
        spans.append(Span(sanitize(text), Role.DIM if clause is None else Role.TEXT))
        if clause is not None:
            spans.append(Span(f" ({result.counts.get(clause, '…')})", Role.ACCENT))
    return (*spans, *_missing_names(result))


def error_line(error: QueryError, offset: int, width: int, measure: Measure) -> Line:
    """Return a caret `offset` cells from the left, below the error, and the error message beside it."""
    text = sanitize(str(error))
    role = Role.WARN if error.is_unfinished else Role.BAD
    offset = max(0, min(offset, width - 1))
    if offset + measure(text) + 2 <= width or offset < width // 2:
        return (Span(" " * offset), Span("^ ", role), Span(text, role))
    before = offset - measure(text) - 1
    if before < 0:
        return (Span(text, role),)
    return (Span(" " * before), Span(f"{text} ", role), Span("^", role))


def active_filter_line(
    text: str, result: FilterResult | None, width: int, measure: Measure, keys: Mapping[str, str], note: str = ""
) -> Line:
    """Return the line of an active filter: its text, how many it shows and hides, and a note where there is room."""
    name = Span(sanitize(text), Role.STRONG)
    if result is None:
        return (Span("▽ ", Role.WARN), name)
    hidden = result.total - result.shown
    counts = Span(f"  {count_text(result)} shown, {hidden} hidden", Role.WARN)
    hints = Span(f"{note}  {{filter}} edits, {{back}} clears".format_map(keys), Role.DIM)
    brief = Span("  {back} clears".format_map(keys), Role.DIM)
    for tail in ((counts, *_missing_names(result), hints), (counts, *_missing_names(result), brief), (counts,)):
        if measure(name.text) + sum(measure(span.text) for span in tail) + 2 <= width:
            return (Span("▽ ", Role.WARN), name, *tail)
    room = max(1, width - measure(counts.text) - 3)
    longest = bisect_right(range(len(name.text) + 1), room, key=lambda length: measure(name.text[:length])) - 1
    return (Span("▽ ", Role.WARN), Span(f"{name.text[:longest]}…", Role.STRONG), counts)


def rejected_line(timeout: RegexTimeoutError, name: str, everything: str) -> Line:
    """Return the line of a filter that took too long; `name` is the active filter, empty for `everything`."""
    active = f"  shown: {sanitize(name) or everything}"
    return (Span("▽ ", Role.WARN), Span(str(timeout), Role.BAD), Span(active, Role.DIM))


def _missing_names(result: FilterResult) -> tuple[Span, ...]:
    return (Span(f"  names of {result.nameless} VMs not known", Role.WARN),) if result.nameless else ()
