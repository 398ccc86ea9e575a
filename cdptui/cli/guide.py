"""`cdptui guide`: the manual, page by page."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from cdptui.cli.diagnostics import CommandError, ExitCode
from cdptui.cli.guide_text import format_page
from cdptui.cli.options import Command
from cdptui.cli.output import print_line, show_in_pager

PAGES: Final = (
    "connecting",
    "tabs-and-problems",
    "keys",
    "filters",
    "configuration",
    "recording",
    "time-machine",
    "files-and-exit-codes",
    "when-things-fail",
    "terminals",
    "performance",
    "development",
    "changelog",
)
"""The pages in reading order."""

_PACKAGE: Final = Path(__file__).parents[1]
_MAX_WIDTH: Final = 100
"""Cells of a line of text; longer lines are hard to read."""


def page_path(page: str) -> Path:
    """Return the Markdown file of a page."""
    return _PACKAGE / "CHANGELOG.md" if page == "changelog" else _PACKAGE / "guide" / f"{page}.md"


def page_summary(page: str) -> str:
    """Return the first paragraph below the title of a page, which is one line."""
    return page_path(page).read_text(encoding="utf-8").split("\n\n", 2)[1]


@click.command(cls=Command, short_help="Show a page of the manual, or list all pages.")
@click.argument("page", required=False)
def guide(page: str | None) -> None:
    """Show PAGE of the manual in $PAGER, or list all pages."""
    if page is None:
        _list_pages()
        return
    if page not in PAGES:
        from cdptui.config.validation import did_you_mean

        message = f"no such page '{page}'{did_you_mean(page, PAGES)} (cdptui guide lists all pages)"
        raise CommandError(message, ExitCode.USAGE)
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    show_in_pager(format_page(page_path(page).read_text(encoding="utf-8"), width))


def _list_pages() -> None:
    width = max(map(len, PAGES))
    for page in PAGES:
        print_line(f"{page:<{width}}  {page_summary(page)}")
