"""Format a Markdown page of the guide as plain text for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

_COMMENT: Final = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_CELL: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"\|(?:-+\|)+")
_UNDERLINES: Final = {"# ": "=", "## ": "-", "### ": ""}
_INDENT: Final = "    "
_GAP: Final = 2


def format_page(markdown: str, width: int) -> str:
    r"""Return `markdown` as plain text with lines of at most `width` cells; code and long words may be wider.

    Knows what the pages use: headings, paragraphs, lists of one level, code blocks and tables. Comments are left out.

    >>> print(format_page("# Keys\n\nPress **one** of\nthese:\n\n- `a`\n- `b`\n", 40))
    Keys
    ====
    <BLANKLINE>
    Press one of these:
    <BLANKLINE>
    - `a`
    - `b`
    """
    blocks = (_format_block(block, width) for block in _split_blocks(_COMMENT.sub("", markdown)))
    return "\n\n".join("\n".join(lines) for lines in blocks)


def _split_blocks(text: str) -> Iterator[list[str]]:
    """Yield the lines of each block; a code block may have empty lines in it."""
    for index, part in enumerate(re.split(r"^```.*\n", text, flags=re.MULTILINE)):
        if index % 2:
            yield ["```", *part.splitlines()]
            continue
        for is_text, lines in groupby(part.splitlines(), key=lambda line: bool(line.strip())):
            if is_text:
                yield list(lines)


def _format_block(lines: list[str], width: int) -> list[str]:
    first = lines[0]
    if first == "```":
        return [f"{_INDENT}{line}".rstrip() for line in lines[1:]]
    for mark, underline in _UNDERLINES.items():
        if first.startswith(mark):
            title = _plain(first.removeprefix(mark))
            return [title, underline * len(title)] if underline else [title]
    if first.startswith("|"):
        return _format_table(lines, width)
    if first.startswith("- "):
        items = re.split(r"^- ", "\n".join(lines), flags=re.MULTILINE)[1:]
        return [line for item in items for line in _wrap(_plain(item), width, "- ", "  ")]
    return _wrap(_plain("\n".join(lines)), width)


def _plain(text: str) -> str:
    return _LINK.sub(_link_text, _BOLD.sub(r"\1", text))


def _link_text(found: re.Match[str]) -> str:
    name, target = found.groups()
    return f"{name} ({target})" if "://" in target else name


def _wrap(text: str, width: int, first: str = "", other: str = "") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _format_table(lines: list[str], width: int) -> list[str]:
    """Format a table in columns, the last one wrapped; if they are too wide, each row as a list of its cells.

    A row of two cells of which the first is empty is a heading.
    """
    headings, *rows = [_cells(line) for line in lines if not _RULE.fullmatch(line)]
    all_rows = [headings, *rows] if any(headings) else rows
    widths = [max(len(row[column]) for row in all_rows) for column in range(len(headings))]
    before_last = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    if before_last + min(widths[-1], width // 3) > width:
        return _stacked(headings, rows, width)
    lined: list[str] = []
    for row in all_rows:
        if len(row) == 2 and not row[0]:
            lined += ["", row[1]]
            continue
        start = "".join(f"{cell:<{size + _GAP}}" for cell, size in zip(row[:-1], widths[:-1], strict=True))
        lined += _wrap(row[-1], width, start, " " * before_last) or [start]
    return [line.rstrip() for line in lined]


def _stacked(headings: list[str], rows: list[list[str]], width: int) -> list[str]:
    lines: list[str] = []
    for row in rows:
        title, *others = [(heading, cell) for heading, cell in zip(headings, row, strict=True) if cell]
        lines += _wrap(title[1] if row[0] else f"{title[0]}: {title[1]}", width)
        for heading, cell in others:
            lines += _wrap(f"{heading}: {cell}" if len(headings) > 2 else cell, width, _INDENT, _INDENT + "  ")
    return lines


def _cells(line: str) -> list[str]:
    return [_plain(cell.strip().replace("\\|", "|")) for cell in _CELL.split(line.strip())[1:-1]]
