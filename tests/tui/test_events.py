"""The screen of the recorded events: filter, copy, export."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdptui.config.paths import clipboard_file
from cdptui.config.recording import RecordSettings
from cdptui.config.terminal import TerminalCapabilities
from cdptui.history.recording_file import FileLock
from cdptui.models.task import Task
from tests.doubles import a_task
from tests.tui.running import Running, showing
from tests.unit.history.recorded import open_writer, poll, task

LISTED = [a_task("erp", "a1", status="Failed"), a_task("web", "b2")]
"""The tasks as the node has them now."""

NIGHT: tuple[tuple[Task, ...], ...] = (
    (task("a1", name="erp"), task("b2", name="web"), task("c3", name="[red]old")),
    (task("a1", name="erp", status="Failed"), task("b2", name="web"), task("c3", name="[red]old")),
    (task("a1", name="erp", status="Failed"), task("b2", name="web", state="Disabled")),
)
"""The polls of the last three hours."""

HOUR_MS = 3_600_000


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordSettings]:
    """A recording that another monitor writes, so that nothing is added to it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "night.sqlite"
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    writer = open_writer(path, datetime.now(UTC))
    for number, tasks in enumerate(NIGHT, -len(NIGHT)):
        writer.write_poll(poll(now_ms + number * HOUR_MS + HOUR_MS // 2, *tasks))
    writer.close()
    lock = FileLock(path)
    lock.acquire()
    yield RecordSettings(path, 2**28, "node:8080", "admin")
    lock.release()


@asynccontextmanager
async def events(night: RecordSettings, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Running]:
    """Run the app, and open the events."""
    async with showing(LISTED, size=size, record=night, zone=UTC) as run:
        await run.press("e")
        await run.until(lambda: "monitor started" in run.screen)
        yield run


def shown(run: Running) -> list[str]:
    """Return what happened in the events on screen."""
    menu = run.app.screen.query_one("#events-list")
    lines = run.screen_lines[menu.region.y : menu.region.bottom]
    return [line[menu.region.x : menu.region.right].strip()[25:].strip() for line in lines if "UTC" in line]


def written(folder: Path, ending: str) -> list[Path]:
    return list(folder.glob(f"cdptui-node-8080-events-*.{ending}"))


VANISHED, DISABLED = "! [red]old vanished, last Running", "! web: Enabled → Disabled"
FAILED, STARTED = "✖ erp: Running → Failed", "monitor started"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [VANISHED, DISABLED, FAILED, STARTED]),
        ("erp", [FAILED]),
        ("event=status", [FAILED]),
        ("severity>=critical or event~monitor", [FAILED, STARTED]),
        ("since<1h", [VANISHED, DISABLED]),
        ("since<2h !name~old", [DISABLED, FAILED]),
        ("used=?", [VANISHED, STARTED]),
        ("[/x]", []),
    ],
)
async def test_filter_of_events_is_that_of_the_list_with_their_fields(
    night: RecordSettings, text: str, expected: list[str]
) -> None:
    async with events(night) as run:
        await run.press("slash", *(_KEYS.get(letter, letter) for letter in text))
        assert shown(run) == expected
        if text:
            assert f"{len(expected)} of 4" in run.screen
        await run.press("enter")
        assert shown(run) == expected
        assert (f"{len(expected)} of 4 shown, {4 - len(expected)} hidden" in run.screen) is bool(text)
        await run.press("escape")
        if text:
            assert shown(run) == [VANISHED, DISABLED, FAILED, STARTED]
            await run.press("escape")
        assert len(run.app.screen_stack) == 1


_KEYS = {
    " ": "space",
    "=": "equals_sign",
    "<": "less_than_sign",
    ">": "greater_than_sign",
    "!": "exclamation_mark",
    "~": "tilde",
    "?": "question_mark",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "/": "slash",
}


async def test_error_in_the_filter_has_a_caret_and_keeps_the_last_result(night: RecordSettings) -> None:
    async with events(night) as run:
        await run.press("slash", *"event", "equals_sign", *"status")
        assert "event is status (1)" in run.screen
        await run.press("space", *"sinse", "less_than_sign", "8", "h")
        assert "^ unknown field 'sinse'; did you mean since?" in run.screen
        assert shown(run) == [FAILED]
        await run.press("enter")
        assert "^ unknown field" in run.screen, "a filter with an error cannot be applied"
        await run.press("f1")
        assert "Fields of events" in run.screen or "Help" in run.screen
        run.assert_every_line_fits()


async def test_task_of_an_event_that_no_longer_exists_is_reported(night: RecordSettings) -> None:
    async with events(night) as run:
        await run.press("enter")
        assert "This task no longer exists" in run.notice
        await run.press("e", "slash", *"erp", "enter", "enter")
        assert len(run.app.screen_stack) == 1
        assert run.cursor == "a1"


@pytest.mark.parametrize("key", "etjnuc")
async def test_shown_events_are_copied_in_the_order_shown(
    night: RecordSettings, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with events(night) as run:
        # Such a terminal gets a file.
        run.app.traits = TerminalCapabilities(is_legacy=True)
        await run.press("slash", *"event", "exclamation_mark", "tilde", *"monitor", "enter")
        assert shown(run) == [VANISHED, DISABLED, FAILED]
        await run.press("c")
        assert "3 events as text" in run.screen
        await run.press(key)
        assert "Wrote " in run.screen
        text = clipboard_file().read_text()
        lines = text.splitlines()
        match key:
            case "e":
                assert [line[25:] for line in lines] == [VANISHED[2:]]
            case "t":
                assert [line[25:] for line in lines] == [VANISHED[2:], DISABLED[2:], FAILED[2:]]
            case "j":
                found = json.loads(text)
                assert [event["event"] for event in found] == ["vanished", "state", "status"]
                assert (found[2]["uuid"], found[2]["old"], found[2]["new"]) == ("a1", "Running", "Failed")
            case "n":
                assert lines == ["[red]old", "web", "erp"]
            case "u":
                assert text == "c3 b2 a1"
            case _:
                assert text.count("/cdp-task/") == 3
        assert len(run.app.screen_stack) == 2, "the events are open still"


@pytest.mark.parametrize("ending", ["csv", "json", "svg"])
async def test_shown_events_are_saved_in_the_order_shown(night: RecordSettings, tmp_path: Path, ending: str) -> None:
    async with events(night) as run:
        await run.press("slash", *"severity", "greater_than_sign", "equals_sign", *"warning", "enter")
        await run.press("ctrl+s")
        assert "CSV: 3 events" in run.screen
        await run.press(ending[0])
        await run.until(lambda: "Wrote" in run.screen)
        (path,) = written(tmp_path, ending)
        assert f"to ./{path.name}" in run.screen
        assert path.stat().st_mode & 0o777 == 0o600
        text = path.read_text()
    if ending == "csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert [row["text"] for row in rows] == [VANISHED[2:], DISABLED[2:], FAILED[2:]]
        assert (rows[2]["severity"], rows[2]["old"], rows[2]["cause"]) == ("critical", "Running", "")
    elif ending == "json":
        content = json.loads(text)
        assert (content["count"], content["filter"]) == (3, "severity>=warning")
        assert [event["name"] for event in content["events"]] == ["[red]old", "web", "erp"]
    else:
        assert "vanished" in text
        assert "Export as" not in text


async def test_nothing_is_copied_or_saved_when_no_event_is_shown(night: RecordSettings, tmp_path: Path) -> None:
    async with events(night) as run:
        await run.press("slash", *"nothing", "enter", "c")
        assert "No events to copy" in run.screen
        await run.press("ctrl+s")
        assert "No events to save" in run.screen
        assert not written(tmp_path, "*")
