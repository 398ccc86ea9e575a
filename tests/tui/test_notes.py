"""Notes about tasks: written with a key, kept in the recording, shown in the events, the history and the handover."""

from __future__ import annotations

from datetime import UTC

import pytest

from cdptui.config.recording import RecordSettings
from cdptui.config.user import user_name
from cdptui.history.recordings import newest_events
from cdptui.models.event import Event, EventKind
from cdptui.tui.widgets.detail_pane import DetailPane
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import running, showing
from tests.tui.test_absence import HandClock, recorded, start
from tests.tui.test_time_machine import INCIDENT, begin, fleets

__all__ = ["recorded"]


def notes(record: RecordSettings) -> list[Event]:
    """Return the notes in the recording."""
    return [event for event in newest_events(record.file, 100) if event.kind is EventKind.NOTE]


async def test_note_is_kept_and_shown(recorded: RecordSettings) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await begin(run, clock, recorded, 4)
        assert run.cursor == "uuid-of-erp"
        await run.press("n", *"disk [ordered]", "enter")
        assert "Note on erp kept" in run.notice
        await run.until(lambda: notes(recorded))
        (note,) = notes(recorded)
        assert (note.task_uuid, note.name, note.old, note.new) == ("uuid-of-erp", "erp", user_name(), "disk [ordered]")
        await run.press("e")
        await run.until(lambda: f"erp: note of {user_name()}: disk [ordered]" in run.screen)
        await run.press("slash", *"event=note", "enter")
        await run.until(lambda: "Running → Failed" not in run.screen)
        await run.press("escape", "escape", "tab", "right")
        await run.until(lambda: "disk [ordered]" in run.text_of(DetailPane))


@pytest.mark.parametrize("keys", [("n", "escape"), ("n", "enter"), ("n", " ", " ", "enter")])
async def test_no_note_is_kept_without_text(recorded: RecordSettings, keys: tuple[str, ...]) -> None:
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await run.press(*keys)
        assert len(run.app.screen_stack) == 1
        assert "kept" not in run.notice
        assert notes(recorded) == []


async def test_note_is_refused_where_it_could_not_be_kept(recorded: RecordSettings) -> None:
    async with showing([a_task()]) as run:
        await run.press("n")
        assert "Not recording now, so no note can be kept" in run.notice
    clock = HandClock()
    async with running(ScriptedNode(*fleets(INCIDENT)), record=recorded, clock=clock, zone=UTC) as run:
        await start(run)
        await run.press("T", "n")
        assert "Not recording now, so no note can be kept" in run.notice
