"""The time machine's controller: leaving while a moment is read, and coming back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from cdptui.monitor.past_source import PastSource
from cdptui.monitor.past_view import PastView
from cdptui.monitor.update import Update
from cdptui.tui.controllers.time_travel import TimeTravelController
from tests.doubles import FakeClock
from tests.unit.history.recorded import NOW_MS, poll, record, task

MINUTE_MS = 60_000


class Host:
    """A screen that notes what it is told."""

    def __init__(self) -> None:
        self.shown: list[int | str] = []
        self.notices: list[str] = []
        self.present = Update(snapshot=None)

    def show_past(self, view: PastView, update: Update) -> None:
        self.shown.append((view.moment_ms - NOW_MS) // MINUTE_MS)

    def show_present(self) -> None:
        self.shown.append("present")

    def past_changed(self) -> None:
        pass

    def show_notice(self, notice: str) -> None:
        self.notices.append(notice)


class Travel:
    """A controller on a recording of five minutes, and the work that it has started."""

    def __init__(self, path: Path) -> None:
        self.host = Host()
        self.work: list[asyncio.Task[None]] = []
        self.controller = TimeTravelController(
            self.host, FakeClock(), None, self._start, lambda: None, has_present=True
        )
        self.controller.set_source(PastSource(path, None))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.work.append(asyncio.get_running_loop().create_task(work))

    async def finish(self) -> None:
        while any(not task.done() for task in self.work):
            await asyncio.gather(*self.work)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS + number * MINUTE_MS, task("a1", used=number)) for number in range(5)])
    return path


@pytest.mark.parametrize("rounds", range(12))
async def test_leaving_while_a_moment_is_read_shows_the_present(path: Path, rounds: int) -> None:
    travel = Travel(path)
    travel.controller.toggle()
    travel.controller.move_poll(-1)
    # Each time at another moment of the reading, which is done in a thread.
    for _ in range(rounds):
        await asyncio.sleep(0.001)
    travel.controller.leave()
    await travel.finish()
    assert travel.host.shown[-1] == "present"
    assert not travel.host.notices
    assert not travel.controller.is_active


async def test_coming_back_at_once_shows_the_moment(path: Path) -> None:
    travel = Travel(path)
    for _ in range(3):
        travel.controller.toggle()
        await asyncio.sleep(0)
        travel.controller.leave()
    travel.controller.toggle()
    travel.controller.move_poll(-1)
    await travel.finish()
    assert travel.host.shown[-1] == 3
    travel.controller.leave()
    await travel.finish()


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    (tmp_path / "damaged.sqlite").write_bytes(b"no database" * 1000)
    return tmp_path / "damaged.sqlite"


async def test_recording_that_cannot_be_read_is_said_and_left(damaged: Path) -> None:
    travel = Travel(damaged)
    travel.controller.toggle()
    await travel.finish()
    assert travel.host.shown == ["present"]
    (notice,) = travel.host.notices
    assert notice.startswith("The recording cannot be read: ")


async def test_all_moves_that_wait_are_obeyed(path: Path) -> None:
    travel = Travel(path)
    moves: list[Callable[[], None]] = [
        travel.controller.toggle,
        *[lambda: travel.controller.move_poll(-1)] * 3,
        lambda: travel.controller.move_poll(1),
    ]
    for move in moves:
        move()
    await travel.finish()
    assert travel.host.shown == [2]
    travel.controller.leave()
    await travel.finish()
