"""Measure the event loop of the real app, headless on a simulated node over HTTP: `python -m … URL POLLS`.

Prints JSON: the longest times for which the loop was blocked by phase, CPU seconds per poll, memory.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.monitor.connection import connect
from cdptui.tui.app import CdptuiApp
from cdptui.tui.target import Target
from tests.benchmarks.watched import held_bytes, peak_bytes

_BEAT_S = 0.001
_LOOK_S = 0.004
_HELD_S = 0.03
_PATIENCE_S = 240.0


class HeldLoop:
    """A timer that fires every millisecond on the event loop; longer gaps are other work."""

    def __init__(self) -> None:
        self.phase = "connecting"
        self.longest: dict[str, float] = {}
        self.spots: Counter[str] = Counter()
        """Samples by function of ours, taken while the loop was blocked for longer than the smaller budget."""
        self.collections: list[float] = []
        self._last = time.perf_counter()
        self._is_running = True
        self._collecting = 0.0
        self._main = threading.get_ident()
        self._looker = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Start the timer and the sampling thread."""
        gc.callbacks.append(self._collect)
        self._last = time.perf_counter()
        asyncio.get_running_loop().call_later(_BEAT_S, self._beat)
        self._looker.start()

    def stop(self) -> None:
        """Stop both."""
        self._is_running = False
        self._looker.join()
        gc.callbacks.remove(self._collect)

    def _beat(self) -> None:
        now = time.perf_counter()
        gap = now - self._last - _BEAT_S
        self.longest[self.phase] = max(gap, self.longest.get(self.phase, 0.0))
        self._last = now
        if self._is_running:
            asyncio.get_running_loop().call_later(_BEAT_S, self._beat)

    def _look(self) -> None:
        while self._is_running:
            time.sleep(_LOOK_S)
            if time.perf_counter() - self._last > _HELD_S:
                self.spots[_spot(sys._current_frames()[self._main])] += 1

    def _collect(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.perf_counter()
        else:
            self.collections.append(time.perf_counter() - self._collecting)


def _spot(frame: FrameType | None) -> str:
    """Return the innermost function of ours on a stack, or the innermost of all."""
    innermost = frame
    while frame is not None:
        if f"{os.sep}cdptui{os.sep}" in frame.f_code.co_filename:
            return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}:{frame.f_lineno}"
        frame = frame.f_back
    return "nothing" if innermost is None else f"{innermost.f_code.co_filename}:{innermost.f_lineno}"


async def watch(url: str, polls: int) -> dict[str, Any]:
    """Run the app: `polls` with the timer, then as many without it and without a pause, whose CPU is measured."""
    settings = MonitorSettings(
        base_url=normalize_url(url), auth=PasswordLogin(name="admin", password="password"), interval_s=1.0
    )
    clock = SystemClock()
    app = CdptuiApp(Target(lambda: connect(settings, clock), url, "admin", settings.interval_s), clock=clock)
    running = asyncio.create_task(app.run_async(headless=True, size=(120, 40)))
    await _until(lambda: app._running and app.screen_stack and app.screen.is_mounted and app.screen._compositor.size)
    base_bytes = held_bytes()
    held = HeldLoop()
    held.start()
    await _until(lambda: app._main._update.snapshot is not None)
    held.phase = "first load"
    await _until(lambda: app._main._update.snapshot is not None and app._main._update.snapshot.is_complete)
    held.phase = "steady"
    durations = await _polls(app, polls)
    held.stop()
    before = time.process_time()
    await _polls(app, polls, is_hurried=True)
    cpu_s = (time.process_time() - before) / polls
    app.exit()
    await running
    await app.close_connections()
    return {
        "longest_ms": {phase: round(gap * 1000, 1) for phase, gap in held.longest.items()},
        "spots": held.spots.most_common(8),
        "collection_ms": round(max(held.collections, default=0.0) * 1000, 1),
        "poll_s": durations,
        "cpu_s": cpu_s,
        "base_bytes": base_bytes,
        "peak_bytes": peak_bytes(),
    }


async def _polls(app: CdptuiApp, count: int, *, is_hurried: bool = False) -> float:
    """Wait for `count` polls, or start each as soon as possible; return the seconds of the last one."""
    for _ in range(count):
        before = app._main._update.snapshot
        if is_hurried and app.link is not None:
            app.link.monitor.refresh()
        await _until(lambda before=before: app._main._update.snapshot is not before)
    snapshot = app._main._update.snapshot
    return snapshot.duration_s if snapshot is not None else 0.0


async def _until(condition: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            message = "the app never came to that"
            raise TimeoutError(message)
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    os.environ.setdefault("TERM", "xterm-256color")
    sys.stdout.write(json.dumps(asyncio.run(watch(sys.argv[1], int(sys.argv[2])))) + "\n")
