"""Wait until the event loop is idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

PATIENCE_S: Final = 60.0
"""Time limit, in seconds."""

_SOON_S: Final = 0.03
"""A timer that is due within this time counts as work: Textual draws after 17 ms, the detail pane follows the first
list after 20 ms. Repeating timers have longer periods, such as a second."""

_PAUSE_S: Final = 0.001


async def wait_for_idle(_min_sleep: float = 0.0) -> None:
    """Return when no callback is ready and no timer is due soon; AssertionError after `PATIENCE_S`.

    It replaces Textual's function of this name and has its signature.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    deadline = time.monotonic() + PATIENCE_S
    idle_passes = 0
    # The loop sees data of threads and sockets only at the beginning of its next pass.
    while idle_passes < 2:
        assert time.monotonic() < deadline, f"the event loop is never idle: {_pending(loop)}"
        await asyncio.sleep(0 if idle_passes else _PAUSE_S)
        idle_passes = 0 if _pending(loop) else idle_passes + 1


def _pending(loop: asyncio.BaseEventLoop) -> list[asyncio.Handle]:
    """Return the callbacks that are ready and the timers that are due soon."""
    ready: list[asyncio.Handle] = list(loop._ready)  # type: ignore[attr-defined]  # there is no public name for it
    timers: list[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined]  # nor for this
    soon = loop.time() + _SOON_S
    return [
        handle for handle in (*ready, *(timer for timer in timers if timer.when() < soon)) if not handle.cancelled()
    ]


@contextmanager
def exact_pilot() -> Iterator[None]:
    """Make Textual's pilot wait until the event loop is idle.

    Textual's own function compares processor time with wall time: a process that
    gets no processor time counts as idle, with all its work pending.
    """
    with patch("textual.pilot.wait_for_idle", wait_for_idle), patch("textual.app.wait_for_idle", wait_for_idle):
        yield
