"""Regenerate the tables in README.md and in the guide that are made from source: `python -m tests.guide_tables`.

Each table is between the comments `<!-- generated: NAME -->` and `<!-- end generated -->`. A test compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Final

from cdptui.cli.guide import PAGES, page_path, page_summary
from cdptui.config.saved_views import PRESETS
from cdptui.query.event_fields import EVENT_FIELDS
from cdptui.query.fields import FIELDS, SYNTAX_EXAMPLES, QueryField, R
from cdptui.render.columns import COLUMNS, DEFAULT_COLUMNS
from cdptui.render.reason_messages import GLOSSARY
from cdptui.render.storage_list import STORAGE_COLUMNS
from cdptui.tasklist.sort_order import task_order
from cdptui.tui.keymap import KEYS, KeyScope, help_lines

ROOT: Final = Path(__file__).parents[1]

README: Final = ROOT / "README.md"

TEN_KEYS: Final = ("open", "filter", "unhealthy", "sort", "view-1", "tab-next", "refresh", "pause", "help", "quit")
"""Actions of the short table in README.md."""

_PLACE: Final = re.compile(r"<!-- generated: ([\w-]+) -->\n(.*?)<!-- end generated -->", re.DOTALL)


def documents() -> list[Path]:
    """Return README.md and all pages of the guide, in their order."""
    return [README, *(page_path(page) for page in PAGES)]


def generated_names(text: str) -> list[str]:
    """Return the names of the generated tables in a document."""
    return [found[1] for found in _PLACE.finditer(text)]


def with_tables(text: str) -> str:
    """Return the document with its generated tables made again."""
    return _PLACE.sub(
        lambda found: f"<!-- generated: {found[1]} -->\n{TABLES[found[1]]()}\n<!-- end generated -->", text
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _table(*headings: str, rows: Iterable[Iterable[str]]) -> str:
    return "\n".join([_row(*headings), "|" + "---|" * len(headings), *(_row(*row) for row in rows)])


def _code(*names: str) -> str:
    return " ".join(name if name == "…" else f"`{name}`" for name in names)


def _keys() -> str:
    rows: list[tuple[str, str]] = []
    for place in KeyScope:
        rows.append(("", f"**{place.value}**"))
        rows += [(_code(*keys.split()), help_text) for keys, help_text in help_lines(place)]
    return _table("key", "action", rows=rows)


def _ten_keys() -> str:
    helps = [key.help for action in TEN_KEYS for key in KEYS if key.id == action]
    keys_by_help = {help_text: keys for place in KeyScope for keys, help_text in help_lines(place)}
    return _table("key", "action", rows=((_code(*keys_by_help[text].split()), text) for text in helps))


def _filter_syntax() -> str:
    return _table("filter", "shows", rows=((f"`{form}`", meaning) for form, meaning in SYNTAX_EXAMPLES))


def _filter_fields() -> str:
    return _field_table(FIELDS)


def _event_fields() -> str:
    return _field_table(EVENT_FIELDS)


def _field_table(fields: Iterable[QueryField[R]]) -> str:
    rows = (
        (_code(field.name), _code(*field.aliases), field.help, _code(*re.split(r" {3}", field.example)))
        for field in fields
    )
    return _table("field", "short", "meaning", "examples", rows=rows)


def _problems() -> str:
    return _table("problem", "meaning", rows=((_code(kind.value), meaning) for kind, meaning in GLOSSARY.items()))


def _views() -> str:
    rows = (
        (
            _code(str(number)),
            view.name,
            task_order(view.sort).text,
            view.group or "-",
            _code(view.filter) if view.filter else "-",
        )
        for number, view in PRESETS.items()
    )
    return _table("key", "name", "order", "groups", "filter", rows=rows)


def _columns() -> str:
    rows = ((_code(column.key), "yes" if column in DEFAULT_COLUMNS else "no", column.help) for column in COLUMNS)
    return _table("name", "default", "shows", rows=rows)


def _storage_columns() -> str:
    return _table("column", "shows", rows=((column.heading, column.help) for column in STORAGE_COLUMNS))


def _actions() -> str:
    return "\n".join(wrap(_code(*(key.id for key in KEYS)), 118, break_on_hyphens=False))


def _pages() -> str:
    return _table("page", "content", rows=((_code(page), page_summary(page)) for page in PAGES))


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "actions": _actions,
    "columns": _columns,
    "storage-columns": _storage_columns,
    "event-fields": _event_fields,
    "filter-fields": _filter_fields,
    "filter-syntax": _filter_syntax,
    "keys": _keys,
    "pages": _pages,
    "problems": _problems,
    "ten-keys": _ten_keys,
    "views": _views,
}


def main() -> None:
    """Write all documents that have changed."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        if (made := with_tables(text)) != text:
            path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
