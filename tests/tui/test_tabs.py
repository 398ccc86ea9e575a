"""The tabs of the detail pane."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from textual.command import CommandPalette

from cdptui.api.errors import PermissionDenied, Unreachable
from cdptui.models.inventory import BackupStorage, Policy, VmInstance
from cdptui.models.task import ResourceRef
from cdptui.render.spans import plain_text
from cdptui.render.tabs.registry import OVERVIEW, TABS
from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.scrollable_lines import ScrollableLines
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import Running, running, showing

DENIED = PermissionDenied("is denied by default", url="http://node/x", code="SYS.1006")


def a_node() -> ScriptedNode:
    node = ScriptedNode([a_task(name, policy_uuid="p-1", backup_storage_uuid="bs-1") for name in ("a", "b", "c")])
    node.known_storages = (BackupStorage(uuid="bs-1", name="backup-server-1", status="Connected"),)
    node.known_policies = (Policy(uuid="p-1", name="gold", interval_s=3),)
    node.known_machines = {f"vm-of-{name}": VmInstance(uuid=f"vm-of-{name}", state="Running") for name in "abc"}
    return node


def tab_of(run: Running) -> str:
    """Return the title of the current tab."""
    return plain_text(run.detail.head[0]).partition("[")[2].partition("]")[0]


async def test_dot_and_comma_switch_tabs_from_the_list() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.detail.head)
        seen = []
        for _ in range(8):
            seen.append(tab_of(run))
            await run.press("full_stop")
        assert seen == ["Task", "History", "VM", "Policy", "Store", "Points", "Raw", "Why"]
        assert tab_of(run) == "Task"
        await run.press("comma")
        assert tab_of(run) == "Why"
        assert run.table.has_focus


async def test_arrows_and_letters_switch_tabs_in_the_focused_pane() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("enter", "right", "l", "l")
        assert tab_of(run) == "Policy"
        await run.press("left", "h", "h")
        assert tab_of(run) == "Task"


async def test_click_on_a_tab_title_selects_the_tab() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.detail.head)
        x = plain_text(run.detail.head[0]).index("Store")
        # Border and padding are at the left of the titles, the border with the title of the pane is above.
        await run.click(DetailPane, offset=(x + 2, 1))
        await run.until(lambda: tab_of(run) == "Store")


async def test_tab_keys_open_a_hidden_pane() -> None:
    async with running(a_node(), size=(80, 24)) as run:
        await run.until(lambda: run.rows)
        assert not run.detail.display
        await run.press("full_stop")
        assert run.detail.display
        assert tab_of(run) == "History"


async def test_every_tab_shows_the_inventory() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        for words in (
            "Nothing is recorded",
            "● Running",
            "gold",
            "backup-server-1",
            "nothing can be",
            "used_bytes",
            "No problems found",
        ):
            await run.press("full_stop")
            await run.until(lambda words=words: words in run.text_of(DetailPane))  # type: ignore[misc]  # bound now


async def test_failed_request_is_shown_in_its_tab_only() -> None:
    node = a_node()
    node.known_storages = node.known_policies = node.known_machines = node.known_points = DENIED
    node.known_names = DENIED
    async with running(node) as run:
        await run.until(lambda: run.rows)
        await run.press("full_stop")
        for tab in ("VM", "Policy", "Store", "Points"):
            await run.press("full_stop")
            assert tab_of(run) == tab
            await run.until(lambda: "no permission" in run.text_of(DetailPane))
        await run.poll()
        assert run.banner == ""


async def test_recovery_points_are_requested_only_where_the_cursor_stays() -> None:
    node = a_node()
    async with running(node) as run:
        await run.until(lambda: run.rows)
        await run.press("comma", "comma", "comma")
        assert tab_of(run) == "Points"
        await run.until(lambda: "points vm-of-a" in node.asked)
        await run.press("j", "j")
        await run.until(lambda: "points vm-of-c" in node.asked)
        assert "points vm-of-b" not in node.asked


async def test_refresh_reloads_the_current_tab() -> None:
    node = a_node()
    async with running(node) as run:
        await run.until(lambda: run.rows)
        await run.press("full_stop", "full_stop")
        await run.until(lambda: node.asked.count("machine vm-of-a") == 1)
        await run.press("r")
        await run.until(lambda: node.asked.count("machine vm-of-a") == 2)


async def test_idle_list_sends_no_inventory_requests() -> None:
    node = a_node()
    async with running(node) as run:
        await run.until(lambda: "policies" in node.asked)
        asked = list(node.asked)
        for _ in range(3):
            await run.tick()
        assert node.asked == asked


async def test_overview_shows_the_first_problem_and_why_tab_the_count() -> None:
    async with showing([a_task("late", rpo_ms=700_000, resource_refs=())]) as run:
        await run.until(lambda: run.detail.head)
        assert plain_text(run.detail.head[0]).endswith("Why 2")
        await run.press("comma")
        text = run.text_of(DetailPane)
        assert "11m40s old" in text
        assert "Attach a VM" in text


async def test_other_task_on_the_same_vm_is_named() -> None:
    same = (ResourceRef("vm-1", "VmInstanceVO"),)
    async with showing([a_task("one", resource_refs=same), a_task("two", resource_refs=same)]) as run:
        await run.until(lambda: "Task two protects the same VM" in run.text_of(DetailPane))


async def test_no_inventory_requests_while_polls_fail() -> None:
    node = a_node()
    node.answers.append(Unreachable("down", url="http://node"))
    async with running(node) as run:
        await run.until(lambda: "policies" in node.asked)
        await run.poll()
        await run.until(lambda: run.banner)
        asked = list(node.asked)
        await run.press(*["full_stop"] * 5)
        for _ in range(3):
            await run.tick()
        assert node.asked == asked


async def test_pane_search_finds_text_and_n_goes_to_the_next_match() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("comma", "enter", "slash", *"checked")
        assert "/checked▏  1 of 1" in run.screen
        await run.press("enter", "n", "N")
        assert "/checked  1 of 1" in run.screen
        assert tab_of(run) == "Why"
        await run.press("escape")
        assert "/checked" not in run.screen
        assert run.detail.has_focus
        await run.press("escape")
        assert run.table.has_focus


async def test_search_scrolls_to_a_hidden_match() -> None:
    async with running(a_node(), size=(80, 24)) as run:
        await run.until(lambda: run.rows)
        await run.press("enter", "slash", *"bandwidth", "escape", "slash", *"lastop", "enter")
        assert "lastOpDate" in run.screen or "No match" in run.screen
        assert run.detail.has_focus


async def test_keys_go_to_the_search_while_typing() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("enter", "slash", "q", "question_mark", "backspace", "f", "space")
        assert "/qf ▏  No match" in run.screen


async def test_help_can_be_searched() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("question_mark", "slash", *"invert", "enter")
        lines = run.app.screen.query_one(ScrollableLines)
        assert "of" in run.screen
        assert lines.has_focus
        await run.press("escape", "escape")
        assert len(run.app.screen_stack) == 1


async def test_help_starts_with_the_keys_of_the_focused_widget() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("question_mark")
        assert plain_text(run.app.screen.query_one(ScrollableLines).lines[0]).startswith("Navigation")
        await run.press("escape", "enter", "f1")
        assert plain_text(run.app.screen.query_one(ScrollableLines).lines[0]) == "Detail pane with focus"


async def test_colon_opens_the_palette() -> None:
    async with running(a_node()) as run:
        await run.until(lambda: run.rows)
        await run.press("colon")
        await run.until(lambda: isinstance(run.app.screen, CommandPalette))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (110, 40), (115, 40), (120, 40), (200, 50)], ids=str)
async def test_every_tab_wraps_what_is_too_long_for_the_pane(size: tuple[int, int]) -> None:
    failing = a_task(
        "cdp-a-long-name-of-a-task-that-fails",
        status="Failed",
        used_bytes=100 * GIB,
        policy_uuid="p" * 32,
        backup_storage_uuid="b" * 32,
        bandwidth_limit_bps=104857600,
    )
    node = ScriptedNode([failing])
    node.known_storages = (BackupStorage(uuid="b" * 32, name="backup-server-1", status="Disconnected", kind="x" * 50),)
    async with running(node, size=size) as run:
        await run.until(lambda: run.rows)
        await run.press("enter")
        shown = {}
        for _ in TABS:
            lines = [plain_text(line) for line in run.detail.lines]
            assert max(map(cell_len, lines)) <= run.detail.width, tab_of(run)
            shown[tab_of(run)] = re.sub(r"[▌\s]+", " ", " ".join(lines))
            await run.press("right")
        overview = shown[OVERVIEW.title if OVERVIEW.title in shown else OVERVIEW.short]
        assert "100 GiB of 100 GiB 100% ██████████" in overview
        assert "protection stops at the plan" in overview
        assert "a task whose plan is full stops protecting" in shown["Why"]
