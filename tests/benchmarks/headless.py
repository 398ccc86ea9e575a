"""How long the event loop is blocked, and how the cost grows with the size of the fleet."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import cache
from typing import Any

from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.simulator_process import SimulatorProcess

_SMALL, _LARGE = 10_000, 100_000
_POLLS = {_SMALL: 12, _LARGE: 5}
_MIB = 2**20
_BEAT_S = 0.001


def hold_10k() -> Measured:
    """The longest time for which the event loop was blocked, from the first frame through the load and 12 polls.

    The real app headless at 120x40 in a process of its own, 10,000 tasks over HTTP from the simulator in another,
    interval 1 s, 100 tasks change each poll. A timer fires every millisecond on the app's own loop; the figure is the
    longest time between two ticks beyond that millisecond, so that garbage collections, threads that hold the GIL and
    other processes count too. The peer is the same measurement in an idle process at the same time, which shows what
    the machine alone causes. The note has the times by phase, and the functions in which the loop was blocked for over
    30 ms (samples by a second thread). The time before the first frame is measured by `startup-frame`. The cost of a
    terminal (screen buffer, writes) is not included.
    """
    return _hold(_SMALL)


def hold_100k() -> Measured:
    """The same with 100,000 tasks, 1,000 changes each poll, 5 polls."""
    return _hold(_LARGE)


def growth() -> Measured:
    """CPU seconds per poll, and memory, at 100,000 tasks relative to 10,000; the larger of the two ratios.

    The same processes as for the blocked loop; CPU of the whole process over as many further polls without the timer,
    with 1 % of the tasks changing, without a pause between them, so that the clock on screen does not count. Memory is
    the peak beyond the memory at the first frame.
    """
    small, large = _watch(_SMALL), _watch(_LARGE)
    cpu = large["cpu_s"] / small["cpu_s"]
    memory = _beyond_base(large) / _beyond_base(small)
    note = (
        f"a poll {small['cpu_s'] * 1000:.0f} ms CPU, {large['cpu_s'] * 1000:.0f} ms;"
        f" {_beyond_base(small) / _MIB:.0f} MB beyond the first frame, {_beyond_base(large) / _MIB:.0f} MB"
    )
    return Measured(max(cpu, memory), f"CPU {cpu:.1f}, memory {memory:.1f}", "linear: 10", max(cpu, memory) / 10, note)


def _hold(tasks: int) -> Measured:
    found = _watch(tasks)
    longest: dict[str, float] = found["longest_ms"]
    worst = max(longest.values())
    phases = ", ".join(f"{phase} {gap:.0f} ms" for phase, gap in longest.items())
    spots = ", ".join(f"{name} ({samples})" for name, samples in found["spots"])
    note = (
        f"{phases}; longest collection {found['collection_ms']} ms; last poll {found['poll_s']:.2f} s; held in {spots}"
    )
    machine = f"an idle process meanwhile {found['machine_ms']:.0f} ms"
    return Measured(worst, f"{worst:.0f} ms", machine, note=note)


@cache
def _watch(tasks: int) -> dict[str, Any]:
    with SimulatorProcess(tasks, churn=tasks // 100) as simulator:
        command = [sys.executable, "-m", "tests.benchmarks.headless_watch", simulator.url, str(_POLLS[tasks])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            late_ms = _latest_beat_ms(watching)
            output, error_output = watching.communicate()
    assert watching.returncode == 0, error_output[-2000:]
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return {**found, "machine_ms": late_ms}


def _latest_beat_ms(watching: subprocess.Popen[str]) -> float:
    """Return the longest delay of the same timer in an idle process, which the machine causes."""
    latest = 0.0
    while watching.poll() is None:
        start = time.perf_counter()
        time.sleep(_BEAT_S)
        latest = max(latest, time.perf_counter() - start - _BEAT_S)
    return latest * 1000


def _beyond_base(found: dict[str, Any]) -> float:
    return float(found["peak_bytes"] - found["base_bytes"])


FIGURES = (
    Figure("hold-10k", "longest hold of the event loop, 10,000 tasks", "<= 30 ms", 30, hold_10k),
    Figure("hold-100k", "longest hold of the event loop, 100,000 tasks", "<= 80 ms", 80, hold_100k),
    Figure("growth", "growth from 10,000 to 100,000 tasks, CPU and memory", "<= 11", 11, growth),
)
