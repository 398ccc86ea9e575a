"""Marked tasks."""

from __future__ import annotations

from tests.doubles import a_task
from tests.tui.running import Running, showing

FLEET = [a_task(name) for name in "abcd"]


def marked(run: Running) -> str:
    return "".join(line[2] for line in run.list_lines[:7] if line[:2].strip() == "*")


async def test_space_marks_the_task_and_moves_to_the_next() -> None:
    async with showing(FLEET) as run:
        await run.press("space", "space")
        assert marked(run) == "ab"
        assert "2 marked" in run.notice
        assert run.cursor == "uuid-of-c"
        await run.press("k", "space")
        assert marked(run) == "a"


async def test_asterisk_marks_and_unmarks_everything() -> None:
    async with showing(FLEET) as run:
        await run.press("space", "asterisk")
        assert marked(run) == "abcd"
        assert "4 marked" in run.notice
        await run.press("asterisk")
        assert marked(run) == ""
        assert "marked" not in run.notice


async def test_ctrl_u_clears_the_marks() -> None:
    async with showing(FLEET) as run:
        await run.press("asterisk", "ctrl+u")
        assert marked(run) == ""
        assert "marked" not in run.notice


async def test_actions_without_a_task_show_a_notice() -> None:
    async with showing([a_task("a")]) as run:
        await run.press("ctrl+u")
        assert "No marked tasks" in run.notice
        await run.press("slash", "z", "enter")
        await run.until(lambda: not run.names)
        await run.press("space")
        assert "No task to mark" in run.notice


async def test_marks_survive_polls_and_sorting_and_are_removed_with_their_task() -> None:
    grown = [a_task(name, used_bytes=n + 1) for n, name in enumerate("abcd")]
    async with showing(FLEET, grown, grown[1:]) as run:
        await run.press("space", "space")
        await run.poll()
        await run.press("greater_than_sign", "I")
        assert marked(run) == "ba"
        await run.poll()
        await run.until(lambda: marked(run) == "b")
        await run.until(lambda: "1 marked task is gone" in run.notice)
        await run.until(lambda: "1 marked" in run.notice)


async def test_mark_and_severity_are_shown_together_and_a_change_where_there_is_no_mark() -> None:
    async with showing(FLEET, [a_task("a", status="Failed"), *FLEET[1:]]) as run:
        await run.press("space")
        await run.poll()
        await run.until(lambda: "✖ Failed" in run.screen)
        await run.until(lambda: run.list_lines[0].startswith("✖*a "))
        await run.press("ctrl+u")
        assert run.list_lines[0].startswith("✖~a ")


async def test_space_on_a_group_marks_its_tasks() -> None:
    async with showing([a_task("a"), a_task("b", status="Failed"), a_task("c")]) as run:
        await run.press("b", "s", "G", "k", "k")
        await run.press("space")
        assert marked(run) == "ac"


async def test_marked_rows_have_the_order_of_the_list() -> None:
    async with showing(FLEET) as run:
        tasks = run.app._main.browser.tasks
        assert not tasks.marked_rows
        await run.press("space", "G", "space", "greater_than_sign", "I")
        assert [row.task.name for row in tasks.marked_rows] == ["d", "a"]


async def test_copy_copies_the_marked_tasks() -> None:
    async with showing(FLEET) as run:
        await run.press("c")
        assert "u  UUID" in run.screen
        await run.press("escape", "space", "space", "c")
        assert "u  2 UUIDs" in run.screen
        assert "j  2 rows as JSON" in run.screen
        assert "w  Why of 2 tasks" in run.screen


async def test_copy_of_too_many_tasks_is_written_to_a_file() -> None:
    async with showing([a_task(f"task-{n:04d}") for n in range(1001)]) as run:
        await run.press("asterisk", "c")
        assert "1001 tasks are too many to copy: ^s exports them to a file" in run.notice
