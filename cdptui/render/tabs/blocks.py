"""Lines that several tabs have in common: labels, headings, long sentences, and how a part stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import FetchState
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.failure_messages import failure_label
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import status_line
from cdptui.render.tabs.context import DetailContext

LABEL: Final = 14
_AIRY_FROM: Final = 14
_BY_ITSELF: Final = "it is tried again by itself; {refresh} tries at once"
_DENIED: Final = "this account may not read it; ask the administrator, or press {refresh} to try again"
_UUID: Final = re.compile(r"\b[0-9a-f]{32}\b")
BLANK: Final[Line] = ()


def title_line(row: TaskRow, part: FetchState[Any] | None = None, now: float = 0.0) -> Line:
    """Which task it is, what it does, and how old is what is shown of `part`: the first line of every tab."""
    task = row.task
    age_s = part.age_s(now) if part is not None else None
    age = () if age_s is None else (Span(f"  as of {_age(age_s)}", Role.DIM),)
    return (Span(task.name or "(no name)", Role.STRONG), Span("  "), *status_line(task.status, task.state), *age)


def spacer(height: int) -> list[Line]:
    """An empty line, where there is room for one."""
    return [BLANK] if height >= _AIRY_FROM else []


def heading(text: str, width: int) -> Line:
    """A title with a rule behind it."""
    return (Span(text, Role.ACCENT), Span(" " + "─" * max(0, width - len(text) - 1), Role.TRACK))


def labeled(label: str, *spans: Span) -> Line:
    """A figure behind its name."""
    return (Span(f"{label:<{LABEL}}", Role.DIM), *spans)


def wrap(text: str, width: int, role: Role = Role.TEXT, indent: str = "") -> list[Line]:
    """A sentence over as many lines as it needs."""
    return [(Span(indent + line, role),) for line in broken(text, max(10, width - len(indent)))]


def broken(text: str, width: int) -> list[str]:
    """A sentence in pieces of `width` cells at most, broken between words; a word that is too long is broken too.

    >>> broken("a backup storage", 8), broken("财务系统 is", 6)
    (['a backup', 'storage'], ['财务系', '统 is'])
    """
    pieces: list[str] = [""]
    left = width
    for word in text.split():
        gap = " " if pieces[-1] else ""
        if cells(word) + len(gap) > left and pieces[-1]:
            pieces.append("")
            left, gap = width, ""
        pieces[-1] += gap
        left -= len(gap)
        for character in word:
            if cells(character) > left:
                pieces.append("")
                left = width
            pieces[-1] += character
            left -= cells(character)
    return pieces


def cells(text: str) -> int:
    """How many cells a text takes: the wide characters of East Asia take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def fetch_status(
    part: FetchState[Any], context: DetailContext, what: str, width: int, retry: str = _BY_ITSELF
) -> list[Line]:
    """Why a part is not there, or not newer; nothing where all is well. `retry` is what becomes of one that failed."""
    if part.failure is not None:
        is_denied = part.failure.kind is FailureKind.PERMISSION_DENIED
        lines = wrap(f"{what}: {replace_uuids(_cause(part.failure), context.names)}", width, Role.WARN)
        lines += wrap((_DENIED if is_denied else retry).format_map(context.keys), width, Role.DIM)
        return [*lines, *(wrap("what is shown is from before that", width, Role.DIM) if has_value(part) else [])]
    return [] if has_value(part) else [(Span(f"reading {what} …", Role.DIM),)]


def has_value(part: FetchState[Any]) -> bool:
    """Whether there is anything to show of it, however old."""
    return part.fetched_at is not None


def table(rows: Sequence[Sequence[Span]], gaps: int = 2) -> list[Line]:
    """Columns as wide as their widest cell; the texts of the last one end where they end."""
    if not rows:
        return []
    widths = [max(len(row[column].text) for row in rows) for column in range(len(rows[0]))]
    lines: list[Line] = []
    for row in rows:
        padded = [
            span._replace(text=f"{span.text:<{width}}" + " " * gaps) for span, width in zip(row, widths, strict=True)
        ]
        lines.append((*padded[:-1], row[-1]))
    return lines


def _cause(failure: Failure) -> str:
    if failure.kind is FailureKind.PERMISSION_DENIED:
        return "no permission"
    said = f"{failure.code}: {failure.detail}" if failure.code and failure.detail else failure.detail or failure.code
    return f"{failure_label(failure)}{f': {said}' if said else ''}"


def replace_uuids(text: str, names: Mapping[str, str]) -> str:
    """A sentence of the server's, with names where it has uuids.

    >>> replace_uuids(f"storage[uuid:{'a1' * 16}] is away", {"a1" * 16: "backup-1"})
    'storage[uuid:backup-1] is away'
    """
    return _UUID.sub(lambda match: names.get(match[0], match[0]), text)


def _age(seconds: float) -> str:
    return "just now" if seconds < 10 else f"{formatting.duration(seconds)} ago"
