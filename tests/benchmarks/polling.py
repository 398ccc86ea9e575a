"""The cost of a poll: time until it is on screen, and requests to the node."""

from __future__ import annotations

import math
import subprocess
from collections import Counter
from statistics import median

from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Measured, compared
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import Watched, open_monitor

_TASKS = 10_000
_ROUNDS = 7
_POLLS = 4
_FLEETS = (60, 1000, 2500, 10_000)


def painted() -> Measured:
    """A poll of 10,000 tasks, 100 of them changed: from the first byte of the first page to the list on screen.

    Seven rounds, medians: cdptui on a pty (`r` makes it poll), then a script that fetches the same pages with
    http.client and decodes them by `json.loads`. It starts when the node has the first page ready to send and ends when
    the first line shows the change that the node made for this poll. The note has the time with all tasks changed.
    """
    with SimulatorProcess(_TASKS, churn=_TASKS // 100) as simulator:
        simulator.stamp()
        with open_monitor(simulator.url, "--interval", "3600") as terminal:
            terminal.wait_for(f"{_TASKS}/{_TASKS} tasks", seconds=60)
            terminal.rest(0.5)
            ours, script = [], []
            for number in range(_ROUNDS + 1):
                times = _poll(simulator, terminal), _fetch(simulator)
                # The first round is a warm-up of both.
                ours += [times[0]] if number else []
                script += [times[1]] if number else []
            simulator.set_churn(_TASKS)
            all_changed, all_script = _poll(simulator, terminal), _fetch(simulator)
    ratio = compared(median(ours), median(script))
    return Measured(
        ratio or 0.0,
        f"{median(ours) * 1000:.0f} ms",
        f"script {median(script) * 1000:.0f} ms",
        ratio,
        f"all changed: {all_changed * 1000:.0f} ms, script {all_script * 1000:.0f} ms",
    )


def all_painted() -> Measured:
    """A poll of 10,000 tasks that all changed, while it is recorded: from the first byte to the list on screen.

    Seven rounds, medians, against the same script as for a poll with few changes.
    """
    with SimulatorProcess(_TASKS, churn=_TASKS) as simulator:
        simulator.stamp()
        with open_monitor(simulator.url, "--interval", "3600") as terminal:
            terminal.wait_for(f"{_TASKS}/{_TASKS} tasks", seconds=60)
            ours, script = [], []
            for number in range(_ROUNDS + 1):
                # Until the poll before is written: polls are ten seconds apart, or more.
                terminal.drain(3.0)
                times = _poll(simulator, terminal), _fetch(simulator)
                ours += [times[0]] if number else []
                script += [times[1]] if number else []
    ratio = compared(median(ours), median(script))
    words = (f"{median(times) * 1000:.0f} ms" for times in (ours, script))
    return Measured(ratio or 0.0, next(words), f"script {next(words)}", ratio)


def _poll(simulator: SimulatorProcess, terminal: Watched) -> float:
    stamp = f"stamp {len(simulator.polls()) + 1:05d}"
    terminal.send("r")
    painted_at = terminal.seen_at(lambda: terminal.shows(stamp))
    return painted_at - simulator.polls()[-1]


def _fetch(simulator: SimulatorProcess) -> float:
    command = [*peers.FETCH_PAGES, simulator.url, str(simulator.tasks)]
    done_at = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return done_at - simulator.polls()[-1]


def requests() -> Measured:
    """Requests to the node for each poll of n tasks in steady state, to ceil(n/1000); n = 60, 1,000, 2,500, 10,000.

    All requests count, over four polls after the names are known.
    """
    worst, words, others = 0.0, [], Counter[str]()
    for tasks in _FLEETS:
        each, paths = _requests_of(tasks)
        worst = max(worst, each / math.ceil(tasks / 1000))
        words.append(f"{each:g}")
        others += Counter(path for path in paths if not path.endswith("/cdp-task"))
    least = ", ".join(str(math.ceil(tasks / 1000)) for tasks in _FLEETS)
    return Measured(worst, ", ".join(words), f"least {least}", worst, f"others: {dict(others)}" if others else "")


def _requests_of(tasks: int) -> tuple[float, list[str]]:
    with SimulatorProcess(tasks) as simulator, open_monitor(simulator.url, "--interval", "1") as terminal:
        terminal.wait_for(f"{tasks}/{tasks} tasks", seconds=60)
        simulator.wait_for_polls(3, terminal.drain)
        simulator.forget()
        simulator.wait_for_polls(_POLLS + 1, terminal.drain)
        requests = simulator.requests()
    firsts = [at for at, (path, query) in enumerate(requests) if path.endswith("/cdp-task") and "start=0&" in query]
    paths = [path for path, _ in requests[firsts[0] : firsts[_POLLS]]]
    return len(paths) / _POLLS, paths


FIGURES = (
    Figure("poll-10k", "poll of 10,000 tasks, first byte to painted", "<= 1.5 × fetch and json.loads", 1.5, painted),
    Figure(
        "poll-all-10k",
        "poll of 10,000 tasks that all changed, recorded, first byte to painted",
        "<= 2.2 × fetch and json.loads",
        2.2,
        all_painted,
    ),
    Figure("requests", "requests per poll of 60, 1,000, 2,500, 10,000 tasks", "ceil(n/1000)", 1.0, requests),
)
