"""ASCII replacements of the glyphs."""

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
    """Yield all strings in a module except its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(statement.value)
        for node in ast.walk(tree)
        if hasattr(node, "body") and isinstance(node.body, list)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_every_drawn_glyph_has_an_ascii_replacement() -> None:
    package = Path(cdptui.__file__).parent
    missing = {
        char: str(path.relative_to(package))
        for name in DRAWN_BY
        for path in (package / name).rglob("*.py")
        for text in literals(path)
        for char in text
        if not char.isascii() and char not in ASCII
    }
    assert not missing, "add them to cdptui/render/ascii_fallback.py"


def test_replacement_takes_the_same_cell() -> None:
    assert {cell_len(char) for char in ASCII if char != "🔎"} == {1}
    assert all(glyph.isascii() and glyph.isprintable() and len(glyph) == 1 for glyph in ASCII.values())


def test_status_replacements_are_unique() -> None:
    glyphs = [to_charset(glyph, "ascii", cell_len) for glyph in (*GLYPHS.values(), OTHER_GLYPH)]
    assert len(set(glyphs)) == len(glyphs)


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
def test_character_outside_the_charset_is_one_question_mark_per_cell(text: str, charset: str, shown: str) -> None:
    assert to_charset(text, charset, cell_len) == shown


@given(st.text())
def test_translation_keeps_the_width(text: str) -> None:
    shown = to_charset(sanitize(text), "ascii", get_character_cell_size)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) == sum(map(get_character_cell_size, sanitize(text)))
