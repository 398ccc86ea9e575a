"""The list of backup storages, the groups by storage, and the way from a storage to its tasks."""

from __future__ import annotations

import pytest

from cdptui.api.errors import PermissionDenied
from cdptui.models.aggregates import GroupSummary
from cdptui.models.inventory import BackupStorage
from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.storages_view import StorageTable
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import Running, running

STORAGES = (
    BackupStorage(
        uuid="s-1", name="east", state="Enabled", status="Connected", total_bytes=900 * GIB, available_bytes=400 * GIB
    ),
    BackupStorage(
        uuid="s-2",
        name="wenzhou",
        state="Enabled",
        status="Disconnected",
        total_bytes=900 * GIB,
        available_bytes=100 * GIB,
    ),
)


def a_node() -> ScriptedNode:
    node = ScriptedNode(
        [
            a_task("a", backup_storage_uuid="s-1"),
            a_task("b", backup_storage_uuid="s-2"),
            a_task("c", backup_storage_uuid="s-1"),
            a_task("d", backup_storage_uuid="s-1", status="Failed"),
        ]
    )
    node.known_storages = STORAGES
    return node


def storage_table(run: Running) -> StorageTable:
    return run.app.screen_stack[0].query_one(StorageTable)


def storage_names(run: Running) -> list[str]:
    return [storage.uuid for storage in storage_table(run)._storages]


def cursor_name(run: Running) -> str:
    storage = storage_table(run).cursor_storage
    assert storage is not None
    return storage.uuid


async def opened(run: Running) -> None:
    await run.until(lambda: run.rows)
    await run.press("S")
    await run.until(lambda: "● Connected" in run.screen)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 50)])
async def test_storages_are_shown_worst_first_with_all_figures_at_every_size(size: tuple[int, int]) -> None:
    async with running(a_node(), size=size) as run:
        await opened(run)
        assert storage_names(run) == ["s-2", "s-1"]
        assert "Storages 2 · worst first" in run.screen
        for text in ("wenzhou", "✖ Disconnected", "900 GiB", "100 GiB", "88%"):
            assert text in run.screen, text
        assert "Enter tasks" in " ".join(run.footer.split())
        run.assert_every_line_fits()
        await run.press("escape")
        assert run.table.has_focus
        assert run.names
        assert "Storages" not in run.title


async def test_enter_filters_the_list_to_the_storage() -> None:
    async with running(a_node()) as run:
        await opened(run)
        await run.press("j", "enter")
        await run.until(lambda: run.names == ["d", "a", "c"])
        assert run.table.has_focus
        assert "bs=east" in run.title
        await run.press("escape")
        await run.until(lambda: len(run.names) == 4)


async def test_storages_of_one_name_are_filtered_by_uuid() -> None:
    node = a_node()
    node.known_storages = tuple(BackupStorage(uuid=storage.uuid, name="same") for storage in STORAGES)
    async with running(node) as run:
        await run.until(lambda: run.rows)
        await run.press("S")
        await run.until(lambda: "same" in run.screen)
        await run.press("s", "enter")
        await run.until(lambda: len(run.names) in {1, 3})
        assert "bs=s-" in run.title


async def test_tasks_without_a_storage_have_a_line_that_filters_to_them() -> None:
    node = a_node()
    node.answers = [[a_task("a", backup_storage_uuid="s-1"), a_task("lost")]]
    async with running(node) as run:
        await opened(run)
        assert "no storage reported" in run.screen
        while cursor_name(run):
            await run.press("j")
        await run.press("enter")
        await run.until(lambda: run.names == ["lost"])


async def test_list_of_storages_follows_the_polls_and_the_cursor_stays_on_its_storage() -> None:
    node = a_node()
    node.answers.append([a_task("b", backup_storage_uuid="s-2"), a_task("e", backup_storage_uuid="s-3")])
    async with running(node) as run:
        await opened(run)
        await run.press("j")
        assert cursor_name(run) == "s-1"
        await run.poll()
        await run.until(lambda: "? not listed" in run.screen)
        assert storage_names(run) == ["s-2", "s-3", "s-1"]
        assert cursor_name(run) == "s-1"
        assert "1 storage has tasks, but is not listed" in run.screen
        await run.press("g")
        assert cursor_name(run) == "s-2"


async def test_sorting_by_columns_and_reversing() -> None:
    async with running(a_node()) as run:
        await opened(run)
        await run.press("greater_than_sign")
        assert storage_names(run) == ["s-1", "s-2"]
        assert "STORAGE▲" in run.screen
        await run.press("I")
        assert storage_names(run) == ["s-2", "s-1"]
        await run.press("less_than_sign")
        assert "worst first" in run.screen
        await run.click(StorageTable, offset=(run.screen_lines[3].index("TASKS"), 1))
        assert "TASKS▼" in run.screen
        assert storage_names(run) == ["s-1", "s-2"]


async def test_account_without_access_to_storages_sees_why_and_no_zero() -> None:
    node = a_node()
    node.known_storages = PermissionDenied("is denied by default", url="http://node/x", code="SYS.1006")
    async with running(node) as run:
        await run.until(lambda: run.rows)
        await run.press("S")
        await run.until(lambda: "no permission" in run.screen)
        line = next(line for line in run.screen_lines if "s-1" in line)
        assert "not known" in line
        assert "0 B" not in line


async def test_storages_before_the_first_poll_and_without_any_storage() -> None:
    node = ScriptedNode([])
    node.gate.clear()
    async with running(node) as run:
        await run.press("S")
        await run.until(lambda: "Waiting for the first list of tasks" in run.screen)
        node.gate.set()
        await run.until(lambda: "No backup storages on this node" in run.screen)
        await run.press("j", "enter", "G", "I", "escape")
        assert run.table.has_focus


async def test_resizing_while_the_storages_are_open_lays_out_both_lists() -> None:
    async with running(a_node(), size=(200, 50)) as run:
        await opened(run)
        await run.press("j")
        for width, height in ((60, 20), (120, 40), (44, 10)):
            await run.resize(width, height)
            assert cursor_name(run) == "s-1"
            run.assert_every_line_fits()
        await run.press("S")
        assert len(run.names) == 4
        run.assert_every_line_fits()


async def test_search_moves_the_cursor_to_the_match() -> None:
    async with running(a_node()) as run:
        await opened(run)
        await run.press("slash", *"east", "enter")
        assert cursor_name(run) == "s-1"
        await run.press("escape")
        assert run.app.focused is storage_table(run), "Escape ends the search first"


async def test_list_of_storages_is_loaded_again_while_it_is_open() -> None:
    node = a_node()
    async with running(node) as run:
        await opened(run)
        asked = node.asked.count("storages")
        await run.press("r")
        await run.until(lambda: node.asked.count("storages") > asked)


async def test_group_by_storage_shows_the_problem_and_the_figures_of_the_storage() -> None:
    async with running(a_node(), size=(400, 30)) as run:
        await run.until(lambda: run.rows)
        await run.press("w", "b", "b")
        await run.until(lambda: "disconnected" in run.screen)
        await run.press("g")
        assert isinstance(run.table.cursor_line, GroupSummary)
        await run.until(lambda: "✖ Disconnected" in run.text_of(DetailPane) or "● Connected" in run.text_of(DetailPane))
        assert "spare" in run.text_of(DetailPane)


async def storage_tab(run: Running) -> None:
    """Open the Storage tab of the first task, with the focus."""
    await run.until(lambda: run.rows)
    await run.press(*["full_stop"] * 4, "enter")
    await run.until(lambda: "other task" in run.text_of(DetailPane))


async def test_key_goes_to_another_task_of_the_storage() -> None:
    async with running(a_node()) as run:
        await storage_tab(run)
        assert run.cursor == "uuid-of-d"
        await run.press("J", "J", "K")
        assert run.detail.selected_uuid == "uuid-of-a"
        await run.press("J", "enter")
        await run.until(lambda: run.cursor == "uuid-of-c")
        assert run.detail.has_focus
        assert run.detail.selected_uuid is None


async def test_enter_without_a_selected_task_returns_to_the_list() -> None:
    async with running(a_node()) as run:
        await storage_tab(run)
        await run.press("enter")
        assert run.table.has_focus


async def test_filter_that_hides_the_task_is_cleared_and_said() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("f")
        await run.until(lambda: run.names == ["d"])
        await storage_tab(run)
        await run.press("J", "enter")
        await run.until(lambda: run.cursor == "uuid-of-a")
        assert "Filter cleared to show a" in run.notice
        assert len(run.names) == 4


async def test_folded_group_is_unfolded_for_the_task() -> None:
    async with running(a_node()) as run:
        await storage_tab(run)
        await run.press("J", "escape", "b", "s", "Z", "z")
        assert run.cursor is None
        await run.press("j", "enter", "j", "tab", "J", "enter")
        await run.until(lambda: run.cursor is not None)


async def test_click_goes_to_another_task_of_the_storage() -> None:
    async with running(a_node()) as run:
        await storage_tab(run)
        y = next(y for y, line in enumerate(run.screen_lines) if line.rstrip().endswith(" c"))
        await run.click(offset=(run.detail.region.x + 4, y))
        await run.until(lambda: run.cursor == "uuid-of-c")


async def test_palette_offers_no_command_of_the_hidden_list() -> None:
    async with running(a_node()) as run:
        await opened(run)
        assert not run.app._main.browser.display
        await run.press("ctrl+p", *"unhealthy")
        assert "Toggle unhealthy only" not in run.screen
