"""Lines that several tabs share: title, labels, headings, wrapped text, tables, and the state of a fetch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import FetchState
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.failure_messages import failure_detail, failure_label
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import status_line
from cdptui.render.text_wrap import cell_width, pad_cells, wrap_text

LABEL: Final = 14
"""Cells of a label."""
_MIN_HEIGHT_FOR_SPACERS: Final = 14
_MIN_WRAP_WIDTH: Final = 10
_RETRIED: Final = "Retried automatically; {refresh} retries now"
_DENIED: Final = "This account has no access; ask the administrator, then press {refresh} to retry"
_CACHED: Final = "{updated}, from a cache"
_UUID: Final = re.compile(r"\b[0-9a-f]{32}\b")
BLANK: Final[Line] = ()


def title_line(row: TaskRow, part: FetchState[Any] | None = None, now: float = 0.0) -> Line:
    """Return the first line of a tab: the status of the task and the age of the data in `part`.

    The name of the task is the title of the pane.
    """
    age_s = part.age_s(now) if part is not None else None
    if part is None or age_s is None:
        return status_line(row)
    if part.is_from_cache:
        return (*status_line(row), Span(f"  {_CACHED.format(updated=_update_text(age_s))}", Role.WARN))
    return (*status_line(row), Span(f"  {_update_text(age_s)}", Role.DIM))


def spacer(height: int) -> list[Line]:
    """Return an empty line where the pane is high enough for one."""
    return [BLANK] if height >= _MIN_HEIGHT_FOR_SPACERS else []


def heading(text: str, width: int) -> Line:
    """Return a heading followed by a rule."""
    return (Span(text, Role.ACCENT), Span(" " + "─" * max(0, width - cell_width(text) - 1), Role.TRACK))


def labeled(label: str, *spans: Span) -> Line:
    """Return a label and its value."""
    return (Span(pad_cells(label, LABEL), Role.DIM), *spans)


def wrap(text: str, width: int, role: Role = Role.TEXT, indent: str = "") -> list[Line]:
    """Return `text` as wrapped lines in one role; no lines for an empty text."""
    if not text:
        return []
    return [(Span(indent + line, role),) for line in wrap_text(text, max(_MIN_WRAP_WIDTH, width - cell_width(indent)))]


def marked_lines(mark: Span, text: str, width: int, role: Role = Role.TEXT) -> list[Line]:
    """Return `text` as wrapped lines, the first after `mark` and the others indented by it."""
    cells = cell_width(mark.text)
    return [
        (mark if index == 0 else Span(" " * cells), *line) for index, line in enumerate(wrap(text, width - cells, role))
    ]


def arrow_lines(text: str, width: int) -> list[Line]:
    """Return a next step as wrapped lines, with an arrow before the first."""
    return marked_lines(Span("→ ", Role.ACCENT), text, width)


class HasNamesAndKeys(Protocol):
    """What the text on a failure needs."""

    @property
    def names(self) -> Mapping[str, str]:
        """Names of resources by UUID."""
        ...

    @property
    def keys(self) -> Mapping[str, str]:
        """Labels of the keys, by the id of their action."""
        ...


_NOT_RECORDED: Final = "{subject} at this moment: not recorded"


def fetch_status(
    part: FetchState[Any], context: HasNamesAndKeys, what: str, width: int, retry: str = _RETRIED
) -> list[Line]:
    """Return why `part` is missing or old, and what to do; no lines when it is up to date.

    `retry` says how a failed fetch is retried.
    """
    if not part.is_recorded:
        return wrap(_NOT_RECORDED.format(subject=_subject(what)), width, Role.DIM)
    if part.failure is not None:
        is_denied = part.failure.kind is FailureKind.PERMISSION_DENIED
        text = f"{_subject(what)}: {replace_uuids(failure_cause(part.failure), context.names)}"
        lines = wrap(text, width, Role.WARN)
        lines += wrap((_DENIED if is_denied else retry).format_map(context.keys), width, Role.DIM)
        return [
            *lines,
            *(wrap("Showing the data from before this failure", width, Role.DIM) if has_value(part) else []),
        ]
    return [] if has_value(part) else [(Span(f"Loading {what} …", Role.DIM),)]


def _subject(what: str) -> str:
    subject = what.removeprefix("the ")
    return f"{subject[0].upper()}{subject[1:]}"


def has_value(part: FetchState[Any]) -> bool:
    """Return whether `part` was fetched at least once, however long ago."""
    return part.fetched_at is not None


def table(rows: Sequence[Sequence[Span]], gap: int = 2) -> list[Line]:
    """Return rows of cells as lines, each column as wide as its widest cell; the last column is not padded."""
    if not rows:
        return []
    widths = [max(cell_width(row[column].text) for row in rows) for column in range(len(rows[0]))]
    lines: list[Line] = []
    for row in rows:
        padded = [
            span._replace(text=pad_cells(span.text, width) + " " * gap) for span, width in zip(row, widths, strict=True)
        ]
        lines.append((*padded[:-1], row[-1]))
    return lines


def failure_cause(failure: Failure) -> str:
    """Return why something could not be read."""
    if failure.kind is FailureKind.PERMISSION_DENIED:
        return "no permission"
    detail = failure_detail(failure)
    return f"{failure_label(failure)}: {detail}" if detail else failure_label(failure)


def replace_uuids(text: str, names: Mapping[str, str]) -> str:
    """Return a message of the server with names in place of the UUIDs that have one.

    >>> replace_uuids(f"storage[uuid:{'a1' * 16}] is away", {"a1" * 16: "backup-1"})
    'storage[uuid:backup-1] is away'
    """
    return _UUID.sub(lambda match: names.get(match[0], match[0]), text)


def _update_text(age_s: float) -> str:
    return "updated just now" if age_s < 10 else f"updated {formatting.duration(age_s)} ago"
