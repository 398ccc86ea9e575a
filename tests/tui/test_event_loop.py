"""Pilot tests wait until the work is done, not until the process gets no processor time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
import textual._wait
from textual.app import App
from textual.events import Key

from tests.tui.event_loop import wait_for_idle


class WorkInSteps:
    """Work whose steps take wall time without processor time, as on a busy machine."""

    def __init__(self, schedule: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], object]) -> None:
        self.steps_left = 10
        self._schedule = schedule

    def step(self) -> None:
        time.sleep(0.03)
        self.steps_left -= 1
        if self.steps_left:
            self._schedule(asyncio.get_running_loop(), self.step)


STEPS: dict[str, Callable[[asyncio.AbstractEventLoop, Callable[[], None]], object]] = {
    "callbacks": lambda loop, step: loop.call_soon(step),
    "callbacks of threads": lambda loop, step: loop.call_soon_threadsafe(step),
    "short timers": lambda loop, step: loop.call_later(0.015, step),
}


@pytest.mark.parametrize("schedule", STEPS.values(), ids=STEPS)
async def test_wait_of_starved_process_ends_after_last_step(
    schedule: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], object],
) -> None:
    work = WorkInSteps(schedule)
    work.step()
    await textual._wait.wait_for_idle(0)
    assert work.steps_left, "Textual's own function must take this process for idle"
    await wait_for_idle()
    assert work.steps_left == 0


async def test_wait_does_not_wait_for_distant_timers() -> None:
    loop = asyncio.get_running_loop()
    fired: list[bool] = []
    timers = [loop.call_later(600, fired.append, True), loop.call_later(0.005, fired.append, True)]
    timers[1].cancel()
    await wait_for_idle()
    assert not fired
    timers[0].cancel()


class SlowApp(App[None]):
    """An app that takes long for each key without using the processor."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: list[str] = []

    def on_key(self, event: Key) -> None:
        time.sleep(0.1)
        self.handled.append(event.key)


async def test_pilot_returns_when_keys_are_handled() -> None:
    app = SlowApp()
    async with app.run_test() as pilot:
        for count in range(1, 4):
            await pilot.press("x")
            assert len(app.handled) == count
