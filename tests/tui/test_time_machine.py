"""The time machine: the screen at an earlier moment, the keys that move it, and the way back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from cdptui.api.decode import TaskDecoder
from cdptui.api.errors import Unreachable
from cdptui.config.recording import RecordSettings
from cdptui.history.fleet_reader import FleetReader
from cdptui.history.schema import open_for_reading
from cdptui.models.task import Task
from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.ruler import RulerBar
from cdptui.tui.widgets.task_browser import WIDE_FROM
from tests.doubles import GIB, ScriptedNode, a_task
from tests.tui.running import Running, running
from tests.tui.test_absence import HandClock, move, recorded, start
from tests.unit.history.recorded import poll, record

__all__ = ["recorded"]

MINUTE_S = 60.0

READ_AGAIN_S = 360.0
"""Time after which the pane reads the history of a task again, and the RPO of all."""

Poll = dict[str, tuple[str, int, int]]
"""Status, used GiB and RPO in seconds by the name of a task."""

INCIDENT: Sequence[Poll] = (
    {"erp": ("Running", 400, 3), "crm": ("Running", 100, 3), "hr": ("Running", 20, 3)},
    {"erp": ("Running", 420, 3), "crm": ("Running", 101, 3), "hr": ("Running", 20, 40)},
    {"erp": ("Running", 440, 70), "crm": ("Running", 101, 3), "hr": ("Running", 20, 90)},
    {"erp": ("Failed", 460, 130), "crm": ("Running", 102, 3), "hr": ("Running", 20, 3)},
    {"erp": ("Failed", 460, 190), "crm": ("Stopped", 102, 3)},
    {"erp": ("Running", 465, 3), "crm": ("Stopped", 102, 3), "hr": ("Running", 20, 3), "new": ("Starting", 0, 0)},
)


def fleets(polls: Sequence[Poll]) -> list[list[Task]]:
    """Return the tasks of each poll as the client decodes them."""
    decoder = TaskDecoder(UTC)
    return [
        decoder.decode(
            json.dumps(
                {
                    "uuid": f"uuid-of-{name}",
                    "name": name,
                    "status": status,
                    "state": "Enabled",
                    "usedCapacity": used * GIB,
                    "maxCapacity": 500 * GIB,
                    "lastLatency": rpo * 1000,
                    "maxLatency": 60_000,
                    "backupStorageUuid": "storage-1",
                    "policyUuid": "policy-1",
                    "resourceRefs": [{"resourceUuid": f"vm-{name}", "resourceType": "VmInstanceVO"}],
                }
            ).encode()
            for name, (status, used, rpo) in poll.items()
        )
        for poll in polls
    ]


async def next_poll(run: Running, clock: HandClock, record: RecordSettings, seconds: float = MINUTE_S) -> None:
    """Poll after some seconds, and wait until that is recorded."""
    move(run, clock, seconds)
    await run.poll()
    await run.until(lambda: last_recorded_ms(record.file) == clock.now_ms())


def last_recorded_ms(path: Path) -> int | None:
    with closing(open_for_reading(path)) as connection:
        span = FleetReader(connection).span()
        return span[1] if span is not None else None


async def begin(run: Running, clock: HandClock, record: RecordSettings, polls: int) -> None:
    """Watch and record the first polls."""
    await start(run)
    for _ in range(polls - 1):
        await next_poll(run, clock, record)


def picture(run: Running) -> tuple[list[str], list[str]]:
    """Return what the screen says about the tasks: the totals and the list, and the pane."""
    lines = [line[: run.table.region.right].rstrip() for line in (run.headings, *run.list_lines)]
    pane = run.text_of(DetailPane).splitlines()
    # The ruler takes two lines of the charts in the history, whose figures are in the text; and while live, the RPO of
    # all tasks is up to five minutes old.
    is_history = any("[24 h]" in line for line in pane)
    figures = [line for line in pane if not (is_history and any(mark in line for mark in ("┤", "└", "all tasks")))]
    return [run.header.splitlines()[1], *filter(None, lines)], figures


async def read_again(run: Running) -> None:
    """Read the history of the task again: it was read when the poll came, and before that was recorded."""
    await run.press("tab", "less_than_sign")
    await run.until(lambda: "[6 h]" in run.text_of(DetailPane))
    await run.press("greater_than_sign", "tab")
    await run.until(lambda: "[24 h]" in run.text_of(DetailPane))


def in_list(shown: tuple[list[str], list[str]]) -> list[str]:
    return shown[0]


TABS = ("overview", "history", "resources", "policy", "storage", "points", "raw", "why")

NOT_RECORDED = {
    "resources": "VM at this moment: not recorded",
    "policy": "Policies at this moment: not recorded",
    "storage": "Storages at this moment: not recorded",
    "points": "Recovery points at this moment: not recorded",
    "why": "State of the VM not known: not recorded",
}
"""What the tabs say about what was not recorded."""


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
@pytest.mark.parametrize("tab", TABS)
async def test_replayed_moment_says_what_the_screen_said_then(
    recorded: RecordSettings, size: tuple[int, int], tab: str
) -> None:
    clock, seen = HandClock(), []
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC, size=size) as run:
        await start(run)
        if run.app.size.width < WIDE_FROM:
            await run.press("d")
        await run.press(*["full_stop"] * TABS.index(tab))
        if tab == "history":
            # A pane that has the focus keeps its task, here while it is read again.
            await run.press("slash", *"erp", "enter")
        seen.append(picture(run))
        for _ in INCIDENT[1:]:
            await next_poll(run, clock, recorded, READ_AGAIN_S)
            if tab == "history":
                await read_again(run)
            seen.append(picture(run))
        live = picture(run)

        await run.press("T")
        for number, said in reversed(list(enumerate(seen))):
            if tab in NOT_RECORDED:
                assert NOT_RECORDED[tab] in run.text_of(DetailPane)
                assert in_list(picture(run)) == in_list(said), f"poll {number}"
            else:
                await run.until(lambda said=said: picture(run) == said)  # type: ignore[misc]  # bound now
            await run.press("left_parenthesis")
        assert "first recorded poll" in run.notice
        await run.press("escape")
        await run.until(lambda: picture(run) == live)


async def test_banner_says_the_moment_and_nothing_of_the_present(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 4)
        assert "● live" in run.header
        move(run, clock, 120.0)
        await run.press("T", "left_parenthesis")
        banner = run.screen_lines[0]
        assert "3 min ago · 2026-11-28 18:04:00 UTC · Esc: live" in banner
        assert "live  " not in run.header
        assert "age" not in run.header
        assert "every" not in run.header
        run.assert_every_line_fits()

        await run.press("escape")
        assert "● live" in run.header
        assert not run.app.screen.query(RulerBar).filter(".-shown")


async def test_polling_keys_do_nothing_at_a_moment(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 3)
        await run.press("T")
        reads = run.node.reads
        for key in ("r", "p", "plus", "minus"):
            await run.press(key)
        assert run.node.reads == reads
        assert "paused" not in run.screen
        await run.press("T", "p")
        assert "paused" in run.screen


async def test_keys_step_by_poll_event_and_hour(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 6)
        assert "new" in run.names

        await run.press("left_curly_bracket")
        assert "2026-11-28 18:06:00" in run.header, "the newest event before the newest poll"
        assert "hr" not in run.names
        await run.press("left_curly_bracket")
        assert "2026-11-28 18:05:00" in run.header
        await run.press("right_parenthesis")
        assert "2026-11-28 18:06:00" in run.header
        await run.press("H")
        assert "2026-11-28 18:02:00" in run.header
        assert "erp" in run.names
        await run.press("H")
        assert "first recorded poll" in run.notice
        await run.press("L", "right_parenthesis")
        assert "newest recorded poll" in run.notice
        assert "2026-11-28 18:07:00" in run.header
        await run.press("right_curly_bracket")
        assert "No event after this moment" in run.notice


async def test_keys_that_are_held_down_are_all_obeyed(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 6)
        await run.pilot.press("T", *["left_parenthesis"] * 4)
        await run.finish()
        assert "2026-11-28 18:03:00" in run.header


async def test_moment_is_typed(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 6)
        await run.press("t", *"soon", "enter")
        assert "'soon' is no time: 14:05, -3h" in run.screen
        await run.press(*["backspace"] * 4, *"18:04:30", "enter")
        assert "2026-11-28 18:04:00 UTC" in run.header
        assert "Running" in " ".join(run.list_lines)

        await run.press("t", *"-2m", "enter")
        assert "2026-11-28 18:05:00 UTC" in run.header
        await run.press("t", *"2020-01-01", "enter")
        assert "2026-11-28 18:02:00 UTC" in run.header, "the first recorded poll"


async def test_click_on_the_ruler_goes_to_its_time(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 6)
        await run.press("T")
        ruler = run.app.screen.query_one(RulerBar).region
        assert run.screen_lines[ruler.y].rstrip()[-1] == "█"
        await run.click("#ruler", offset=(0, 0))
        assert "2026-11-28 18:02:00 UTC" in run.header
        assert run.screen_lines[ruler.y][0] == "█"


async def test_filter_order_and_cursor_stay(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 4)
        await run.press("slash", *"status=Running", "enter", "j")
        cursor, names = run.cursor, run.names
        assert names == ["crm", "hr"]
        await run.press("T")
        assert (run.cursor, run.names) == (cursor, names)
        await run.press("left_parenthesis")
        assert run.cursor == cursor
        assert "erp" in run.names, "it ran then"
        await run.press("escape")
        assert (run.cursor, run.names) == (cursor, names)


async def test_live_problem_is_said_at_a_moment(recorded: RecordSettings) -> None:
    clock = HandClock()
    node = ScriptedNode(*fleets(INCIDENT[:4]), Unreachable("down", url="http://node"))
    async with running(node, record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 3)
        await run.press("T")
        assert "Live:" not in run.screen
        link = run.app.link
        assert link is not None
        link.monitor.refresh()
        await run.until(lambda: "Live: erp failed" in run.notice)
        assert "ago" in run.header
        link.monitor.refresh()
        await run.until(lambda: "Live: unreachable" in run.notice)
        assert run.banner == "" or "✖" not in run.screen_lines[2]


async def test_outage_and_gap_are_said_and_not_filled(recorded: RecordSettings) -> None:
    clock = HandClock()
    tasks = fleets(INCIDENT)
    down = Unreachable("down", url="http://node")
    node = ScriptedNode(tasks[0], tasks[1], tasks[2], down, down, tasks[3])
    async with running(node, record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 3)
        for _ in range(2):
            move(run, clock, 5 * MINUTE_S)
            await run.poll()
        await next_poll(run, clock, recorded)
        await run.press("t", *"18:10", "enter")
        assert "2026-11-28 18:04:00 UTC" in run.header
        assert "node did not answer 18:" in run.header
        assert "×" in run.screen_lines[run.app.screen.query_one(RulerBar).region.y]


async def test_without_a_recording_there_is_nothing_to_look_back_at() -> None:
    async with running(ScriptedNode([a_task("erp")])) as run:
        await run.until(lambda: run.rows)
        for key in ("T", "left_parenthesis", "H", "P"):
            await run.press(key)
            assert "Nothing is recorded" in run.notice
            assert "live" in run.header


async def test_recording_plays_and_stops_at_its_end(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 6)
        await run.press("H", "P", "P", "P")
        assert "playing 60×" in run.header
        travel = run.app._main.time_travel
        for minutes, shown in ((1, "18:03:00"), (2, "18:05:00")):
            move(run, clock, minutes * 1.0)
            travel.play_on()
            await run.finish()
            assert shown in run.header
        move(run, clock, 60.0)
        travel.play_on()
        await run.finish()
        assert "18:07:00" in run.header
        assert "playing" not in run.header
        assert clock.now() > run.app._main.present.snapshot.taken_at + timedelta(seconds=30)  # type: ignore[union-attr]


async def test_event_leads_to_its_moment_and_its_task(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 6)
        await run.press("e")
        await run.until(lambda: "Running → Failed" in run.screen)
        await run.press("slash", *"event=status erp", "enter", "j", "T")
        await run.until(lambda: "2026-11-28 18:05:00" in run.header)
        assert run.cursor == "uuid-of-erp"
        await run.press("e")
        await run.until(lambda: "Running → Failed" in run.screen)
        assert "appeared" not in run.screen, "that came later"


def record_incident(path: Path, clock: HandClock) -> None:
    """Record the incident as an earlier monitor did: a poll a minute from 17:40 on."""
    start_ms = clock.now_ms() - 22 * 60_000
    polls = [poll(start_ms + number * 60_000, *tasks) for number, tasks in enumerate(fleets(INCIDENT))]
    record(path, polls, clock.now())


QUESTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "when did erp stop working?": (("e", "slash", *"event=status erp", "enter"), "17:43:00 UTC  ✖ erp: Running"),
    "what else changed around it?": (("e", "slash", *"event=status", "enter"), "17:44:00 UTC  ✖ crm: Running"),
    "which tasks were over their target at 17:42?": (
        ("t", *"17:42", "enter", "slash", *"rpo>100%", "enter"),
        "Tasks 2/3",
    ),
    "what was used by erp at 17:41?": (("t", *"17:41", "enter", "slash", *"erp", "enter"), "420 GiB of 500 GiB"),
    "did hr exist at 17:44?": (("t", *"17:44", "enter", "slash", *"hr", "enter"), "no task matches"),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_question_is_answered_by_keys_alone(recorded: RecordSettings, question: str) -> None:
    clock = HandClock()
    record_incident(recorded.file, clock)
    keys, answer = QUESTIONS[question]
    async with running(ScriptedNode(*fleets(INCIDENT[-1:])), record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await run.press(*keys)
        await run.until(lambda: answer in run.screen)


async def test_ruler_is_above_the_footer_whatever_is_shown(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 3)
        await run.press("T")
        for keys in (("S",), ("escape", "slash", "e", "enter"), ("f",)):
            await run.press(*keys)
            assert run.app.screen.query_one(RulerBar).region.bottom == run.app.size.height - 1
        await run.press("S")
        assert "Storages at this moment: not recorded" in run.screen
        assert "not listed" not in run.screen
