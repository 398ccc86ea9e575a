"""The cost of a huge task depends on the visible lines only."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import overload

import msgspec
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cdptui.api.decode import decode_task
from cdptui.models.task import Task
from cdptui.render.spans import Line, Span
from cdptui.tui.keymap import DEFAULT_KEYMAP
from cdptui.tui.themes import DEFAULT_THEME, THEMES
from cdptui.tui.widgets.scrollable_lines import ScrollableLines
from tests.doubles import ScriptedNode
from tests.tui.event_loop import PATIENCE_S
from tests.tui.running import Running, running

REFS = 30_000


class CountedLines(Sequence[Line]):
    """A huge text that counts how often its lines are read."""

    def __init__(self, count: int) -> None:
        self.reads = 0
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._count))]
        self.reads += 1
        return (Span(f"line {index} of many"),)


def huge_task(refs: int = REFS) -> Task:
    record = {
        "uuid": "5" * 32,
        "name": "huge",
        "status": "Running",
        "state": "Enabled",
        "resourceRefs": [
            {"resourceUuid": f"{index:032x}", "resourceType": "VmInstanceVO", "unknown": "x"} for index in range(refs)
        ],
    }
    return decode_task(msgspec.json.encode(record), None)


class LinesApp(App[None]):
    """An app with nothing but text to scroll and search."""

    def __init__(self, lines: CountedLines) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DEFAULT_THEME
        self.view = ScrollableLines(DEFAULT_KEYMAP)
        self._shown = lines

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(THEMES[0].variables)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()
        self.view.show(self._shown)

    @property
    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        await pilot.pause()


@pytest.mark.parametrize("key", ["j", "pagedown", "G", "g", "k"])
async def test_key_reads_only_visible_lines(key: str) -> None:
    lines = CountedLines(1_000_000)
    app = LinesApp(lines)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "line 3 of many" in app.text)
        lines.reads = 0
        await pilot.press(key)
        await pilot.pause()
        # Drawn at most twice: for the scroll and for the test.
        assert lines.reads <= 4 * 24


async def test_search_in_very_many_lines_finds_those_in_every_step() -> None:
    app = LinesApp(CountedLines(3_500))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"3499", "enter")
        await until(pilot, lambda: "1 of 1" in app.text and "line 3499 of many" in app.text)


async def test_search_stops_at_ten_thousand_matches_and_says_that_there_are_more() -> None:
    app = LinesApp(CountedLines(50_000))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"many", "enter")
        await until(pilot, lambda: "1 of 10000+" in app.text)


async def opened(run: Running, tab: str) -> None:
    await run.press("tab")
    for _ in range(8):
        if f"[{tab}]" in run.screen:
            return
        await run.press("full_stop")
    pytest.fail(f"there is no tab {tab}")


async def test_all_resources_of_a_huge_task_can_be_scrolled_to() -> None:
    async with running(ScriptedNode([huge_task()])) as run:
        await run.until(lambda: run.rows)
        await opened(run, "VM")
        await run.until(lambda: f"{REFS - 1} other resources" in run.screen)
        await run.press("G")
        await run.until(lambda: f"{REFS - 1:032x}" in run.screen)


async def test_raw_record_of_a_huge_task_is_cut_and_says_so() -> None:
    async with running(ScriptedNode([huge_task()])) as run:
        await run.until(lambda: run.rows)
        await opened(run, "Raw")
        await run.press("G")
        await run.until(lambda: "more lines not shown; ^s saves the" in run.screen)


async def test_names_of_a_huge_task_are_requested_for_its_first_resources_only() -> None:
    node = ScriptedNode([huge_task()])
    async with running(node) as run:
        await run.until(lambda: run.rows and node.asked_names)
        await run.poll()
        asked = [uuid for batch in node.asked_names for uuid in batch]
        assert len(asked) <= 150
