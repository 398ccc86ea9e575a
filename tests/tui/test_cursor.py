"""The cursor is on a task, not on a line."""

from __future__ import annotations

import random

import pytest
from rich.style import Style

from cdptui.models.task import Task
from cdptui.tui.themes import THEMES
from cdptui.tui.widgets.detail_pane import DetailPane
from tests.doubles import GIB, a_task
from tests.tui.running import showing


def fleet(*names: str, **changes: object) -> list[Task]:
    return [a_task(name, None, **changes) for name in names]


async def test_cursor_stays_on_its_task_when_rows_move() -> None:
    before = fleet("a", "b", "c", "d")
    after = [*fleet("a", "b", "d"), a_task("c", status="Failed")]
    async with showing(before, after) as run:
        await run.press("j", "j")
        assert run.cursor == "uuid-of-c"
        await run.poll()
        await run.until(lambda: run.names[0] == "c")
        assert run.cursor == "uuid-of-c"


SEVERITIES = {
    "✖ ■ Stopped stopped": a_task("a", status="Stopped"),
    "! ● Running RPO 2.0×": a_task("b", rpo_ms=1_200_000),
    "• ● Running nearly full": a_task("c", used_bytes=95 * GIB),
}
"""Sign, status and problem, worst first; each is one segment of the line."""


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
@pytest.mark.parametrize("size", [(60, 20), (120, 40)], ids=str)
async def test_row_under_the_cursor_keeps_the_colours_of_sign_status_and_problem(
    theme: str, size: tuple[int, int]
) -> None:
    async with showing(list(SEVERITIES.values()), size=size) as run:
        run.app.theme = theme
        await run.press("G")

        def styles(line: int, text: str) -> list[Style | None]:
            segments = {segment.text.strip(): segment.style for segment in run.table.render_line(line + 1)}
            sign, glyph, status, problem = text.split(" ", 3)
            return [segments[part] for part in (sign, f"{glyph} {status}", problem)]

        def look(style: Style | None) -> tuple[object, ...]:
            assert style is not None
            return style.color, style.bold

        for line, text in enumerate(SEVERITIES):
            away = [look(style) for style in styles(line, text)]
            await run.press("g", *"j" * line)
            under = styles(line, text)
            is_healthy_status = "Running" in text
            kept = [0, 2] if is_healthy_status else [0, 1, 2]
            assert [look(under[at]) for at in kept] == [away[at] for at in kept]
            assert len({style.bgcolor for style in under if style is not None}) == 1
            await run.press("tab")
            assert [look(style) for style in styles(line, text)] == [look(style) for style in under], "without focus"
            await run.press("escape", "g" if line else "G")


@pytest.mark.parametrize(
    ("at", "left", "goes_to"),
    [
        pytest.param("b", "acd", "c", id="the next one takes its place"),
        pytest.param("d", "abc", "c", id="above when there is none below"),
        pytest.param("b", "ad", "d", id="past others that are gone as well"),
        pytest.param("a", "bcd", "b", id="from the first line"),
    ],
)
async def test_cursor_moves_to_the_neighbour_when_its_task_is_removed(at: str, left: str, goes_to: str) -> None:
    async with showing(fleet(*"abcd"), fleet(*left)) as run:
        for _ in range("abcd".index(at)):
            await run.press("j")
        assert run.cursor == f"uuid-of-{at}"
        await run.poll()
        await run.until(lambda: len(run.rows) == len(left))
        assert run.cursor == f"uuid-of-{goes_to}"


async def test_cursor_is_at_the_top_after_an_empty_list() -> None:
    async with showing(fleet(*"abc"), [], fleet(*"xyz")) as run:
        await run.press("G")
        await run.poll()
        await run.until(lambda: run.cursor is None)
        await run.until(lambda: "no CDP tasks" in run.screen)
        await run.poll()
        await run.until(lambda: run.cursor == "uuid-of-x")


async def test_node_without_tasks_shows_a_message() -> None:
    async with showing([]) as run:
        assert "no CDP tasks" in run.screen
        assert "connecting" not in run.screen


async def test_cursor_and_scroll_survive_a_hundred_shuffles() -> None:
    chance = random.Random(7)
    names = [f"task-{n:03d}" for n in range(200)]
    polls = [[a_task(name, rpo_ms=chance.randrange(600_000)) for name in names] for _ in range(30)]
    async with showing(*polls) as run:
        await run.press("pagedown", "pagedown", "j", "j")
        held = run.cursor
        for _ in range(len(polls) - 1):
            await run.poll()
            assert run.cursor == held
            assert held in {row.task.uuid for row in run.rows}, "the cursor must be visible"


async def test_scroll_stays_while_nothing_moves() -> None:
    names = [f"task-{n:03d}" for n in range(200)]
    async with showing(fleet(*names), fleet(*names, used_bytes=1)) as run:
        await run.press("pagedown", "pagedown", "k")
        before = run.names
        await run.poll()
        await run.until(lambda: run.rows[0].task.used_bytes == 1)
        assert run.names == before


async def test_untouched_list_stays_at_its_top() -> None:
    names = [f"task-{n:03d}" for n in range(200)]
    before = [a_task("task-000", status="Failed"), *fleet(*names[1:])]
    after = [a_task("task-000", used_bytes=0), *fleet(*names[1:])]
    async with showing(before, after) as run:
        assert run.cursor == "uuid-of-task-000"
        await run.poll()
        await run.until(lambda: run.names[0] == "task-001")
        assert run.cursor == "uuid-of-task-001", "the user did not move it"


RISING = (fleet(*"abc"), [*fleet("a", "b"), a_task("c", status="Failed")])
"""Two polls: the last task becomes the worst one."""


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        pytest.param((), "c", id="untouched"),
        pytest.param(("j", "g", "0"), "c", id="reset"),
        pytest.param(("home",), "a", id="top"),
        pytest.param(("j", "g"), "a", id="moved back to the top"),
        pytest.param(("j",), "b", id="moved"),
        pytest.param(("k",), "a", id="moved against the edge"),
        pytest.param(("tab",), "a", id="reading the pane"),
        pytest.param(("tab", "escape"), "a", id="back from the pane"),
        pytest.param(("space", "k"), "a", id="marked"),
        pytest.param(("b", "escape"), "c", id="a menu that changes nothing"),
    ],
)
async def test_cursor_follows_the_worst_task_until_the_user_moves_it(keys: tuple[str, ...], cursor: str) -> None:
    async with showing(*RISING) as run:
        await run.press(*keys)
        await run.poll()
        await run.until(lambda: run.names[0] == "c")
        assert run.cursor == f"uuid-of-{cursor}"


async def test_focused_pane_keeps_its_task_when_the_list_loses_it() -> None:
    async with showing(fleet(*"abc"), fleet(*"bc"), fleet(*"bc"), size=(120, 40)) as run:
        await run.press("g", "tab")
        for _ in range(2):
            await run.poll()
            await run.until(lambda: run.names == ["b", "c"])
            assert run.cursor == "uuid-of-b"
            assert "No longer on the server" in run.text_of(DetailPane)
        await run.press("escape")
        assert "No longer" not in run.text_of(DetailPane)


async def test_focused_pane_keeps_its_task_when_the_filter_hides_it() -> None:
    before = [a_task("a", status="Failed"), a_task("b", status="Failed")]
    after = [a_task("a"), a_task("b", status="Failed")]
    async with showing(before, after, size=(120, 40)) as run:
        await run.press("f", "g", "tab")
        await run.poll()
        await run.until(lambda: run.names == ["b"])
        assert "vm-of-a" in run.text_of(DetailPane)
        await run.press("escape")
        assert "vm-of-b" in run.text_of(DetailPane)


@pytest.mark.parametrize(
    ("keys", "index"),
    [
        (("j",), 1),
        (("down", "down"), 2),
        (("j", "k"), 0),
        (("G",), 199),
        (("end",), 199),
        (("G", "g"), 0),
        (("end", "home"), 0),
        (("k",), 0),
        (("G", "j"), 199),
        (("G", "up"), 198),
    ],
)
async def test_motion_keys(keys: tuple[str, ...], index: int) -> None:
    names = [f"task-{n:03d}" for n in range(200)]
    async with showing(fleet(*names)) as run:
        await run.press(*keys)
        assert run.cursor == f"uuid-of-{names[index]}"


@pytest.mark.parametrize(("down", "up"), [("pagedown", "pageup"), ("ctrl+f", "ctrl+b")])
async def test_pages_overlap_by_a_line_and_come_back(down: str, up: str) -> None:
    names = [f"task-{n:03d}" for n in range(200)]
    async with showing(fleet(*names)) as run:
        lines = len(run.rows)
        await run.press(down)
        assert run.cursor == f"uuid-of-{names[lines - 1]}"
        await run.press(up)
        assert run.cursor == f"uuid-of-{names[0]}"
