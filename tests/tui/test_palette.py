"""The command palette: what it lists, and what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandInput, CommandList

from cdptui.config.paths import views_file
from cdptui.config.saved_views import SavedView, SavedViewsFile
from cdptui.render.tabs.registry import TABS
from cdptui.tui.commands import SYNONYMS, TAB_TEXTS
from cdptui.tui.keymap import FOCUS_SCOPES, KEYS
from tests.doubles import a_task
from tests.tui.running import Running, showing

FLEET = [a_task("erp-db"), a_task("erp-web", status="Failed"), a_task("mail")]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SavedViewsFile:
    """A state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return SavedViewsFile(views_file())


async def found(run: Running, query: str) -> list[str]:
    """Enter a query, and return the entries that are listed for it."""
    run.app.screen.query_one(CommandInput).value = query
    await run.finish()
    return entries(run)


def entries(run: Running) -> list[str]:
    return [str(option.prompt) for option in run.app.screen.query_one(CommandList).options]


def test_synonyms_are_those_of_actions_and_tabs_that_exist() -> None:
    assert SYNONYMS.keys() <= {key.id for key in KEYS if key.scope not in FOCUS_SCOPES}
    assert TAB_TEXTS.keys() == {tab.key for tab in TABS}


FOUND_FIRST = {
    "history": "Tab: History",
    "save": "Export (^s)",
    "export": "Export (^s)",
    "csv": "Export (^s)",
    "screenshot": "Export (^s)",
    "quit": "Quit (q ^c)",
    "exit": "Quit (q ^c)",
    "logout": "Quit (q ^c)",
    "vm": "Tab: Resources",
    "virtual machine": "Tab: Resources",
    "snapshots": "Tab: Recovery points",
    "clipboard": "Copy (c)",
    "reload": "Refresh (r)",
    "freeze": "Pause (p)",
    "search": "Filter (/)",
    "problems": "Unhealthy (f)",
    "json": "Tab: Raw",
    "shortcuts": "Help (? F1)",
    "server": "Switch node (x)",
    "colours": "Theme: dark",
    "presets": "Views (v)",
    "view 3": "View 3: RPO over target (3)",
    "growing": "View 6: growing fastest (6)",
    "unhlt": "Unhealthy (f)",
}


async def test_palette_finds_by_synonym() -> None:
    async with showing(FLEET) as run:
        await run.press("ctrl+p")
        first = {query: (await found(run, query) or [""])[0] for query in FOUND_FIRST}
        assert {query: entry.partition("  ")[0] for query, entry in first.items()} == FOUND_FIRST


async def test_palette_shows_views_by_name_without_the_empty_ones(state: SavedViewsFile) -> None:
    state.update(lambda views: views.with_view(8, SavedView(name="[red]x[/] “财务”", filter="[mail")))
    async with showing(FLEET) as run:
        await run.press("ctrl+p")
        views = [entry for entry in entries(run) if entry.startswith("View ")]
        assert views[0].split("  ") == ["View 1: enabled, not running (1)", *[""], " state=Enabled and status!=Running"]
        assert [entry[5] for entry in views] == list("12345678")
        assert views[7].startswith("View 8: [red]x[/] “财务” (8) ")
        assert views[7].endswith(" [mail")
        assert "View 8: [red]x[/] “财务” (8)" in (await found(run, "[red]"))[0]
        await run.press("enter")
        await run.until(lambda: run.names == [])


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_palette_has_one_line_an_entry(size: tuple[int, int], state: SavedViewsFile) -> None:
    state.update(
        lambda views: views.with_view(9, SavedView(name="数据库备份任务全部" * 4, filter="erp and " * 20 + "oa"))
    )
    async with showing(FLEET, size=size) as run:
        await run.press("ctrl+p")
        options = run.app.screen.query_one(CommandList)
        assert options.virtual_size.height == options.option_count == len(entries(run)) > 40
        run.assert_every_line_fits()


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_palette_has_no_emoji(size: tuple[int, int]) -> None:
    async with showing(FLEET, size=size) as run:
        await run.press("ctrl+p")
        assert "Action, view, tab or theme…" in run.screen
        assert "🔎" not in run.screen


async def test_palette_opens_views_and_tabs() -> None:
    async with showing(FLEET) as run:
        await run.press("ctrl+p", *"enabled", "enter")
        await run.until(lambda: run.names == ["erp-web"])
        await run.press("ctrl+p", *"vm", "enter")
        await run.until(lambda: "[VM]" in run.screen)


async def test_palette_lists_the_presets_when_no_view_can_be_read() -> None:
    async with showing(FLEET) as run:
        views_file().parent.mkdir(parents=True)
        views_file().mkdir()
        await run.press("ctrl+p")
        assert "View 1: enabled, not running (1)" in run.screen
