"""Columns of the list, and scrolling them."""

from __future__ import annotations

import itertools
import re

import pytest

from cdptui.render.columns import BY_KEY, COLUMNS
from tests.doubles import GIB, a_task
from tests.tui.running import Running, showing

FLEET = [a_task(name, description=f"about {name}", policy_uuid="gold") for name in "abc"]


def heading(run: Running) -> str:
    return run.headings


async def test_column_chooser_shows_and_hides_columns() -> None:
    async with showing(FLEET, size=(120, 40)) as run:
        await run.press("d", "o")
        assert "[x] STATUS" in run.screen
        assert "[ ] POLICY" in run.screen
        down = COLUMNS.index(BY_KEY["policy"]) - COLUMNS.index(BY_KEY["status"])
        await run.press("space", *"j" * down, "space", "enter")
        assert "STATUS" not in heading(run)
        assert "POLICY" in heading(run)


@pytest.mark.parametrize("width", [60, 80])
async def test_long_help_in_the_column_chooser_is_whole_and_stays_beside_the_headings(width: int) -> None:
    async with showing(FLEET, size=(width, 50)) as run:
        await run.press("o")
        lines = [line.partition("│")[2].partition("│")[0].rstrip() for line in run.screen_lines]
        first = next(at for at, line in enumerate(lines) if "[x] PROBLEM" in line)
        column = lines[first].index("Most severe")
        shown = [lines[first], *itertools.takewhile(lambda line: "[" not in line, lines[first + 1 :])]
        assert " ".join(line[column:] for line in shown) == BY_KEY["problem"].help
        assert {line[1:column].strip() for line in shown[1:]} == {""}


async def test_columns_move_and_the_name_stays_first() -> None:
    async with showing(FLEET, size=(160, 40)) as run:
        await run.press("d", "o", "J", "enter")
        assert heading(run).index("PROBLEM") < heading(run).index("STATUS")
        await run.press("o", "K", "K", "shift+up", "k", "space", "J", "enter")
        assert heading(run).split()[1] == "NAME"
        await run.press("o", "shift+down", "r", "enter")
        assert heading(run).index("STATUS") < heading(run).index("PROBLEM") < heading(run).index("STATE")


async def test_cancelled_column_chooser_changes_nothing() -> None:
    async with showing(FLEET) as run:
        await run.press("d")
        before = heading(run)
        await run.press("o", "space", "escape")
        assert heading(run) == before


async def test_w_shows_all_columns_and_scrolls_them_while_the_name_stays() -> None:
    async with showing(FLEET, size=(100, 24)) as run:
        assert "DESCRIPTION" not in run.screen
        await run.press("w")
        assert "›" in heading(run)
        assert "‹" not in heading(run)
        seen = heading(run)
        for _ in range(20):
            await run.press("right")
            assert heading(run)[2:6] == "NAME"
            assert run.list_lines[0][2] == "a"
            run.assert_every_line_fits()
            seen += heading(run)
        for column in ("STORAGE", "POLICY", "VM", "LIMIT", "CREATED", "LAST OP DATE", "UUID", "DESCRIPTION"):
            assert column in seen
        assert "about a" in run.screen
        assert "‹" in heading(run)
        assert "›" not in heading(run)
        assert "No more columns to the right" in run.notice
        for _ in range(20):
            await run.press("left")
        assert "STATUS" in heading(run)
        assert "No more columns to the left" in run.notice
        await run.press("w")
        assert "›" not in heading(run)


async def test_column_scroll_key_names_the_wide_key() -> None:
    async with showing(FLEET) as run:
        await run.press("right")
        assert "w shows all columns" in run.notice


async def test_sort_keys_skip_hidden_columns() -> None:
    async with showing(FLEET, size=(120, 40)) as run:
        await run.press("o", "space", "enter", "greater_than_sign", "greater_than_sign")
        assert "Sorted by problem" in run.notice


def sorted_headings(run: Running) -> list[str]:
    """Return what has an arrow in the line of headings; an empty text for the default order."""
    line = heading(run)
    found = [column.heading for column in COLUMNS if re.search(rf"[ ‹]{column.heading}[▼▲]", line)]
    return [""] * (line[0] in "▼▲") + found


@pytest.mark.parametrize("size", [(40, 8), (60, 20), (80, 24), (120, 40), (200, 50)], ids=str)
async def test_sort_column_and_its_arrow_are_on_screen_in_every_view_and_after_every_sort_key(
    size: tuple[int, int],
) -> None:
    """The walk: all views, in each both sort keys all the way round, with and without pane and wide list."""
    async with showing(FLEET, size=size) as run:

        def assert_order_is_shown() -> None:
            column = run.app._main.browser.tasks.order.column
            assert sorted_headings(run) == ["" if column is None else column.heading], heading(run)
            run.assert_every_line_fits()

        for number in "01234567":
            await run.press(number, *(("escape",) if number in "1245" else ()))
            assert_order_is_shown()
        for mode in ((), ("d",), ("w",), ("right", "right", "right"), ("d",)):
            await run.press(*mode, "0")
            seen = {sorted_headings(run)[0]}
            for key in ("greater_than_sign", "less_than_sign"):
                shown = len(run.table.placed_columns)
                for _ in range(shown + 1):
                    headings = {column.heading for column in run.table.placed_columns}
                    await run.press(key)
                    assert_order_is_shown()
                    seen |= set(sorted_headings(run))
                    assert set(sorted_headings(run)) <= {"", *headings}, "the column was on screen before"
                assert sorted_headings(run) == [""], "round it goes"
            assert len(seen) == shown + 1


async def test_column_chosen_from_the_sort_menu_comes_on_screen() -> None:
    async with showing(FLEET, size=(80, 24)) as run:
        await run.press("s", "end", "enter")
        assert sorted_headings(run) == ["DESCRIPTION"]
        await run.press("6")
        assert sorted_headings(run) == ["GROWTH"]


async def test_problem_is_on_screen_at_every_size_and_says_why() -> None:
    fleet = [a_task("full", used_bytes=100 * GIB), a_task("late", rpo_ms=5_220_000), a_task("empty", resource_refs=())]
    async with showing([*fleet, a_task("well")], size=(200, 50)) as run:
        for size in ((40, 8), (60, 20), (80, 24), (120, 40), (200, 50)):
            await run.resize(*size)
            row = {name: next(line for line in run.list_lines if name in line) for name in ("full", "late", "empty")}
            assert "plan full" in row["full"]
            assert "RPO 8.7×" in row["late"]
            assert "no VM" in row["empty"]
            assert [line[0] for line in run.list_lines[:4]] == ["✖", "!", "!", " "]


async def test_wide_list_at_200_columns_shows_whole_columns_beside_a_short_name() -> None:
    async with showing(FLEET, size=(200, 50)) as run:
        await run.press("d", "w")
        assert run.table.placed_columns[-1].key == "policy"
        assert heading(run).index("STATUS") <= 27
