"""Private names of Textual and rich are used in tui/terminal only."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for path in (ROOT / "cdptui" / "tui").rglob("*.py") if "terminal" not in path.relative_to(ROOT).parts
)


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "cdptui")))
def test_private_names_of_textual_and_rich_are_used_in_the_terminal_package_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    assert [*private_imports(tree), *other_private_attributes(tree), *private_attributes_of_bases(module)] == []
