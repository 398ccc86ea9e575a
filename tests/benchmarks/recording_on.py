"""What recording costs the running monitor: its start, an idle minute, the event loop, memory and a poll."""

from __future__ import annotations

import asyncio
import json
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Final

from cdptui.clock import SystemClock
from cdptui.config.recording import RecordSettings, recording_file
from cdptui.config.url import normalize_url
from cdptui.models.snapshot import Snapshot
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.monitor.recording import create_recorder
from tests.benchmarks.changing_rows import Fleet
from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.recorded_months import write_days
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import CDPTUI, Watched

_ROUNDS: Final = 15
_WINDOW_S: Final = 60.0
_LIMIT: Final = "1G"
"""Above the size of all recordings here, so that nothing is thinned meanwhile."""

_MB: Final = 2**20
_BEAT_S: Final = 0.001
_HOLD_POLLS: Final = 6
_DAY_POLLS: Final = 24 * 60


def start_1k() -> Measured:
    """Time to the first frame and to the list of 1,000 tasks, with a recording of 30 days against none.

    Medians of fifteen rounds on a pty, in which both run one after the other; the larger of the two ratios. The
    recording has the size of a real one (177 MiB), and the tasks of the node; without it, each round begins with none.
    """
    return _start(1000, 30)


def start_10k() -> Measured:
    """The same with 10,000 tasks and a recording of eight days, whose hours are read after the list."""
    return _start(10_000, 8)


def _start(tasks: int, days: int) -> Measured:
    with SimulatorProcess(tasks) as simulator, tempfile.TemporaryDirectory() as folder:
        url = normalize_url(simulator.url)
        recorded = recording_file(Path(folder, "with", "cdptui", "recordings"), url, "admin")
        recorded.parent.mkdir(parents=True, mode=0o700)
        write_days(recorded, tasks, days)
        times: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
        for number in range(_ROUNDS + 1):
            for name in times:
                state = Path(folder, name) if name == "with" else Path(folder, f"without-{number}")
                seen = _open_once(simulator.url, tasks, state)
                # The first round is a warm-up of both.
                times[name] += [seen] if number else []
    ratios = []
    words = []
    for at, what in enumerate(("frame", "list")):
        with_s, without_s = (median(seen[at] for seen in times[name]) for name in ("with", "without"))
        ratios.append(with_s / without_s)
        words.append(f"{what} {with_s * 1000:.0f} ms against {without_s * 1000:.0f} ms")
    return Measured(max(ratios), ", ".join(f"{ratio:.3f}" for ratio in ratios), note=", ".join(words))


def _open_once(url: str, tasks: int, state: Path) -> tuple[float, float]:
    """Return the seconds from the start of the monitor to its first frame, and to its list."""
    started = time.monotonic()
    with _open(url, state, "--record-limit", _LIMIT) as terminal:
        frame = terminal.seen_at(lambda: terminal.shows("connecting to|tasks"))
        listed = terminal.seen_at(lambda: terminal.shows(rf"{tasks}/{tasks} tasks"))
        terminal.send("q")
        terminal.wait_for_end()
    return frame - started, listed - started


def _open(url: str, state: Path, *options: str) -> Watched:
    environment = {"ZSTACK_PASSWORD": "password", "XDG_STATE_HOME": str(state)}
    return Watched([CDPTUI, "--url", url, *options], environment=environment)


def idle_1k() -> Measured:
    """CPU over 60 s of a monitor that records and of one that does not, in the same minute, each on a pty.

    1,000 tasks, interval 10 s, nothing changes. The measurement starts after three polls of each.
    """
    with SimulatorProcess(1000) as simulator, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        terminals = [
            stack.enter_context(_open(simulator.url, Path(folder, name), "--interval", "10", *options))
            for name, options in (("with", ()), ("without", ("--no-record",)))
        ]
        simulator.wait_for_polls(2 * 3, lambda seconds: _drain(terminals, seconds))
        _drain(terminals, 1.0)
        before = [terminal.cpu_s for terminal in terminals]
        _drain(terminals, _WINDOW_S)
        shares = [100 * (now.cpu_s - then) / _WINDOW_S for now, then in zip(terminals, before, strict=True)]
    difference = shares[0] - shares[1]
    return Measured(difference, f"{difference:+.2f} points", f"{shares[0]:.2f} % against {shares[1]:.2f} %")


def _drain(terminals: Sequence[Watched], seconds: float) -> None:
    with ThreadPoolExecutor(len(terminals)) as threads:
        list(threads.map(lambda terminal: terminal.drain(seconds), terminals))


def hold_10k() -> Measured:
    """The longest time for which recording held an event loop that does nothing else, beyond a timer's millisecond.

    Six polls of 10,000 tasks, of which all changed, at the pace of the writer thread, after one that is not measured.
    The peer is the same loop before the recording, in which only the machine holds it.
    """
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_hold(Path(folder)))


async def _hold(folder: Path) -> Measured:
    fleet, clock = Fleet(10_000), SystemClock()
    polls = [fleet.next_rows(is_all_changed=True) for _ in range(_HOLD_POLLS + 1)]
    recorder = create_recorder(RecordSettings(folder / "node.sqlite", 1 << 30, "node", "admin"), clock)
    idle_s = await _longest_hold(lambda: asyncio.sleep(2.0))
    recorder.start()

    async def record(some: Sequence[Any]) -> None:
        for rows in some:
            recorder.record(_snapshot(rows, clock), rows)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(_wait_until_empty, recorder._queue)
        await asyncio.sleep(1.0)

    await record(polls[:1])
    held_s = await _longest_hold(lambda: record(polls[1:]))
    await asyncio.to_thread(recorder.close, 10.0)
    return Measured(held_s * 1000, f"{held_s * 1000:.1f} ms", f"an idle loop {idle_s * 1000:.1f} ms")


def _wait_until_empty(waiting: queue.Queue[Any]) -> None:
    while not waiting.empty():
        time.sleep(0.05)


async def _longest_hold(work: Any) -> float:
    """Return the longest delay of a timer of a millisecond while something is done."""
    task = asyncio.ensure_future(work())
    longest, last = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(_BEAT_S)
        now = time.perf_counter()
        longest, last = max(longest, now - last - _BEAT_S), now
    return longest


def _snapshot(rows: Sequence[Any], clock: SystemClock) -> Snapshot:
    tasks = tuple(row.task for row in rows)
    return Snapshot(tasks, len(tasks), True, clock.now(), clock.monotonic(), 0.1)


def forecast_slices() -> Measured:
    """The longest time for which the event loop was held by the poll in which an hour ends, with 10,000 tasks.

    Every task has eight days of hours, and all forecasts are computed in this poll. The note has the time of the poll.
    """
    return asyncio.run(_slices())


async def _slices() -> Measured:
    clock, fleet, tracker = SystemClock(), Fleet(10_000), FleetTracker(SystemClock())
    rows = fleet.next_rows()
    start_s = time.time() // 3600 * 3600 - 5.0
    hour = int(start_s // 3600)
    for row in rows:
        tracker._hours.restore(row.task.uuid, [(hour - 192 + at, at << 24) for at in range(193)])
    seconds = []
    for wait_s in (0.0, 10.0):
        tasks = tuple(row.task for row in rows)
        at = datetime.fromtimestamp(start_s + wait_s, UTC)
        snapshot = Snapshot(tasks, len(tasks), True, at, clock.monotonic() + wait_s, 0.1)
        began = time.perf_counter()
        held_s = await _longest_hold(lambda snapshot=snapshot: tracker.apply_snapshot(snapshot, 60.0))
        seconds.append(time.perf_counter() - began)
    return Measured(held_s * 1000, f"{held_s * 1000:.1f} ms", note=f"the poll {seconds[-1] * 1000:.0f} ms")


def memory_1k() -> Measured:
    """Peak memory of a process with a recorder against one without, after a simulated day of 1,000 tasks.

    Polls of 60 s, in which every RPO and a fifth of the used capacities changed, as often as the server refreshes them.
    """
    on, off = _child("on"), _child("off")
    more = (on["peak_bytes"] - off["peak_bytes"]) / _MB
    return Measured(
        more, f"{more:+.1f} MB", f"{on['peak_bytes'] / _MB:.0f} MB against {off['peak_bytes'] / _MB:.0f} MB"
    )


@cache
def _child(mode: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.recorded_day", mode]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


FIGURES = (
    Figure("record-start-1k", "start with 30 days recorded against none, 1,000 tasks", "<= 1.03 ×", 1.03, start_1k),
    Figure("record-start-10k", "start with 8 days recorded against none, 10,000 tasks", "<= 1.03 ×", 1.03, start_10k),
    Figure("record-idle-1k", "idle CPU with recording against without, 1,000 tasks", "<= +0.1 points", 0.1, idle_1k),
    Figure("record-hold-10k", "hold of the event loop by recording, 10,000 tasks changing", "<= 5 ms", 5, hold_10k),
    Figure("record-memory-1k", "memory of recording, 1,000 tasks, a day", "<= +6 MB", 6, memory_1k),
    Figure("forecast-slices", "hold of the event loop by 10,000 forecasts", "<= 5 ms", 5, forecast_slices),
)
