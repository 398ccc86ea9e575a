"""Time to exit."""

from __future__ import annotations

import signal
import time

from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import open_monitor

_ROUNDS = 9
_TASKS = 60


def end_beside_a_node_that_hangs() -> Measured:
    """From SIGTERM to the end of the process, while the node answers no request: the longest of nine.

    The terminal must be restored. A poll is in flight: one starts each second, and the node did not answer for two.
    """
    found = []
    for _ in range(_ROUNDS):
        with SimulatorProcess(_TASKS) as simulator, open_monitor(simulator.url, "--interval", "1") as terminal:
            terminal.wait_for(f"{_TASKS}/{_TASKS} tasks")
            simulator.stand_still()
            terminal.drain(2.0)
            started = time.monotonic()
            terminal.process.send_signal(signal.SIGTERM)
            terminal.process.wait()
            found.append(time.monotonic() - started)
            terminal.wait_for_end()
            assert terminal.is_restored
    return Measured(max(found) * 1000, f"{max(found) * 1000:.0f} ms")


FIGURES = (
    Figure("end-hang", "a signal to the end, the node answers nothing", "<= 1 s", 1000, end_beside_a_node_that_hangs),
)
