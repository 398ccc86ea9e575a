"""One task with very much in it costs what is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import msgspec
import pytest

from cdptui.api.decode import decode_task
from cdptui.models.task import Task
from cdptui.render.span import Line, Span
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import Running, running, showing

REFS = 30_000


class CountedLines(Sequence[Line]):
    """Very many lines; counts how often one is read."""

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


@pytest.mark.parametrize("key", ["j", "pagedown", "G", "g", "k"])
async def test_key_in_a_pane_reads_only_lines_in_sight(key: str) -> None:
    async with showing([a_task()]) as run:
        await run.press("tab")
        lines = CountedLines(1_000_000)
        run.detail.show(lines)
        await run.until(lambda: "line 3 of many" in run.screen)
        lines.reads = 0
        await run.press(key)
        # The lines before and after the key, compared once and drawn once.
        assert lines.reads <= 4 * run.app.size.height


async def test_search_in_very_many_lines_finds_those_in_every_step() -> None:
    async with showing([a_task()]) as run:
        await run.press("tab")
        run.detail.show(CountedLines(3_500))
        await run.press("slash", *"3499", "enter")
        await run.until(lambda: "1 of 1" in run.screen)
        assert "line 3499 of many" in run.screen


async def test_search_stops_at_ten_thousand_matches_and_says_that_there_are_more() -> None:
    async with showing([a_task()]) as run:
        await run.press("tab")
        run.detail.show(CountedLines(50_000))
        await run.press("slash", *"many", "enter")
        await run.until(lambda: "1 of 10000+" in run.screen)


async def opened(run: Running, tab: str) -> None:
    await run.press("tab")
    for _ in range(7):
        if f"[{tab}]" in run.screen:
            return
        await run.press("full_stop")
    pytest.fail(f"there is no tab {tab}")


async def test_all_resources_of_a_huge_task_can_be_scrolled_to() -> None:
    async with running(ScriptedNode([huge_task()])) as run:
        await run.until(lambda: run.rows)
        await opened(run, "VM")
        await run.until(lambda: f"And {REFS - 1} more" in run.screen)
        await run.press("G")
        await run.until(lambda: f"{REFS - 1:032x}" in run.screen)


async def test_raw_record_of_a_huge_task_is_cut_and_says_so() -> None:
    async with running(ScriptedNode([huge_task()])) as run:
        await run.until(lambda: run.rows)
        await opened(run, "Raw")
        await run.press("G")
        await run.until(lambda: "more lines are not shown; ^s saves the" in run.screen)


async def test_names_of_a_huge_task_are_requested_for_its_first_resources_only() -> None:
    node = ScriptedNode([huge_task()])
    async with running(node) as run:
        await run.until(lambda: run.rows and node.asked_names)
        await run.poll()
        asked = [uuid for batch in node.asked_names for uuid in batch]
        assert len(asked) <= 150
