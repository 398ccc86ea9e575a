"""CPU of an idle monitor."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Measured, compared
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import Watched, open_monitor

_WINDOW_S = 60.0


def still_1k() -> Measured:
    """CPU of the process (user and system, all threads, /proc/PID/stat) over 60 s of real time on a pty.

    1,000 tasks, interval 10 s, nothing changes, the age of the data ticks. The measurement starts after the third
    poll. The peers are `htop -d 100` and `glances -t 10` in the same minute, each on a pty of the same size.
    """
    return _idle(1000, churn=0)


def changing_10k() -> Measured:
    """The same with 10,000 tasks, 100 of which change each poll: used capacity and RPO, so that rows move too."""
    return _idle(10_000, churn=100)


def _idle(tasks: int, churn: int) -> Measured:
    with ExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(tasks, churn))
        ours = stack.enter_context(open_monitor(simulator.url, "--interval", "10"))
        ours.wait_for(f"{tasks}/{tasks} tasks", seconds=60)
        found = {"htop": peers.htop(), "glances": peers.glances()}
        others = {name: stack.enter_context(peer) for name, peer in found.items() if peer is not None}
        terminals = [ours, *others.values()]
        _read_all(terminals, 1.0)
        simulator.wait_for_polls(3, lambda seconds: _read_all(terminals, seconds))
        _read_all(terminals, 1.0)
        before = [terminal.cpu_s for terminal in terminals]
        _read_all(terminals, _WINDOW_S)
        shares = [(now.cpu_s - then) / _WINDOW_S for now, then in zip(terminals, before, strict=True)]
        peak_bytes = ours.peak_bytes
    by_name = dict(zip(others, shares[1:], strict=True))
    peer = ", ".join(f"{name} {by_name[name]:.2%}" if name in by_name else f"{name} is missing" for name in found)
    ratio = compared(shares[0], by_name["htop"]) if "htop" in by_name else None
    return Measured(shares[0] * 100, f"{shares[0]:.2%}", peer, ratio, f"peak memory {peak_bytes / 2**20:.0f} MB")


def _read_all(terminals: Sequence[Watched], seconds: float) -> None:
    with ThreadPoolExecutor(len(terminals)) as threads:
        list(threads.map(lambda terminal: terminal.drain(seconds), terminals))


FIGURES = (
    Figure("idle-1k", "idle CPU: 1,000 tasks, nothing changing", "<= 0.5 % of a core", 0.5, still_1k),
    Figure("idle-10k", "idle CPU: 10,000 tasks, 1 % changing each poll", "<= 3 %", 3.0, changing_10k),
)
