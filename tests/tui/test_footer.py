"""The footer shows the keys of the place where the user is."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from cdptui.render.spans import plain_text
from cdptui.tui.screens.help import HelpLines, HelpScreen
from cdptui.tui.screens.menus import SortMenu
from cdptui.tui.widgets.filter_bar import FilterInput
from tests.doubles import a_task
from tests.tui.running import Running, showing
from tests.tui.test_sizes import OPENED_BY, opened

FLEET = [a_task("a"), a_task("b", status="Failed"), a_task("c")]
TWICE = {"the list, wide and grouped", "the palette with hits"}
"""Places of `OPENED_BY` without a footer of their own."""

LIST = "/ filter  s sort  f unhealthy  d detail  b group  S storages  v views  c copy  p pause"
FOOTERS = {
    "the list": f"Enter open  {LIST}  r refresh",
    "a filtered list": "Esc clear filter  Enter open  / filter  s sort  f unhealthy  d detail  b group",
    "a saved view": "Esc all tasks  Enter open  / filter  s sort  f unhealthy  d detail  b group",
    "a group": f"Enter fold  Z fold all  {LIST}",
    "the detail pane": "Esc list  Left Right tabs  / search  c copy  Up Down scroll  [ ] size  d hide  r reload",
    "the history": "Esc list  < > time  y scale  Left Right tabs  / search  c copy  Up Down scroll  [ ] size  d hide",
    "the storages": "Enter tasks  Esc list  < > sort  I reverse  / search  r refresh",
    "the filter": "Enter apply  Esc clear  Up Down history",
    "the search in the pane": "Enter find  Esc cancel",
    "the events": "Enter go to task  T look back  Esc close  / filter  c copy  ^s save  Up Down move",
    "the filter of the events": "Enter apply  Esc clear  Up Down history",
    "the sort menu": "Enter sort  Esc close  Up Down move",
    "the columns": "Enter apply  Esc cancel  Space show/hide  J K move  r reset",
    "the views": "Enter open  Esc close  s save  x delete  * startup view",
    "the name of a view": "Enter save as view 8  Esc cancel",
    "the groups": "Enter choose  Esc close  Up Down move",
    "the copies": "Enter choose  Esc close  Up Down move",
    "the files": "Enter choose  Esc close  Up Down move",
    "the help": "/ search  n N next, previous match  Up Down scroll",
    "the search in the help": "Enter find  Esc cancel",
    "the palette": "Enter run  Esc close  Up Down move",
    "the profiles": "Enter log out and switch  Esc close  Up Down move",
    "the password": "Enter log in  Esc cancel",
    "the moment": "Enter go  Esc cancel",
}
PLACES = {**OPENED_BY, "a filtered list": ("f",), "a saved view": ("6",), "a group": ("b", "b", "g")}
ENDS = {
    "the filter": "F1 help  ^c quit",
    "the filter of the events": "F1 help  ^c quit",
    "the help": "Esc ? close  q quit",
    **dict.fromkeys(
        (
            "the search in the pane",
            "the search in the help",
            "the name of a view",
            "the password",
            "the moment",
            "the palette",
        ),
        "^c quit",
    ),
}
"""The keys that are never left out, where they differ from those of the list."""


def test_every_place_has_its_footer() -> None:
    assert FOOTERS.keys() == PLACES.keys() - TWICE
    menus = ("the list", "the detail pane", "the storages", "the sort menu", "the filter", "the help")
    assert all(FOOTERS[one] != FOOTERS[other] for one, other in combinations(menus, 2))


@pytest.mark.parametrize("place", FOOTERS)
async def test_footer_shows_the_keys_of_the_place(place: str) -> None:
    async with showing(FLEET, size=(120, 40)) as run:
        await opened(run, PLACES[place])
        text = run.screen_lines[-1].strip()
        end = ENDS.get(place, "? help  q quit")
        # A notice at the right may hide the last ones.
        keys, _, _ = text.partition(f"  {end}")
        assert f"{keys}  {end}" in text
        assert FOOTERS[place].startswith(keys) or keys.startswith(FOOTERS[place])
        assert len(keys) >= min(20, len(FOOTERS[place]))
        await run.resize(60, 20)
        assert end in run.screen_lines[-1]
        run.assert_every_line_fits()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)
async def test_notice_leaves_the_keys_of_the_footer(size: tuple[int, int]) -> None:
    changed = [a_task("a"), a_task("b"), a_task("c")]
    async with showing(FLEET, changed, changed, size=size) as run:
        before = run.footer
        await run.press("greater_than_sign")
        assert run.title.endswith("━ Sorted by name ━")
        assert run.footer == before
        await run.poll()
        await run.until(lambda: run.rows[1].task.status == "Running")
        assert "Sorted by name" not in run.title, "r is a later answer"
        assert "Refreshing" not in run.notice, "the list is there"
        assert run.title.endswith("━ b: Failed → Running ━")
        assert run.footer == before
        run.assert_every_line_fits()


async def test_notice_that_does_not_fit_is_at_the_end_of_the_footer() -> None:
    async with showing(FLEET, size=(50, 20)) as run:
        await run.press("asterisk", "p")
        assert "Updates paused, polling" in run.footer
        await run.press("p")
        assert run.title.endswith("━ Updates resumed ━")
        assert "Updates" not in run.footer
        assert "3 marked" in run.footer


async def test_news_do_not_replace_the_answer_to_a_key() -> None:
    changed = [a_task("a"), a_task("b"), a_task("c")]
    async with showing(FLEET, changed, size=(120, 40)) as run:
        await run.press("c", "n")
        await run.until(lambda: "Sent name" in run.notice or "Wrote name" in run.notice)
        run.app._main._connection.monitor.refresh()  # type: ignore[union-attr]
        await run.until(lambda: run.rows[1].task.status == "Running")
        assert "Sent name" in run.notice or "Wrote name" in run.notice


async def test_footer_of_the_list_is_back_when_its_menu_is_closed() -> None:
    async with showing(FLEET) as run:
        before = run.screen_lines[-1]
        for keys in (("s", "escape"), ("tab", "tab"), ("slash", "escape"), ("question_mark", "question_mark")):
            await run.press(*keys)
            assert run.screen_lines[-1] == before


async def test_help_opens_over_a_menu_and_closes_to_it() -> None:
    async with showing(FLEET) as run:
        await run.press("s", "question_mark")
        assert isinstance(run.app.screen, HelpScreen)
        await run.press("f1")
        assert isinstance(run.app.screen, SortMenu)


async def test_notice_of_a_change_leaves_the_keys_at_60_columns() -> None:
    changed = [a_task("a"), a_task("cdp-search-node"), a_task("c")]
    fleet = [a_task("a"), a_task("cdp-search-node", status="DataMerging"), a_task("c")]
    async with showing(fleet, changed, size=(60, 20)) as run:
        before = run.footer
        await run.poll()
        await run.until(lambda: "cdp-search-node: DataMerging → Running" in run.title)
        assert run.footer == before
        run.assert_every_line_fits()


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_hint_of_the_filter_is_whole_and_help_begins_with_the_filter(columns: int) -> None:
    async with showing(FLEET, size=(columns, 24)) as run:
        await run.press("slash")
        assert re.search(r"  Text, or .*used>80%.*; F1 lists all fields *$", run.screen, re.MULTILINE)
        await run.press("f1")
        assert "Help: filter" in run.screen
        lines = [plain_text(line) for line in run.app.screen.query_one(HelpLines).lines]
        assert lines[0] == "Filter"
        assert lines.count("Filter") == 1


async def test_help_opens_from_the_filter_and_returns_to_it() -> None:
    async with showing(FLEET) as run:
        await run.press("slash")
        assert "F1 lists all fields" in run.screen, "? would be typed"
        await run.press("a", "f1")
        assert isinstance(run.app.screen, HelpScreen)
        await run.press("escape", "b")
        assert isinstance(run.app.focused, FilterInput)
        assert run.app.focused.value == "ab"


async def test_fold_is_offered_on_groups_only() -> None:
    async with showing(FLEET) as run:
        await run.press("b", "b", "g")
        await run.until(lambda: "Enter fold" in run.footer)
        await run.press("j")
        await run.until(lambda: "Enter open" in run.footer)


async def _typing(run: Running) -> str:
    await run.press("tab", "slash")
    return run.footer


async def test_search_that_is_typed_has_its_own_keys_until_it_is_entered() -> None:
    async with showing(FLEET) as run:
        assert "Enter find" in await _typing(run)
        await run.press("x", "enter")
        assert "Esc list" in run.footer
