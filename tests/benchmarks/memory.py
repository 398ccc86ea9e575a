"""Memory of the monitor after hours and days."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from statistics import linear_regression, mean, median
from typing import Any

from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import open_monitor

_MB = 2**20
_POLLS = {1000: 24, 10_000: 6, 100_000: 3}
"""Complete polls at the end of the day, by fleet size; they take longer in a large fleet."""

_PAGE = resource.getpagesize()

_T_OF_FIVE = 3.18
"""Student's t for 95 % and a line through five points."""


def peak_1k() -> Measured:
    """Peak memory (VmHWM) with 1,000 tasks after 24 simulated hours, or on a real pty, whichever is larger.

    In simulated time: client, monitor, series and screen (headless) in a separate process, all tasks change every five
    minutes; a replacement of the socket encodes each page on request and stores none. The changes of the first 22 hours
    are written to the series directly (computing the growth of each would take hours); the last polls are complete.
    On the pty: the installed cdptui over HTTP, all tasks changing, five polls. Both are in the note.
    """
    return _peak(1000)


def peak_10k() -> Measured:
    """The same with 10,000 tasks; the series are thinned to 150 changes a task; the last six polls are complete."""
    return _peak(10_000)


def peak_100k() -> Measured:
    """The same with 100,000 tasks; the series are thinned to 24 changes a task; the last three polls are complete."""
    return _peak(100_000)


def _peak(tasks: int) -> Measured:
    day = _child("day", str(tasks), str(_POLLS[tasks]))["peak_bytes"] / _MB
    with (
        SimulatorProcess(tasks, churn=tasks) as simulator,
        open_monitor(simulator.url, "--interval", "1") as terminal,
    ):
        simulator.wait_for_polls(5, terminal.drain, seconds=300)
        on_pty = terminal.peak_bytes / _MB
    peak = max(day, on_pty)
    return Measured(
        peak, f"{peak:.0f} MB", note=f"a simulated day {day:.0f} MB, on a pty after five polls {on_pty:.0f} MB"
    )


def week() -> Measured:
    """Memory over 7 simulated days: 60,480 polls of 1,000 tasks through the real monitor, series, screen (headless).

    A scripted node and a stepped clock; each poll is drawn before the next. 33 tasks change each poll (each of them
    every five minutes), one is removed and one added each hour. Memory (VmRSS after a collection) is read once a
    simulated hour. The figure is the slope through the medians of the last five days relative to the slope that chance
    (95 %, Student's t for five points) and rounding to whole pages can explain: up to 1 is indistinguishable from 0. A
    week that takes longer than half a real hour exceeds the budget.
    """
    found = _child("week")
    hours: list[list[float]] = found["hours"]
    days = len(hours) / 24
    if days < 7:
        words = f"day {days:.1f} after {found['took_s']:.0f} s"
        note = f"{found['took_s'] / found['polls'] * 1000:.0f} ms a poll; {hours[-1][1] / _MB:.1f} MB then"
        return Measured(math.inf, words, note=note)
    held, blocks = (
        [median(hour[at] for hour in hours[day * 24 : day * 24 + 24]) for day in range(2, 7)] for at in (1, 2)
    )
    share = _share_of_chance(held, _PAGE)
    per_day = linear_regression(range(5), held).slope / 1024
    note = (
        f"{held[0] / _MB:.1f} MB on day 3, {held[-1] / _MB:.1f} MB on day 7;"
        f" blocks {blocks[0]:.0f}, {blocks[-1]:.0f} ({_share_of_chance(blocks):.1f} of chance);"
        f" {found['took_s'] / found['polls'] * 1000:.1f} ms a poll"
    )
    return Measured(share, f"{per_day:+.1f} KB/day", "chance, whole pages", share, note)


def _share_of_chance(values: Sequence[float], step: float = 0.0) -> float:
    """Return the slope of five values, multiples of `step`, relative to the largest that chance explains.

    >>> _share_of_chance([1, 1, 1, 1, 1])
    0.0
    >>> _share_of_chance([1, 2, 3, 4, 5])
    inf
    >>> _share_of_chance([0, 0, 4096, 4096, 4096], 4096) < 1 < _share_of_chance([0, 4096, 8192, 12288, 16384], 4096)
    True
    """
    slope, intercept = linear_regression(range(len(values)), values)
    if not slope:
        return 0.0
    middle = mean(range(len(values)))
    squares = sum((value - intercept - slope * x) ** 2 for x, value in enumerate(values))
    spread = sum((x - middle) ** 2 for x in range(len(values)))
    by_rounding = sum(abs(x - middle) for x in range(len(values))) * step / 2 / spread
    by_chance = by_rounding + _T_OF_FIVE * math.sqrt(squares / (len(values) - 2) / spread)
    return abs(slope) / by_chance if by_chance else math.inf


@cache
def _child(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.simulated_time", *arguments]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


FIGURES = (
    Figure("memory-1k", "peak memory, 1,000 tasks after 24 h", "<= 70 MB", 70, peak_1k),
    Figure("memory-10k", "peak memory, 10,000 tasks after 24 h", "<= 120 MB", 120, peak_10k),
    Figure("memory-100k", "peak memory, 100,000 tasks after 24 h", "<= 450 MB", 450, peak_100k),
    Figure("memory-week", "memory after 7 simulated days", "slope indistinguishable from 0", 1.0, week),
)
