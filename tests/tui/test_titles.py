"""The titles of the list and of the pane, and which of the two has the focus."""

from __future__ import annotations

import pytest
from msgspec import structs
from textual.widgets import OptionList

from cdptui.models.capacity import GrowthRate
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import Running, running, showing

FLEET = [a_task("erp-db"), a_task("erp-web", status="Failed"), a_task("mail[/]"), a_task("oa")]


def words(run: Running) -> str:
    """Return the title without its rule and without the notice at its end."""
    return run.title.strip("━─ ").partition(" ━")[0].partition(" ─")[0]


async def test_title_of_the_list_says_what_it_shows() -> None:
    async with showing(FLEET, size=(200, 40)) as run:
        assert words(run) == "Tasks 4 · worst first"
        await run.press("f")
        assert words(run) == "Tasks 1/4 · unhealthy · worst first"
        await run.press("slash", *"erp", "enter")
        assert words(run) == "Tasks 1/4 · unhealthy, erp · worst first"
        await run.press("escape", "greater_than_sign", "I")
        assert words(run) == "Tasks 4 · by name, reversed"
        await run.press("b", "s")
        assert words(run) == "Tasks 4 · grouped by status · by name, reversed"


async def test_title_explains_rough_estimates_and_counts_those_that_a_view_leaves_out() -> None:
    async with showing([a_task("erp"), a_task("oa")], size=(160, 30)) as run:
        await run.press("d")
        assert "rough" not in run.title
        main = run.app._main
        rows = [
            structs.replace(row, growth=GrowthRate(GIB / 3600, 60.0), seconds_until_full=7200.0)
            if row.task.name == "erp"
            else row
            for row in run.rows
        ]
        main.browser.show(structs.replace(main._update, rows=tuple(rows)), {})
        await run.until(lambda: "~2 h" in run.screen)
        assert run.title.endswith(" ~ rough estimate ━")
        await run.press("2")
        assert words(run) == (
            "Tasks 0/2 · view 2 full within three days: full<3d · 1 rough estimate (~) not counted · by full in"
        )
        assert "1 rough estimate (~) not counted (Esc clears)" in run.screen


async def test_title_says_that_problems_may_change_until_vms_and_storages_were_read() -> None:
    node = ScriptedNode(FLEET)
    node.side_gate.clear()
    async with running(node) as run:
        await run.until(lambda: run.title.endswith(" reading VMs and storages … ━"))
        await run.tick()
        assert "reading" in run.title
        node.side_gate.set()
        await run.until(lambda: "reading" not in run.title)


async def test_title_has_no_number_before_the_first_list() -> None:
    node = ScriptedNode(FLEET)
    node.gate.clear()
    async with running(node) as run:
        await run.until(lambda: node.in_flight == 1)
        assert words(run) in {"", "Tasks"}
        node.gate.set()
        await run.until(lambda: words(run) == "Tasks 4 · worst first")


async def test_long_filter_leaves_the_order_in_the_title() -> None:
    async with showing(FLEET, size=(60, 24)) as run:
        await run.press("slash", *"used>1% and state=Enabled and rpo<20x and name~erp", "enter")
        assert words(run).startswith("Tasks 2/4 · used>1% and")
        assert words(run).endswith("… · worst first")
        run.assert_every_line_fits()


@pytest.mark.parametrize(("height", "has_title"), [(8, False), (13, False), (14, True), (20, True)])
async def test_low_window_has_no_title(height: int, *, has_title: bool) -> None:
    async with showing(FLEET, size=(60, height)) as run:
        assert bool(run.title) is has_title
        assert ("Tasks 4" in run.screen) is has_title
        await run.resize(60, 40)
        assert "Tasks 4" in run.screen
        await run.resize(60, height)
        assert ("Tasks 4" in run.screen) is has_title


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_focus_is_shown_by_a_heavy_rule_at_one_place(size: tuple[int, int]) -> None:
    async with showing(FLEET, size=size) as run:
        await run.press("d", "d") if size[0] >= 110 else await run.press("d")

        def title_of_pane() -> str:
            return next(line for line in run.screen_lines if "erp-web" in line and ("─" in line or "━" in line))

        assert run.title.startswith("━ Tasks")
        assert "erp-web ──" in title_of_pane()
        await run.press("tab")
        await run.until(lambda: run.title.startswith("─ Tasks"))
        assert "erp-web ━━" in title_of_pane()
        await run.press("escape")
        await run.until(lambda: run.title.startswith("━ Tasks"))
        assert "erp-web ──" in title_of_pane()


async def test_list_under_a_filter_that_is_typed_has_no_focus() -> None:
    async with showing(FLEET) as run:
        await run.press("slash")
        assert run.title.startswith("─ Tasks")


async def test_pane_has_the_name_of_the_task_or_group_as_its_title() -> None:
    async with showing(FLEET) as run:
        await run.press("G", "k")
        await run.until(lambda: run.cursor is not None)
        while run.cursor != "uuid-of-mail[/]":
            await run.press("k")
        assert "┌─ mail[/] ──" in run.screen, "a name is no markup"
        await run.resize(80, 40)
        await run.press("d")
        await run.until(lambda: run.detail.display)
        assert "─ mail[/] ──" in run.screen
        await run.press("b", "s", "g")
        await run.until(lambda: "─ ✖ Failed ──" in run.screen)


async def test_menu_has_a_border_with_its_title() -> None:
    async with showing(FLEET) as run:
        await run.press("s")
        assert "╭─ Sort by ─" in run.screen
        assert run.app.screen.query_one(OptionList).has_focus
