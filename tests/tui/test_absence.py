"""Since you last looked: the line after a while without a key, and after a start."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cdptui.config.recording import RecordSettings
from cdptui.history.recording_file import FileLock
from cdptui.history.recordings import newest_events
from cdptui.tui.controllers.absence import IDLE_S
from cdptui.tui.widgets.bars import SummaryBar
from tests.doubles import a_task
from tests.tui.running import Running, showing
from tests.unit.history.recorded import open_writer, poll, task

MINUTE_S = 60.0


class HandClock:
    """A clock that the test moves; waiting takes until the event comes."""

    speed = 1.0

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 28, 18, 2, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def now_ms(self) -> int:
        return int(self.now().timestamp() * 1000)

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        return await event.wait()


@pytest.fixture
def recorded(tmp_path: Path) -> RecordSettings:
    return RecordSettings(tmp_path / "node.sqlite", 2**28, "node:8080", "admin")


def running_task(status: str = "Running") -> object:
    return a_task("erp", "a1", status=status)


async def start(run: Running) -> None:
    """Wait until the recorder has recorded the first poll."""
    await run.until(lambda: run.app.link is not None and run.app.link.recording.phase.value == "recording")
    await run.tick()


def move(run: Running, clock: HandClock, seconds: float) -> None:
    """Move the clock, as if it ticked all the time: a jump would be a suspended machine, which polls at once."""
    clock.seconds += seconds
    run.app._main._ticked_at = clock.seconds


async def let_pass(run: Running, clock: HandClock, seconds: float) -> None:
    move(run, clock, seconds)
    await run.tick()


async def fail(run: Running, clock: HandClock, record: RecordSettings) -> None:
    """Poll without a key; the task has failed. Wait until that is recorded."""
    link, reads = run.app.link, run.node.reads
    assert link is not None
    move(run, clock, MINUTE_S)
    link.monitor.refresh()
    await run.until(lambda: run.node.reads > reads)
    await run.until(lambda: count_events(record, clock.now_ms() - 1000))


def count_events(record: RecordSettings, since_ms: int) -> int:
    return len(newest_events(record.file, 10, since_ms))


def summary(run: Running) -> str:
    """Return the line as it is on screen; empty when there is none."""
    for bar in run.app.screen_stack[0].query(SummaryBar):
        if bar.display:
            return run.screen_lines[bar.region.y].strip() if len(run.app.screen_stack) == 1 else "below a dialog"
    return ""


async def test_what_happened_in_a_quarter_of_an_hour_without_a_key_is_one_line(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with showing([running_task()], [running_task("Failed")], record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        move(run, clock, 1.0)
        await run.press("j")
        await fail(run, clock, recorded)
        await let_pass(run, clock, IDLE_S - 2 * MINUTE_S)
        assert summary(run) == ""
        await let_pass(run, clock, MINUTE_S)
        assert summary(run) == "since 18:02: 1 failed · e shows it · Esc closes"
        run.assert_every_line_fits()

        await run.press("j", "k")
        await let_pass(run, clock, 10 * MINUTE_S)
        assert summary(run) != "", "it does not go by itself"
        await run.press("e")
        await run.until(lambda: "erp: Running → Failed" in run.screen)
        assert "Events since 2026-11-28 18:02:01 UTC" in run.screen
        assert "monitor started" not in run.screen
        await run.press("escape")
        assert summary(run) != ""
        await run.press("escape")
        assert summary(run) == ""
        await run.press("e")
        await run.until(lambda: "monitor started" in run.screen)


async def test_key_or_click_begins_the_quarter_of_an_hour_again(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with showing([running_task()], [running_task("Failed")], record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await fail(run, clock, recorded)
        for action in ("key", "click"):
            await let_pass(run, clock, IDLE_S - 2 * MINUTE_S)
            await (run.press("j") if action == "key" else run.click(offset=(5, 5)))
        await let_pass(run, clock, IDLE_S - 1)
        assert summary(run) == ""
        await let_pass(run, clock, 1)
        assert summary(run) == "", "it happened before the last click"


async def test_line_that_is_not_closed_counts_on_while_the_user_is_away(recorded: RecordSettings) -> None:
    clock = HandClock()
    polls = [[running_task()], [running_task("Failed")], [running_task()]]
    async with showing(*polls, record=recorded, clock=clock, zone=UTC, size=(80, 24)) as run:
        await start(run)
        await fail(run, clock, recorded)
        await let_pass(run, clock, IDLE_S)
        assert summary(run) == "since 18:02: 1 failed · e shows it · Esc closes"
        await fail(run, clock, recorded)
        await let_pass(run, clock, MINUTE_S)
        assert summary(run) == "since 18:02: 1 failed, 1 recovered · e shows it · Esc closes"
        run.assert_every_line_fits()


async def test_nothing_is_shown_when_nothing_happened(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with showing([running_task()], record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await let_pass(run, clock, 3 * IDLE_S)
        assert summary(run) == ""
        await run.press("j")
        assert summary(run) == ""


async def test_start_shows_what_happened_since_the_last_monitor(recorded: RecordSettings) -> None:
    clock = HandClock()
    night_ms = clock.now_ms() - 8 * 3_600_000
    writer = open_writer(recorded.file, datetime.fromtimestamp(night_ms / 1000, UTC))
    writer.write_poll(poll(night_ms, task("a1", name="erp"), task("b2", name="web")))
    writer.write_stop(night_ms + 120_000)
    writer.close()
    async with showing([a_task("erp", "a1", status="Failed")], record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await run.until(lambda: summary(run))
        text = summary(run)
        assert text.startswith("since 10:04: 1 failed, 1 vanished"), text
        await run.press("escape")
        await let_pass(run, clock, 30.0)
        assert summary(run) == ""


async def look(recorded: RecordSettings, clock: HandClock, idle_s: float = 0.0) -> None:
    """Run a monitor, press a key, and end it after `idle_s`."""
    async with showing([running_task()], record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await run.press("j")
        await let_pass(run, clock, MINUTE_S)
        await let_pass(run, clock, idle_s)
        await run.app.close_connections()


def record_without_a_screen(path: Path, clock: HandClock) -> FileLock:
    """Record that the task failed a minute ago, and go on recording."""
    clock.seconds += 8 * 60 * MINUTE_S
    lock, at_ms = FileLock(path), clock.now_ms()
    lock.acquire()
    writer = open_writer(path, clock.now())
    writer.write_poll(poll(at_ms - 60_000, task("a1", name="erp", status="Failed")))
    writer.write_poll(poll(at_ms - 1_000, task("a1", name="erp", status="Failed")))
    writer.close()
    return lock


@pytest.mark.parametrize(
    ("idle_s", "since"),
    [pytest.param(0.0, "18:03", id="the end"), pytest.param(IDLE_S, "18:02", id="the last key, of a user who is away")],
)
async def test_start_shows_what_happened_since_the_last_look_while_another_records(
    recorded: RecordSettings, idle_s: float, since: str
) -> None:
    clock = HandClock()
    await look(recorded, clock, idle_s)
    lock = record_without_a_screen(recorded.file, clock)
    async with showing([a_task("erp", "a1", status="Failed")], record=recorded, clock=clock, zone=UTC) as run:
        await run.until(lambda: run.app.link is not None and run.app.link.recording.phase.value == "another-writes")
        await run.tick()
        await run.until(lambda: summary(run))
        assert summary(run).startswith(f"since 2026-11-28 {since}: 1 failed"), summary(run)
    lock.release()


async def test_nothing_is_shown_without_a_recording() -> None:
    clock = HandClock()
    async with showing([running_task()], [running_task("Failed")], clock=clock, zone=UTC) as run:
        await let_pass(run, clock, 3 * IDLE_S)
        assert summary(run) == ""
