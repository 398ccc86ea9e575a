"""Private names of Textual and rich are used in tui/terminal only, whose docstring lists them."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cdptui.tui.terminal

ROOT = Path(__file__).parents[2]
TERMINAL = ROOT / "cdptui" / "tui" / "terminal"
FILES = sorted(path for path in (ROOT / "cdptui" / "tui").rglob("*.py") if TERMINAL not in path.parents)

OF_PYTHON = {"_replace"}
"""Names of named tuples, which are public."""


def private_imports(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported from a private module, or by a private name, of Textual and rich."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in {"textual", "rich"}:
            parts = (node.module or "").split(".")
            if any(part.startswith("_") for part in parts):
                yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names if name.name.startswith("_"))


def private_attributes_of_bases(module_name: str) -> Iterator[str]:
    """Yield the attributes that classes of a module use or override, and that a Textual base class has."""
    module = importlib.import_module(module_name)
    for name, cls in vars(module).items():
        if not inspect.isclass(cls) or cls.__module__ != module_name:
            continue
        bases = [base for base in cls.__mro__ if base.__module__.partition(".")[0] == "textual"]
        if not bases:
            continue
        theirs = {word for base in bases for word in re.findall(r"(?:def |self\.)(_[a-z]\w*)", inspect.getsource(base))}
        source = inspect.getsource(cls)
        ours = set(re.findall(r"(?:def |self\.)(_[a-z]\w*)", source))
        yield from (f"{name}.{word}" for word in sorted(ours & theirs))


def other_private_attributes(tree: ast.Module) -> Iterator[str]:
    """Yield private attributes of other objects than the one whose method uses them."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"})
        ):
            yield ast.unparse(node)


def private_names(path: Path) -> set[str]:
    """Return the private names of Textual and rich that a file imports, uses or overrides."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    used = {*private_imports(tree), *other_private_attributes(tree), *private_attributes_of_bases(module)}
    return {name.rpartition(".")[2] for name in used} - OF_PYTHON


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "cdptui")))
def test_private_names_of_textual_and_rich_are_used_in_the_terminal_package_only(path: Path) -> None:
    assert private_names(path) == set()


def test_driver_uses_no_private_names() -> None:
    assert private_names(TERMINAL / "driver.py") == set()


def test_docstring_of_the_terminal_package_lists_the_private_names_that_are_used() -> None:
    listed = set(re.findall(r"`(_\w+)`", cdptui.tui.terminal.__doc__ or ""))
    assert listed == set().union(*map(private_names, TERMINAL.glob("*.py")))
