from __future__ import annotations

import pytest

from cdptui.api.errors import LoginRefused, SecondFactorNeeded, SecondFactorRefused, Unreachable
from cdptui.models.snapshot import FetchProgress
from cdptui.tui.screens.login_prompt import LoginPrompt
from cdptui.tui.screens.menus import SortMenu
from cdptui.tui.widgets.detail_pane import DetailPane
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import running, showing

URL = "http://node:8080/zstack/v1/cdp-task"
SIZES = [(80, 24), (120, 40), (200, 50)]


async def test_layout_is_shown_before_the_first_response() -> None:
    node = ScriptedNode([a_task()])
    node.gate.clear()
    async with running(node) as run:
        await run.until(lambda: node.in_flight == 1)
        await run.until(lambda: "connecting" in run.header)
        await run.until(lambda: "connecting to http://node:8080" in run.screen)
        await run.until(lambda: "NAME" in run.screen)
        node.gate.set()
        await run.until(lambda: run.rows)
        await run.until(lambda: "live" in run.header)


async def test_list_fills_page_by_page() -> None:
    one, two = a_task("a"), a_task("b")
    async with showing([FetchProgress((one,), 2, is_complete=False)], [one, two]) as run:
        assert "loading" in run.header
        assert "1/2 tasks" in run.header
        await run.poll()
        await run.until(lambda: "2/2 tasks" in run.header)


async def test_default_order_is_worst_first() -> None:
    tasks = [
        a_task("running"),
        a_task("off", status="Stopped", state="Disabled"),
        a_task("failed", status="Failed"),
        a_task("breach", rpo_ms=700_000),
        a_task("starting", status="Starting"),
        a_task("full", used_bytes=99 * GIB),
        a_task("stopped", status="Stopped"),
    ]
    async with showing(tasks) as run:
        assert run.names == ["failed", "stopped", "breach", "starting", "full", "off", "running"]


async def test_header_shows_the_fleet_totals() -> None:
    tasks = [
        a_task("a"),
        a_task("b", status="Failed"),
        a_task("c", rpo_ms=700_000, used_bytes=95 * GIB),
        a_task("d", status="Stopped", state="Disabled"),
    ]
    async with showing(tasks, size=(200, 50)) as run:
        assert "✖ 1 failed · 1 over RPO target" in run.header
        assert "1 Failed, 1 Stopped, 2 Running   215 GiB of 400 GiB used (53%)" in run.header
        assert "admin" in run.header
        assert "every 3600 s" in run.header


async def test_outage_keeps_the_data_and_shows_the_retry_countdown() -> None:
    async with showing([a_task()], Unreachable("Connection refused", url=URL), [a_task()]) as run:
        await run.poll()
        await run.until(lambda: run.banner)
        await run.until(lambda: "retry 1 in" in run.header)
        await run.until(lambda: "Connection refused" in run.banner)
        assert URL in run.banner
        await run.until(lambda: "check the address" in run.banner)
        assert run.names == ["cdp-erp-db"]
        await run.poll()
        await run.until(lambda: not run.banner)
        await run.until(lambda: "live" in run.header)


async def test_rejected_login_prompts_for_another_password() -> None:
    async with showing(LoginRefused("wrong", url=URL, code="ID.1000"), [a_task()]) as run:
        assert "login refused" in run.header
        assert "ID.1000" in run.banner
        assert run.node.reads == 1
        await run.press("r")
        assert isinstance(run.app.screen, LoginPrompt)
        await run.press(*"secret", "enter")
        await run.until(lambda: run.rows)
        assert run.node.passwords == ["secret"]


async def test_second_factor_prompts_for_a_code() -> None:
    needed = SecondFactorNeeded("googleAuth", url=URL, code="ID.2001")
    refused = SecondFactorRefused("wrong", url=URL, code="ID.2002")
    async with showing(needed, refused, [a_task()]) as run:
        assert "code needed" in run.header
        await run.press("r")
        assert isinstance(run.app.screen, LoginPrompt)
        await run.press("escape")
        assert run.node.reads == 1, "no login is tried without a code"
        await run.press("r", *"000000", "enter")
        await run.until(lambda: "code refused" in run.header)
        await run.press("r", "space", *"123456", "enter")
        await run.until(lambda: run.rows)
        assert run.node.codes == ["000000", "123456"]
        assert run.node.passwords == []


async def test_pause_freezes_the_list_and_counts_pending_updates() -> None:
    polls = [[a_task(name, used_bytes=n) for name in "abc"] for n in (1, 2, 3)]
    async with showing(*polls) as run:
        await run.press("p")
        await run.poll()
        await run.poll()
        await run.until(lambda: "paused, 3 updates pending" in run.header)
        assert {row.task.used_bytes for row in run.rows} == {1}
        assert run.node.reads == 3
        await run.press("p")
        await run.until(lambda: {row.task.used_bytes for row in run.rows} == {3} and "paused" not in run.header)


async def test_paused_list_reports_a_deleted_task() -> None:
    async with showing([a_task("a"), a_task("b")], [a_task("b")]) as run:
        await run.press("p")
        assert "No longer on the server" not in run.screen
        await run.poll()
        await run.until(lambda: "No longer on the server" in run.screen)
        assert run.names == ["a", "b"]


async def test_sorting_while_paused_sorts_what_is_shown() -> None:
    polls = [[a_task(name, used_bytes=n) for name in "ab"] for n in (1, 2)]
    async with showing(*polls) as run:
        await run.press("p")
        await run.poll()
        await run.press("greater_than_sign", "I")
        assert run.names == ["b", "a"]
        assert {row.task.used_bytes for row in run.rows} == {1}


async def test_sort_keys_walk_the_columns_and_invert() -> None:
    async with showing([a_task("a", used_bytes=1), a_task("b", used_bytes=2)]) as run:
        await run.press("greater_than_sign")
        assert "NAME▲" in run.screen
        await run.press("I")
        assert "NAME▼" in run.screen
        assert run.names == ["b", "a"]
        await run.press("less_than_sign")
        assert "NAME▼" not in run.screen


async def test_sort_menu_chooses_a_column() -> None:
    async with showing([a_task("a", used_bytes=1), a_task("b", used_bytes=2)]) as run:
        await run.press("s")
        assert isinstance(run.app.screen, SortMenu)
        await run.press("down", "down", "down", "down", "j", "enter")
        await run.until(lambda: "USED▼" in run.screen)
        assert run.names == ["b", "a"]


async def test_plus_and_minus_change_the_interval() -> None:
    async with showing([a_task()]) as run:
        await run.press("minus")
        await run.until(lambda: "every 1800 s" in run.header)
        await run.press("plus")
        await run.until(lambda: "every 3600 s" in run.header)


async def test_interval_limits_are_shown() -> None:
    async with running(ScriptedNode([a_task("a")]), interval_s=2.0) as run:
        await run.until(lambda: run.rows)
        await run.press("minus")
        assert "Polling every 1 s" in run.notice
        await run.press("minus")
        assert "Polling every 1 s, the shortest interval" in run.notice


async def test_new_and_changed_tasks_are_marked_except_for_volatile_fields() -> None:
    before = [a_task("steady"), a_task("grows"), a_task("breaks")]
    after = [a_task("steady"), a_task("grows", used_bytes=41 * GIB), a_task("breaks", status="Failed"), a_task("new")]
    async with showing(before, after) as run:
        await run.poll()
        await run.until(lambda: "new" in run.names)
        marks = {line[2:10].strip(): line[:2] for line in run.list_lines[:4]}
        assert marks == {"breaks": "✖~", "new": " +", "steady": "  ", "grows": "  "}
        await run.until(lambda: "breaks: Running → Failed · 1 more" in run.notice)


async def test_deleted_tasks_are_reported() -> None:
    async with showing([a_task("a"), a_task("b")], [a_task("a")]) as run:
        await run.poll()
        await run.until(lambda: "b vanished" in run.notice)


@pytest.mark.parametrize("size", SIZES)
async def test_every_line_fits_with_hostile_names(size: tuple[int, int]) -> None:
    names = ["财务系统-CDP", "x" * 255, "[red]markup[/red]", "🔥 fire 🔥", "e\u0301" * 30, "", "a[/]b"]
    tasks = [a_task(name, uuid=f"u{n}", description=name) for n, name in enumerate(names)]
    async with showing(tasks, size=size) as run:
        for _ in names:
            run.assert_every_line_fits()
            await run.press("j")
        await run.press("d")
        run.assert_every_line_fits()
        assert "[red]markup[/red]" in run.screen


async def test_detail_pane_is_beside_the_list_when_wide_and_below_on_demand_when_narrow() -> None:
    async with showing([a_task()], size=(120, 40)) as run:
        assert run.detail.region.x > 0
        await run.press("d")
        assert not run.detail.display
    async with showing([a_task()], size=(80, 24)) as run:
        assert not run.detail.display
        await run.press("enter")
        assert run.detail.display
        assert run.detail.region.y > run.table.region.y
        assert run.detail.has_focus
        await run.press("escape")
        assert run.table.has_focus


async def test_detail_pane_can_be_resized() -> None:
    async with showing([a_task()]) as run:
        before = run.detail.size.width
        await run.press("right_square_bracket")
        wider = run.detail.size.width
        await run.press("left_square_bracket", "left_square_bracket")
        assert run.detail.size.width < before < wider


async def test_hiding_the_pane_keeps_the_filter_and_resizing_it_brings_it_back() -> None:
    async with showing([a_task("a"), a_task("b")]) as run:
        await run.press("slash", "a", "enter")
        await run.until(lambda: run.names == ["a"])
        await run.press("d")
        assert not run.detail.display
        assert run.names == ["a"]
        await run.press("right_square_bracket")
        assert run.detail.display


async def test_detail_pane_follows_the_cursor_and_shows_names() -> None:
    node = ScriptedNode([a_task("a"), a_task("b", description="second")])
    node.known_names = {"vm-of-a": "erp-db-01", "vm-of-b": "mail-01"}
    async with running(node, size=(200, 50)) as run:
        await run.until(lambda: "erp-db-01" in run.screen)
        await run.press("j")
        await run.until(lambda: "second" in run.screen)
        assert "mail-01" in run.text_of(DetailPane)


async def test_help_lists_all_bindings() -> None:
    async with showing([a_task()]) as run:
        await run.press("question_mark")
        assert "Go to the last line" in run.screen
        await run.press("escape")
        assert "Go to the last line" not in run.screen


async def test_palette_runs_actions_by_name() -> None:
    async with showing([a_task()]) as run:
        await run.press("ctrl+p")
        await run.press(*"pause", "enter")
        await run.until(lambda: "paused" in run.header)


async def test_q_quits_with_exit_code_0() -> None:
    async with showing([a_task()]) as run:
        await run.press("q")
        assert run.app.return_value == 0


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (10, 3), (1, 1), (400, 120)])
async def test_every_window_size_works(size: tuple[int, int]) -> None:
    async with showing([a_task("a"), a_task("b", status="Failed")], size=(80, 24)) as run:
        await run.press("d")
        await run.resize(*size)
        await run.press("j", "k", "tab", "j", "escape", "s", "escape")
        await run.resize(80, 24)
        await run.until(lambda: "NAME" in run.screen)
        assert run.names == ["b", "a"]


async def test_theme_change_redraws_everything() -> None:
    async with showing([a_task()]) as run:
        dark = run.table.render_line(1)
        await run.press("ctrl+p", *"theme light", "enter")
        await run.until(lambda: len(run.app.screen_stack) == 1)
        assert run.app.theme == "light"
        assert run.table.render_line(1) != dark


@pytest.mark.parametrize("size", SIZES)
async def test_banner_says_what_to_do_at_every_size(size: tuple[int, int]) -> None:
    failure = Unreachable("Connection refused", url=URL)
    async with showing([a_task()], failure, size=size) as run:
        await run.poll()
        await run.until(lambda: run.banner)
        await run.until(lambda: "Connection refused" in run.banner)
        lines = run.banner.splitlines()
        assert " ".join(map(str.strip, lines)).endswith("check the address and that the node is up")
        assert all(line in run.screen for line in lines)


async def test_internal_error_is_shown_and_the_app_continues() -> None:
    node = ScriptedNode([a_task()])

    def no_names(uuids: object) -> None:
        raise ZeroDivisionError(uuids)

    node.names = no_names  # type: ignore[method-assign,assignment]  # a node that breaks its promise
    async with running(node) as run:
        await run.until(lambda: "internal error in cdptui" in run.header)
        assert run.names == ["cdp-erp-db"], "the list must stay"
        await run.until(lambda: "ZeroDivisionError" in run.banner)
        await run.press("q")
        assert run.app.return_value == 0


async def test_failing_action_does_not_end_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise KeyError(0)

    monkeypatch.setattr("cdptui.tui.screens.main.MainScreen.action_pause", broken)
    async with showing([a_task()]) as run:
        await run.press("p")
        assert "Action failed: KeyError: 0" in run.notice
        assert run.app.faults == 1
        run.app.faults = 0


async def test_failed_background_work_is_shown_and_ends_nothing() -> None:
    async def fail() -> None:
        message = "no room"
        raise RuntimeError(message)

    async with showing([a_task()]) as run:
        run.app._main.browser.run_worker(fail())
        await run.until(lambda: "Action failed: RuntimeError: no room" in run.notice)
        await run.press("s")
        assert "Sort by" in run.screen
        assert run.app.faults == 1
        run.app.faults = 0


async def test_dialog_closed_twice_keeps_the_list() -> None:
    async with showing([a_task()]) as run:
        await run.press("question_mark")
        dialog = run.app.screen
        dialog.dismiss()
        dialog.dismiss()
        await run.until(lambda: run.app.screen is run.app.screen_stack[0])
        await run.press("p")
        assert "paused" in run.header
