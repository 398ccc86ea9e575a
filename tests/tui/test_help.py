"""The help screen is complete at every window size."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from cdptui.query.event_fields import EVENT_FIELDS
from cdptui.query.fields import FIELDS
from cdptui.render.columns import COLUMNS
from cdptui.render.spans import plain_text
from cdptui.tui.keymap import KEYS, KeyBinding, KeyScope
from cdptui.tui.screens.help import HelpLines, help_entries
from tests.doubles import a_task
from tests.tui.running import Running, showing


def page(run: Running) -> HelpLines:
    return run.app.screen.query_one(HelpLines)


def words(run: Running) -> str:
    """Return the text of the help without line breaks."""
    return " ".join(" ".join(plain_text(line) for line in page(run).lines).split())


def assert_whole(run: Running) -> None:
    """Check that no line is wider than the dialog, and that no text is missing."""
    width = page(run).width
    assert [line for line in map(plain_text, page(run).lines) if cell_len(line) > width] == []
    shown = words(run)
    helps = [key.help for key in KEYS if not key.range_label]
    helps += [column.help for column in COLUMNS] + [field.help for field in FIELDS]
    helps += [field.help for field in EVENT_FIELDS]
    assert [text for text in helps if " ".join(text.split()) not in shown] == []


@pytest.mark.parametrize("width", [40, 50, 60, 80, 120, 200])
async def test_help_is_complete_at_every_width(width: int) -> None:
    async with showing([a_task("erp")], size=(width, 24)) as run:
        await run.press("question_mark")
        assert_whole(run)
        run.assert_every_line_fits()
        for _ in range(page(run).max_scroll_y // 10 + 1):
            top = page(run).scroll_offset.y
            lines = [plain_text(line).rstrip() for line in page(run).lines[top : top + page(run).size.height]]
            assert [page(run).render_line(y).text.rstrip() for y in range(len(lines))] == lines
            await run.press("pagedown")
        assert top == page(run).max_scroll_y


async def test_help_is_wider_on_a_large_terminal() -> None:
    async with showing([a_task("erp")], size=(200, 40)) as run:
        await run.press("question_mark")
        assert page(run).outer_size.width == 110


async def test_resized_help_keeps_its_top_entry() -> None:
    async with showing([a_task("erp")], size=(120, 24)) as run:
        await run.press("question_mark")
        top = next(index for index, line in enumerate(page(run).lines) if plain_text(line).startswith("  changed c "))
        page(run).scroll_to(y=top, animate=False)
        await run.resize(60, 24)
        await run.until(lambda: page(run).width < 60)
        assert_whole(run)
        await run.until(lambda: plain_text(page(run).lines[page(run).scroll_offset.y]).startswith("  changed c "))
        await run.resize(120, 24)
        await run.until(lambda: page(run).scroll_offset.y == top)


async def test_help_search_finds_text_across_a_line_break() -> None:
    async with showing([a_task("erp")], size=(60, 24)) as run:
        await run.press("question_mark", "slash", *"state or settings", "enter")
        assert not any("state or settings" in plain_text(line) for line in page(run).lines)
        assert "1 of 1" in run.screen
        assert "status, state or" in run.screen
        await run.press("n")
        assert "1 of 1" in run.screen


@pytest.mark.parametrize("width", [30, 60, 100])
def test_help_lines_with_wide_characters_fit_the_width(width: int) -> None:
    key = KeyBinding(
        "odd", "文,字,ctrl+alt+shift+f12,hiragana_letter_small_tsu", "odd", "odd", "显示备份存储" * 9, KeyScope.LIST
    )
    lines = [plain_text(line) for entry in help_entries([key], [KeyScope.LIST], width) for line in entry]
    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "").count("显示备份存储") == 9


async def test_help_of_the_storages_has_their_keys_first() -> None:
    async with showing([a_task("a")]) as run:
        await run.press("S", "question_mark")
        assert "Help: backup storages" in run.screen
        assert run.screen.index("Filter the task list to the storage") < run.screen.index("Move down one line")
