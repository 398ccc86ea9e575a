"""The Raw tab: the fields in readable form, and the record as the server sent it.

Both include fields that cdptui does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Final

from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import BLANK, heading, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.fields import field_lines
from cdptui.render.text_wrap import cell_width, split_cells

_KEY: Final = re.compile(r'^(\s*)"((?:[^"\\]|\\.)*)"(: )(.*)$')
_INDENT: Final = "    "
_MIN_VALUE_WIDTH: Final = 10


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines; a value of the record that is too long continues on the next line."""
    unknown = {field.name for field in context.fields if not field.is_known}
    lines: list[Line] = [title_line(row), *spacer(height)]
    lines += [*field_lines(context, width), BLANK, heading("Record, dates in server time", width)]
    for text in context.raw.lines:
        lines += _wrapped(text, width, unknown)
    if context.raw.omitted:
        message = f"{context.raw.omitted:,} more lines not shown; {context.keys['save']} saves the whole record"
        lines += [BLANK, *wrap(message, width, Role.WARN)]
    return lines


def _wrapped(line: str, width: int, unknown: Set[str]) -> Iterator[Line]:
    match = _KEY.match(line)
    if match is None:
        head: list[Span] = []
        rest = line
    else:
        indent, name, colon, rest = match.groups()
        is_top = len(indent) == 2
        role = Role.ACCENT if is_top and name in unknown else Role.DIM
        head = [Span(f'{indent}"{name}"{colon}', role)]
    first_width = max(_MIN_VALUE_WIDTH, width - sum(cell_width(span.text) for span in head))
    first, *others = split_cells(rest, first_width, max(_MIN_VALUE_WIDTH, width - cell_width(_INDENT)))
    yield (*head, Span(first))
    for text in others:
        yield (Span(_INDENT), Span(text))
