from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.events import Key

from cdptui.config.saved_views import SavedView
from cdptui.render.spans import plain_text
from cdptui.tui.screens.main import MainScreen
from cdptui.tui.widgets.filter_bar import FilterBar, FilterInput
from cdptui.tui.widgets.line_view import LineView
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import Running, running, showing
from tests.unit.query.hostile_patterns import hostile_names

FLEET = [
    a_task("erp-db", used_bytes=90 * GIB),
    a_task("erp-web", used_bytes=20 * GIB, status="Failed"),
    a_task("mail", used_bytes=85 * GIB, status="Stopped", state="Disabled"),
    a_task("oa", used_bytes=10 * GIB),
]


def bar(run: Running) -> str:
    """Return the lines of the filter bar."""
    views = run.app.screen_stack[0].query("FilterBar LineView").results(LineView)
    return "\n".join(plain_text(line) for view in views for line in view.lines)


def is_open(run: Running) -> bool:
    return run.app.screen_stack[0].query_one(FilterBar).is_open


async def type_filter(run: Running, text: str) -> None:
    await run.press("slash")
    await run.press(*text)


async def test_list_follows_the_typed_filter() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        assert run.names == ["erp-web", "erp-db"]
        assert "2 of 4" in run.screen
        assert "“erp” anywhere (2)" in run.screen
        await run.press(*" used>80%")
        assert run.names == ["erp-db"]
        assert "“erp” anywhere (2) AND used over 80% of plan (2)" in run.screen
        run.assert_every_line_fits()


async def test_keys_in_one_packet_are_all_typed() -> None:
    async with showing(FLEET) as run:
        for _ in range(2):
            for character in "/oa\r":
                key = {"/": "slash", "\r": "enter"}.get(character, character)
                run.app.post_message(Key(key, character))
            await run.until(lambda: run.names == ["oa"])
            await run.until(lambda: run.table.has_focus)
            await run.press("escape")
            await run.until(lambda: len(run.names) == 4)


async def test_filter_error_has_a_caret_and_keeps_the_list() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "mail")
        await run.press(*" uesd>8")
        # The prompt takes two cells; the wrong word begins five characters later.
        assert "\n       ^ unknown field 'uesd'; did you mean used?" in run.screen
        assert run.names == ["mail"]
        await run.press("enter")
        assert is_open(run), "an expression with an error must not be applied"
        await run.press(*["backspace"] * 7)
        assert run.names == ["mail"]


ALL = sorted(task.name for task in FLEET)
FULL = ["erp-db", "mail"]


async def lists_while_typing(run: Running, text: str) -> dict[str, list[str]]:
    """Type `text`; return the list after each character that changes it, by the text typed until then."""
    seen = {"": sorted(run.names)}
    for end, character in enumerate(text, 1):
        await run.press({" ": "space"}.get(character, character))
        if sorted(run.names) != list(seen.values())[-1]:
            seen[text[:end]] = sorted(run.names)
    return seen


async def test_unfinished_filter_keeps_the_list() -> None:
    async with showing(FLEET) as run:
        await run.press("slash")
        assert await lists_while_typing(run, "used>80% and rpo>2x") == {
            "": ALL,
            "us": [],
            "used>": ALL,
            "used>80%": FULL,
            "used>80% and rpo>2x": [],
        }


@pytest.mark.parametrize("text", ["used>>80", "foo=1", "growth>10Gi", "(erp or", "st!>x"])
async def test_invalid_filter_keeps_the_list(text: str) -> None:
    async with showing(FLEET) as run:
        await type_filter(run, text)
        assert sorted(run.names) == ALL
        assert "4 of 4" in run.screen
        await run.press("escape", "slash", *"state=Enabled", "enter", "slash", "end", "space", *text)
        assert sorted(run.names) == ["erp-db", "erp-web", "oa"]


async def test_unfinished_word_applies_when_complete() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "used>10% vms")
        assert sorted(run.names) == ["erp-db", "erp-web", "mail"]
        await run.press("space")
        assert run.names == []
        await run.press("backspace")
        assert len(run.names) == 3
        await run.press("enter")
        assert run.names == []
        assert "used>10% and vms" in run.screen
        await run.press("slash")
        assert run.names == [], "it is complete since the last character"
        await run.press("escape", "slash", "up")
        assert run.names == []
        await run.press(*["backspace"] * 4, *" an")
        await run.click("#tasks", offset=(5, 2))
        await run.until(lambda: not is_open(run))
        await run.until(lambda: "used>10% and an" in run.screen)


async def test_active_filter_shows_how_much_it_hides() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "st~run")
        await run.press("enter")
        assert not is_open(run)
        assert "status~run  2 of 4 shown, 2 hidden" in run.screen
        assert run.table.has_focus
        await run.press("j")
        assert run.cursor in {"uuid-of-erp-db", "uuid-of-oa"}
        run.assert_every_line_fits()


async def test_escape_clears_the_filter_from_list_and_field() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        await run.press("escape")
        assert len(run.names) == 4
        await type_filter(run, "erp")
        await run.press("enter")
        assert len(run.names) == 2
        await run.press("escape")
        assert len(run.names) == 4
        assert "hidden" not in run.screen


async def test_filter_history_is_recalled_with_the_arrow_keys() -> None:
    async with showing(FLEET) as run:
        for text in ("erp", "mail"):
            await type_filter(run, text)
            await run.press("escape")
        await run.press("slash", "up", "up")
        assert run.names == ["erp-web", "erp-db"]
        await run.press("down")
        assert run.names == ["mail"]
        await run.press("down")
        assert len(run.names) == 4


async def test_text_typed_over_an_active_filter_replaces_it() -> None:
    async with showing(FLEET) as run:
        await run.press("1")
        await run.until(lambda: run.names == ["erp-web"])
        await type_filter(run, "erp")
        await run.press("enter")
        assert sorted(run.names) == ["erp-db", "erp-web"]
        assert run.app._main.browser.filter_text == "erp"


@pytest.mark.parametrize("key", ["end", "right", "ctrl+e"])
async def test_active_filter_can_be_continued(key: str) -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        await run.press("enter", "slash", key, *" !db")
        assert run.names == ["erp-web"]


@pytest.mark.parametrize("key", ["backspace", "delete", "ctrl+u"])
async def test_active_filter_is_deleted_with_one_key(key: str) -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        await run.press("enter", "slash", key)
        assert len(run.names) == 4


async def test_active_filter_stays_when_the_field_is_closed_unchanged() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        await run.press("enter", "slash", "enter")
        assert len(run.names) == 2


async def test_characters_that_reach_no_widget_replace_the_selected_filter() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        await run.press("enter", "slash")
        await run.app.on_key(Key("m", "m"))
        await run.until(lambda: "“m” anywhere" in bar(run))


async def test_filter_without_matches_shows_a_message() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "zzz")
        assert "no task matches zzz (Esc clears)" in run.screen
        assert "0 of 4" in run.screen


async def test_cursor_stays_on_its_task_while_the_filter_shows_it() -> None:
    async with showing(FLEET) as run:
        while run.cursor != "uuid-of-mail":
            await run.press("j")
        await type_filter(run, "used>80%")
        assert run.cursor == "uuid-of-mail"
        await run.press("escape")
        assert run.cursor == "uuid-of-mail"


async def test_unhealthy_only_combines_with_a_filter() -> None:
    async with showing(FLEET) as run:
        await run.press("f")
        assert "erp-web" in run.names
        assert "oa" not in run.names
        assert "unhealthy" in bar(run)
        shown = len(run.names)
        await type_filter(run, "erp")
        assert set(run.names) <= {"erp-web", "erp-db"}
        await run.press("enter")
        assert "unhealthy, erp" in run.screen
        await run.press("f")
        assert run.names == ["erp-web", "erp-db"]
        await run.press("escape", "f")
        assert len(run.names) == shown


async def test_poll_updates_which_tasks_match_the_filter() -> None:
    later = [a_task("erp-db", used_bytes=10 * GIB), *FLEET[1:3], a_task("oa", used_bytes=95 * GIB)]
    async with showing(FLEET, later, later[1:]) as run:
        await type_filter(run, "used>80%")
        await run.press("enter")
        assert set(run.names) == {"erp-db", "mail"}
        await run.poll()
        await run.until(lambda: set(run.names) == {"mail", "oa"})
        await run.poll()
        await run.until(lambda: "2 of 3 shown, 1 hidden" in run.screen)


async def test_header_totals_include_hidden_tasks_and_the_filter_line_says_so() -> None:
    async with showing(FLEET, size=(140, 40)) as run:
        before = run.header.splitlines()[1]
        await type_filter(run, "mail")
        await run.press("enter")
        assert run.header.splitlines()[1] == before
        assert "header totals include hidden tasks" in run.screen


@pytest.mark.parametrize("width", [40, 60, 80, 200])
async def test_filter_bar_fits_every_width(width: int) -> None:
    async with showing(FLEET, size=(width, 24)) as run:
        await type_filter(run, "used>80% and not (name~erp or state=Disabled) or re:^no-such-thing")
        run.assert_every_line_fits()
        await run.press("enter")
        await run.until(lambda: "shown" in run.screen_lines[-2])
        run.assert_every_line_fits()
        await run.press("slash", *" zzz>1")
        await run.until(lambda: "unknown field" in run.screen_lines[-2])
        run.assert_every_line_fits()
        assert cell_len(run.screen_lines[-2]) == width


async def test_cursor_of_the_filter_field_does_not_blink() -> None:
    async with showing(FLEET) as run:
        await run.press("slash")
        assert not run.app.screen_stack[0].query_one("FilterInput").cursor_blink  # type: ignore[attr-defined]  # an Input


async def test_ctrl_c_quits_from_the_filter_field() -> None:
    async with showing(FLEET) as run:
        await run.press("slash", "x", "ctrl+c")
        assert run.app.return_code == 0


async def test_word_filter_finds_a_vm_after_its_name_is_known() -> None:
    names = [f"task-{number:02}" for number in range(40)]
    node = ScriptedNode([a_task(name) for name in names])
    node.known_names = {f"vm-of-{name}": name.replace("task", "machine") for name in names}
    async with running(node, size=(120, 8)) as run:
        await run.until(lambda: run.rows)
        asked = {uuid for batch in node.asked_names for uuid in batch}
        assert "vm-of-task-00" in asked
        assert "vm-of-task-39" not in asked, "it is hidden"
        await type_filter(run, "machine-39")
        await run.until(lambda: run.names == ["task-39"])
        assert "VMs not known" not in run.screen


async def test_unavailable_names_are_reported() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "vm~machine")
        await run.until(lambda: "names of 4 VMs not known" in run.screen)


async def test_click_on_the_list_applies_the_filter() -> None:
    async with showing(FLEET) as run:
        await type_filter(run, "erp")
        await run.click("#tasks", offset=(5, 2))
        await run.until(lambda: not is_open(run))
        await run.until(lambda: "erp  2 of 4 shown" in run.screen)
        await run.press("escape")
        assert len(run.names) == 4


SLOW = "(.{0,30}){0,5}z"
"""A pattern that takes milliseconds for each name of 255 characters without a z."""

LONG_NAMES = [a_task(name, f"{number:032x}") for number, name in enumerate(hostile_names(600)) if "z" not in name]


async def until_timed_out(run: Running) -> None:
    await run.until(lambda: "timed out on these names" in run.screen)


async def test_regex_timeout_has_a_caret_and_keeps_the_previous_filter() -> None:
    async with showing([*FLEET, *LONG_NAMES]) as run:
        await type_filter(run, "erp-")
        await run.until(lambda: run.names == ["erp-web", "erp-db"])
        # Pasted: while it is typed, its beginnings would be filters too.
        run.app.screen_stack[0].query_one(FilterInput).value += f" or re:{SLOW}"
        await until_timed_out(run)
        typed, message = run.screen_lines[-3:-1]
        assert message.index("^") == typed.index("re:")
        await run.until(lambda: run.names == ["erp-web", "erp-db"])
        run.assert_every_line_fits()
        await run.press("enter")
        assert is_open(run), "a filter that timed out must not be applied"
        run.app.screen_stack[0].query_one(FilterInput).value = "erp-"
        await run.until(lambda: "timed out" not in run.screen)
        await run.press("enter")
        await run.until(lambda: "2 of" in run.screen_lines[-2])


async def test_regex_timeout_in_a_view_shows_all_tasks() -> None:
    async with showing(LONG_NAMES) as run:
        screen = run.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        await screen.browser.views.apply(SavedView(name="slow", filter=f'not re:"{SLOW}"'), "slow")
        await until_timed_out(run)
        assert "shown: all tasks" in run.screen
        assert len(screen.browser.tasks.lines) == len(LONG_NAMES)
        assert screen.browser.tasks.active_filter is None
        run.assert_every_line_fits()
        await run.press("escape")
        await run.until(lambda: "timed out" not in run.screen)


async def test_regex_timeout_after_a_poll_shows_all_tasks() -> None:
    async with showing(FLEET, [*FLEET, *LONG_NAMES]) as run:
        await run.press("slash")
        run.app.screen_stack[0].query_one(FilterInput).value = f're:"{SLOW}" or erp'
        await run.until(lambda: run.names == ["erp-web", "erp-db"])
        await run.press("enter")
        await run.until(lambda: "2 of 4 shown" in run.screen)
        await run.poll()
        await until_timed_out(run)
        assert "shown: all tasks" in run.screen
        await run.until(lambda: "mail" in run.names)
        await run.press("f")
        await run.until(lambda: "timed out" not in run.screen)
