"""The filter in words: how it was understood, what is wrong with it, and how much it hides."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping

from msgspec import Struct

from cdptui.models.sanitize import sanitize
from cdptui.query.errors import QueryError, RegexTimeoutError
from cdptui.query.expression import Clause, Expression
from cdptui.query.formatter import explain
from cdptui.render.key_names import KEY_NAMES
from cdptui.render.spans import Line, Role, Span

Measure = Callable[[str], int]
"""The width of a text in cells."""


class FilterResult(Struct, frozen=True):
    """What a list has been cut down to."""

    shown: int
    total: int
    counts: Mapping[Clause, int]
    """How many rows each clause means by itself."""
    nameless: int = 0
    """VMs whose names are asked for and not known yet."""


def count_text(shown: FilterResult) -> str:
    """How many there are of how many.

    >>> count_text(FilterResult(12, 1312, {}))
    '12 of 1312'
    """
    return f"{shown.shown} of {shown.total}"


def explanation_line(expression: Expression, shown: FilterResult) -> Line:
    """How an expression was understood, each clause with its own count."""
    spans: list[Span] = []
    for text, clause in explain(expression):
        spans.append(Span(sanitize(text), Role.DIM if clause is None else Role.TEXT))
        if clause is not None:
            spans.append(Span(f" {shown.counts.get(clause, '…')}", Role.ACCENT))
    return (*spans, *_nameless(shown))


def error_line(error: QueryError, offset: int, width: int, measure: Measure) -> Line:
    """A caret `offset` cells from the left, under what is wrong, and beside it why."""
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
    text: str, shown: FilterResult | None, width: int, measure: Measure, keys: Mapping[str, str] = KEY_NAMES
) -> Line:
    """The one line that stays while a filter is on: what for, how many it shows, and how many it hides."""
    name = Span(sanitize(text), Role.STRONG)
    if shown is None:
        return (Span("▽ ", Role.WARN), name)
    hidden = shown.total - shown.shown
    counts = Span(f"  {count_text(shown)} shown, {hidden} hidden", Role.WARN)
    clears = f"{keys['back']} clears"
    hints = Span(f"  the sums above count all  {keys['filter']} edits, {clears}", Role.DIM)
    brief = Span(f"  {clears}", Role.DIM)
    for tail in ((counts, *_nameless(shown), hints), (counts, *_nameless(shown), brief), (counts,)):
        if measure(name.text) + sum(measure(span.text) for span in tail) + 2 <= width:
            return (Span("▽ ", Role.WARN), name, *tail)
    room = max(1, width - measure(counts.text) - 3)
    longest = bisect_right(range(len(name.text) + 1), room, key=lambda length: measure(name.text[:length])) - 1
    return (Span("▽ ", Role.WARN), Span(f"{name.text[:longest]}…", Role.STRONG), counts)


def rejected_line(timeout: RegexTimeoutError, name: str) -> Line:
    """The one line in place of a filter that was given up; `name` is the filter that counts, empty for none."""
    shown = f"  shown: {sanitize(name)}" if name else "  shown: all tasks"
    return (Span("▽ ", Role.WARN), Span(str(timeout), Role.BAD), Span(shown, Role.DIM))


def _nameless(shown: FilterResult) -> tuple[Span, ...]:
    return (Span(f"  names of {shown.nameless} VMs not known", Role.WARN),) if shown.nameless else ()
