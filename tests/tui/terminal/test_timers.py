"""Timers of the app on a busy machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
import textual.timer
from textual.geometry import Size

from tests.doubles import a_task
from tests.tui.running import Running, showing

TIMER = "set_timer"
"""Begin of the name of the task of a timer that is called once."""

_get_time: Callable[[], float] = textual.timer._time.get_time  # type: ignore[attr-defined]  # Textual's clock


@pytest.fixture
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the process for a second at each moment at which a timer of the app reads the clock."""
    interrupted_s = 0.0

    def get_time() -> float:
        nonlocal interrupted_s
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith(TIMER):
            interrupted_s += 1.0
        return _get_time() + interrupted_s

    monkeypatch.setattr(textual.timer._time, "get_time", get_time)  # type: ignore[attr-defined]  # Textual's clock


def is_laid_out(run: Running, size: Size) -> bool:
    return run.app.screen.size == size and run.fits


@pytest.mark.usefixtures("busy_machine")
async def test_timer_of_the_app_is_never_skipped() -> None:
    async with showing([a_task("erp")]) as run:
        called = asyncio.Event()
        run.app.set_timer(0.01, called.set)
        await asyncio.wait_for(called.wait(), 60)


@pytest.mark.usefixtures("busy_machine")
async def test_window_can_be_resized_after_the_process_was_interrupted() -> None:
    async with showing([a_task("erp")]) as run:
        for size in (Size(100, 30), Size(90, 20), Size(120, 40)):
            await run.resize(*size)
            await run.until(partial(is_laid_out, run, size))
