"""Columns of the list, and scrolling them."""

from __future__ import annotations

from cdptui.render.columns import BY_KEY, COLUMNS
from tests.doubles import a_task
from tests.tui.running import Running, showing

FLEET = [a_task(name, description=f"about {name}", policy_uuid="gold") for name in "abc"]


def heading(run: Running) -> str:
    return run.screen_lines[2]


async def test_column_chooser_shows_and_hides_columns() -> None:
    async with showing(FLEET, size=(120, 40)) as run:
        await run.press("d", "o")
        assert "[x] STATUS" in run.screen
        assert "[ ] POLICY" in run.screen
        down = COLUMNS.index(BY_KEY["policy"]) - COLUMNS.index(BY_KEY["status"])
        await run.press("space", *"j" * down, "space", "enter")
        assert "STATUS" not in heading(run)
        assert "POLICY" in heading(run)


async def test_columns_move_and_the_name_stays_first() -> None:
    async with showing(FLEET, size=(160, 40)) as run:
        await run.press("d", "o", "J", "enter")
        assert heading(run).index("STATE") < heading(run).index("STATUS")
        await run.press("o", "K", "K", "shift+up", "k", "space", "J", "enter")
        assert heading(run).split()[1] == "NAME"
        await run.press("o", "shift+down", "r", "enter")
        assert heading(run).index("STATUS") < heading(run).index("STATE") < heading(run).index("USED")


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
            assert run.screen_lines[3][2] == "a"
            run.assert_every_line_fits()
            seen += heading(run)
        for column in ("STORAGE", "POLICY", "VM", "LIMIT", "CREATED", "LAST OP DATE", "UUID", "DESCRIPTION"):
            assert column in seen
        assert "about a" in run.screen
        assert "‹" in heading(run)
        assert "›" not in heading(run)
        assert "No more columns to the right" in run.footer
        for _ in range(20):
            await run.press("left")
        assert "STATUS" in heading(run)
        assert "No more columns to the left" in run.footer
        await run.press("w")
        assert "›" not in heading(run)


async def test_column_scroll_key_names_the_wide_key() -> None:
    async with showing(FLEET) as run:
        await run.press("right")
        assert "w shows all columns" in run.footer


async def test_sort_keys_skip_hidden_columns() -> None:
    async with showing(FLEET, size=(120, 40)) as run:
        await run.press("o", "space", "enter", "greater_than_sign", "greater_than_sign")
        assert "Sorted by state" in run.footer
