"""Text that Textual would read as markup is a constant, or is given as Content: a bracket in it ended the program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "cdptui" / "tui").rglob("*.py"))

MARKUP_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}
MARKUP_WIDGETS = {"Static", "Label", "OptionList", "SelectionList", "Button", "Checkbox"}


def is_plain(value: ast.expr) -> bool:
    """Whether a value is no text from elsewhere: a constant, or Content, which is not parsed."""
    match value:
        case ast.Constant():
            return True
        case ast.IfExp(body=body, orelse=other):
            return is_plain(body) and is_plain(other)
        case ast.Call(func=ast.Name(id="Content")):
            return True
    return False


def read_as_markup(tree: ast.Module) -> Iterator[str]:
    """Yield the statements in which a text from elsewhere would be parsed as markup."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in MARKUP_ATTRIBUTES:
                if not is_plain(value):
                    yield ast.unparse(node)
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in MARKUP_WIDGETS:
                options = {each.arg: ast.unparse(each.value) for each in node.keywords}
                if options.get("markup") != "False" and not is_plain(first):
                    yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="OptionList")):
                options = {each.arg: ast.unparse(each.value) for each in node.keywords}
                if options.get("markup") != "False":
                    yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="from_markup" | "notify")):
                yield ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "cdptui")))
def test_text_from_elsewhere_is_not_read_as_markup(path: Path) -> None:
    assert list(read_as_markup(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "box.border_title = title",
        "Static(reason)",
        "OptionList(id='menu')",
        "Content.from_markup(name)",
        "app.notify(name)",
    ],
)
def test_text_that_is_read_as_markup_is_found(code: str) -> None:
    assert list(read_as_markup(ast.parse(code)))
