"""What a terminal of plain characters shows instead of ours."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

import cdptui
from cdptui.models.sanitize import sanitize
from cdptui.render.ascii_fallback import ASCII, to_charset
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH

DRAWN_BY = ("render", "tui")


def literals(path: Path) -> Iterator[str]:
    """All texts in a module but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(statement.value)
        for node in ast.walk(tree)
        if hasattr(node, "body") and isinstance(node.body, list)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_every_glyph_that_we_draw_has_a_plain_one() -> None:
    package = Path(cdptui.__file__).parent
    missing = {
        char: str(path.relative_to(package))
        for room in DRAWN_BY
        for path in (package / room).rglob("*.py")
        for text in literals(path)
        for char in text
        if not char.isascii() and char not in ASCII
    }
    assert not missing, "add them to cdptui/render/ascii_fallback.py"


def test_a_plain_glyph_takes_the_cell_of_ours() -> None:
    assert {cell_len(char) for char in ASCII if char != "🔎"} == {1}
    assert all(plain.isascii() and plain.isprintable() and len(plain) == 1 for plain in ASCII.values())


def test_no_two_statuses_look_alike() -> None:
    signs = [to_charset(glyph, "ascii", cell_len) for glyph in (*GLYPHS.values(), OTHER_GLYPH)]
    assert len(set(signs)) == len(signs)


@pytest.mark.parametrize(
    ("text", "charset", "shown"),
    [
        ("● Running", "ascii", "* Running"),
        ("财务-é", "ascii", "????-?"),
        ("财务-é", "iso8859-1", "????-é"),
        ("e\N{COMBINING ACUTE ACCENT}x", "ascii", "ex"),
        ("\x9b31m", "iso8859-1", "31m"),
        ("●", "no-such-encoding", "*"),
        ("é", "no-such-encoding", "?"),
    ],
)
def test_what_cannot_be_shown_is_a_question_mark_a_cell(text: str, charset: str, shown: str) -> None:
    assert to_charset(text, charset, cell_len) == shown


@given(st.text())
def test_nothing_moves_by_it(text: str) -> None:
    shown = to_charset(sanitize(text), "ascii", get_character_cell_size)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) == sum(map(get_character_cell_size, sanitize(text)))
