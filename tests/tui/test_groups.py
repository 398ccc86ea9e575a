"""Grouping: order, folding and the cursor."""

from __future__ import annotations

import pytest

from cdptui.models.aggregates import GroupSummary
from cdptui.tui.widgets.detail_pane import DetailPane
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import Running, running, showing

FLEET = [
    a_task("a", backup_storage_uuid="s-1"),
    a_task("b", backup_storage_uuid="s-2", status="Failed"),
    a_task("c", backup_storage_uuid="s-1"),
    a_task("d", backup_storage_uuid="s-2"),
]


def lines(run: Running) -> list[str]:
    return [line.key if isinstance(line, GroupSummary) else line.task.name for line in run.table.visible_lines()]


def on(run: Running) -> str:
    line = run.table.cursor_line
    return line.key if isinstance(line, GroupSummary) else line.task.name if line is not None else ""


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("b", ["s-2", "b", "d", "s-1", "a", "c"]),
        ("p", ["", "b", "a", "c", "d"]),
        ("s", ["Failed", "b", "Running", "a", "c", "d"]),
        ("t", ["Enabled", "b", "a", "c", "d"]),
        ("r", ["failed", "b", "", "a", "c", "d"]),
        ("n", ["b", "a", "c", "d"]),
    ],
)
async def test_group_menu_letters_select_the_grouping(letter: str, expected: list[str]) -> None:
    async with showing(FLEET) as run:
        await run.press("b", letter)
        await run.until(lambda: lines(run) == expected)


async def test_j_and_k_move_in_a_menu_without_these_letters() -> None:
    async with showing(FLEET) as run:
        await run.press("b", "j", "j", "k", "enter")
        await run.until(lambda: lines(run) == ["s-2", "b", "d", "s-1", "a", "c"])


async def test_group_row_shows_the_totals_of_its_tasks() -> None:
    async with showing(FLEET, size=(160, 40)) as run:
        await run.press("d", "b", "b")
        await run.until(lambda: "No groups" not in run.notice and "Grouped by storage" in run.notice)
        row = next(line for line in run.screen_lines if "s-2" in line)
        assert row.startswith("▾ s-2")
        assert "✖ 1 of 2" in row
        assert "80 GiB" in row
        assert "200 GiB" in row


async def test_cursor_stays_on_its_task_through_grouping_folding_and_polls() -> None:
    after = [*FLEET[:2], a_task("c", backup_storage_uuid="s-1", status="Failed"), FLEET[3]]
    async with showing(FLEET, after) as run:
        await run.press("j", "j")
        assert on(run) == "c"
        await run.press("b", "b")
        assert on(run) == "c"
        await run.press("k", "k", "k", "k", "k")
        assert on(run) == "s-2"
        await run.press("z")
        await run.until(lambda: lines(run) == ["s-2", "s-1", "a", "c"])
        assert on(run) == "s-2", "the cursor must stay on the group"
        await run.press("j", "j", "j")
        assert on(run) == "c"
        await run.poll()
        await run.until(lambda: lines(run) == ["s-1", "c", "a", "s-2"])
        assert on(run) == "c"


async def test_folding_moves_the_cursor_to_the_group_and_unfolding_keeps_it() -> None:
    async with showing(FLEET) as run:
        await run.press("b", "b", "j")
        await run.press("z")
        assert on(run) == "s-2"
        assert lines(run) == ["s-2", "s-1", "a", "c"]
        assert "▸ s-2" in run.screen
        await run.press("enter")
        assert on(run) == "s-2"
        assert lines(run) == ["s-2", "b", "d", "s-1", "a", "c"]


async def test_cursor_follows_its_task_into_a_folded_group() -> None:
    after = [a_task("a", status="Failed"), a_task("b", status="Failed")]
    async with showing([a_task("a"), a_task("b", status="Failed")], after) as run:
        await run.press("b", "s", "g", "z", "j", "j")
        assert on(run) == "a"
        await run.poll()
        await run.until(lambda: lines(run) == ["Failed"])
        assert on(run) == "Failed"


async def test_group_without_tasks_is_removed() -> None:
    async with showing(FLEET, FLEET[:1], []) as run:
        await run.press("b", "b", "g")
        assert on(run) == "s-2"
        await run.poll()
        await run.until(lambda: lines(run) == ["s-1", "a"])
        await run.poll()
        await run.until(lambda: not lines(run))
        assert run.cursor is None


async def test_all_groups_can_be_folded_and_unfolded() -> None:
    async with showing(FLEET) as run:
        await run.press("b", "b", "Z")
        assert lines(run) == ["s-2", "s-1"]
        await run.press("Z")
        assert len(lines(run)) == 6


async def test_groups_survive_another_order() -> None:
    async with showing(FLEET) as run:
        await run.press("b", "b", "greater_than_sign", "I")
        assert lines(run) == ["s-2", "d", "b", "s-1", "c", "a"]
        await run.press("s", "home", "enter")
        assert lines(run)[0] == "s-2"


@pytest.mark.parametrize("key", ["z", "Z"])
async def test_fold_key_without_groups_names_the_group_key(key: str) -> None:
    async with showing(FLEET) as run:
        await run.press(key)
        assert "b groups it" in run.notice


async def test_groups_are_ordered_by_name_when_names_are_known() -> None:
    node = ScriptedNode(FLEET)
    node.known_names = {"s-1": "backup-server-1", "vm-of-a": "vm"}
    async with running(node) as run:
        await run.until(lambda: run.rows)
        await run.press("b", "b", "Z")
        await run.until(lambda: "backup-server-1" in run.screen)


async def test_every_line_fits_in_groups_on_any_screen() -> None:
    tasks = [a_task(name, status=name, backup_storage_uuid=name) for name in ("财务系统" * 9, "x" * 99, "", "🔥 fire")]
    async with showing(tasks, size=(80, 24)) as run:
        for letter in "bst":
            await run.press("b", letter, "j", "j", "w", "right", "w")
            run.assert_every_line_fits()
        for size in ((40, 10), (20, 5), (1, 1), (200, 50)):
            await run.resize(*size)
            await run.press("z", "j", "Z", "k")


async def test_placeholder_of_the_empty_list_is_removed() -> None:
    async with showing(FLEET) as run:
        await run.until(lambda: "connecting to" not in run.screen)


async def test_detail_pane_shows_the_totals_of_the_group() -> None:
    async with showing(FLEET, [*FLEET[:3], a_task("d", backup_storage_uuid="s-2", status="Failed")]) as run:
        await run.press("b", "b", "g")
        await run.until(lambda: "1 of 2 unhealthy" in run.text_of(DetailPane))
        assert "80 GiB of 200 GiB planned" in run.text_of(DetailPane)
        await run.poll()
        await run.until(lambda: "2 of 2 unhealthy" in run.text_of(DetailPane))
        await run.press("j")
        await run.until(lambda: "Failed · Enabled" in run.text_of(DetailPane))
