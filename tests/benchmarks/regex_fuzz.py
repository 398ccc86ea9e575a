"""Time of random expensive regular expressions on a list with unfavourable names."""

from __future__ import annotations

import heapq
import signal
import time
from random import Random
from typing import Final

from cdptui.clock import thread_cpu_s
from cdptui.models.task_row import TaskRow
from cdptui.query.errors import QueryError
from cdptui.query.fields import QueryContext
from cdptui.query.parser import parse
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from cdptui.tasklist.filtered_rows import FilteredRows
from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.watched import open_monitor
from tests.doubles import EPOCH
from tests.unit.query.hostile_patterns import KNOWN, hostile_names, random_pattern
from tests.unit.render.rows import a_row

_PATTERNS: Final = 5000
_TASKS: Final = 1000
_SIGNALLED: Final = 10
_TASKS_ON_SCREEN: Final = 200


def slowest_pattern() -> Measured:
    """5,000 random patterns, each parsed and searched in 1,000 names of 255 unfavourable characters: the slowest.

    Processor time from the text of the filter to the list, or to the time-out, so that other processes do not count.
    The note has the longest step between two keys, and how many patterns were refused and timed out.
    """
    timed = _timed_patterns()
    longest_s, _, slowest = max(timed.searches)
    step_ms = max(step for _, step, _ in timed.searches) * 1000
    note = (
        f"{slowest[:30]!r}, longest step {step_ms:.0f} ms; of {_PATTERNS} {timed.refused} refused, "
        f"{timed.given_up} given up"
    )
    return Measured(longest_s * 1000, f"{longest_s * 1000:.0f} ms", note=note)


def end_while_a_pattern_is_searched() -> Measured:
    """From SIGTERM to the end of the process, right after each of the slowest patterns is typed; the longest of ten.

    200 tasks with names of 255 hostile characters on a real pty; the signal arrives before the list can be drawn.
    """
    node = ManagementNode(SimulatorSettings(port=0, tasks=_TASKS_ON_SCREEN))
    node.world.freeze()
    for task, name in zip(list(node.world.tasks.values()), hostile_names(_TASKS_ON_SCREEN), strict=True):
        node.world.override_fields(task.uuid, name=name)
    patterns = [
        *KNOWN[:2],
        *(slowest for _, _, slowest in heapq.nlargest(_SIGNALLED - 2, _timed_patterns(500).searches)),
    ]
    found = []
    with EmbeddedServer(node) as server:
        for pattern in patterns:
            with open_monitor(server.url) as terminal:
                terminal.wait_for(f"{_TASKS_ON_SCREEN}/{_TASKS_ON_SCREEN} tasks")
                terminal.send(f"/re:{pattern}")
                terminal.drain(0.02)
                started = time.monotonic()
                terminal.process.send_signal(signal.SIGTERM)
                assert terminal.process.wait(60) == 128 + signal.SIGTERM
                found.append(time.monotonic() - started)
                terminal.wait_for_end()
                assert terminal.is_restored
    return Measured(max(found) * 1000, f"{max(found) * 1000:.0f} ms")


class _Timed:
    """The results of a run."""

    def __init__(self) -> None:
        self.searches: list[tuple[float, float, str]] = []
        """Seconds of the whole search, of its longest step, and the pattern."""
        self.refused = 0
        self.given_up = 0


def _timed_patterns(count: int = _PATTERNS) -> _Timed:
    random, timed = Random(1), _Timed()
    fleet = [a_row(name, uuid=f"{number:032x}") for number, name in enumerate(hostile_names(_TASKS))]
    for number in range(count):
        _time_pattern(KNOWN[number] if number < len(KNOWN) else random_pattern(random), fleet, timed)
    return timed


def _time_pattern(pattern: str, fleet: list[TaskRow], timed: _Timed) -> None:
    began = last = thread_cpu_s()
    longest_step = 0.0
    try:
        selection = FilteredRows(parse(f're:"{pattern.replace(chr(92), chr(92) * 2)}"'))
    except QueryError:
        timed.refused += 1
    else:
        for _ in selection.steps(fleet, QueryContext(EPOCH, {})):
            now = thread_cpu_s()
            longest_step, last = max(longest_step, now - last), now
        timed.given_up += selection.timeout is not None
    ended = thread_cpu_s()
    timed.searches.append((ended - began, max(longest_step, ended - last), pattern))


FIGURES = (
    Figure("regex-look", "the slowest of 5,000 random patterns on hostile names", "<= 100 ms", 100, slowest_pattern),
    Figure(
        "regex-end",
        "a signal to the end, a hostile pattern typed",
        "<= 1 s",
        1000,
        end_while_a_pattern_is_searched,
    ),
)
