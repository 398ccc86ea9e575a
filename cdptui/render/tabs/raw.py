"""The tab Raw: the record as the server sent it, with everything that cdptui has no name for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Final

from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import BLANK, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext

_KEY: Final = re.compile(r'^(\s*)"((?:[^"\\]|\\.)*)"(: )(.*)$')


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """All lines; a value that is too long goes on below, so that nothing of it is lost."""
    unknown = {field.name for field in context.fields if not field.is_known}
    found: list[Line] = [title_line(row), *spacer(height)]
    for text in context.raw.lines:
        found += _wrapped(text, width, unknown)
    if context.raw.omitted:
        how = f"{context.raw.omitted:,} more lines are not shown; {context.keys['save']} saves the whole record"
        found += [BLANK, *wrap(how, width, Role.WARN)]
    if unknown:
        found += [BLANK, (Span(f"not known to cdptui: {', '.join(sorted(unknown))}", Role.ACCENT),)]
    return found


def _wrapped(text: str, width: int, unknown: Set[str]) -> Iterator[Line]:
    match = _KEY.match(text)
    if match is None:
        head: list[Span] = []
        rest = text
    else:
        indent, name, colon, rest = match.groups()
        is_top = len(indent) == 2
        role = Role.ACCENT if is_top and name in unknown else Role.DIM
        head = [Span(f'{indent}"{name}"{colon}', role)]
    room = max(10, width - sum(len(span.text) for span in head))
    # Wide characters take two cells; a line that holds any breaks where it is sure to fit.
    step = room if rest.isascii() else room // 2
    yield (*head, Span(rest[:step]))
    for at in range(step, len(rest), max(10, width - 4)):
        yield (Span("    "), Span(rest[at : at + max(10, width - 4)]))
