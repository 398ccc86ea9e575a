"""Latency of keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from random import Random
from statistics import median

from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import HEADINGS, Watched, open_monitor

_KEYS = 300
_PAUSES_S = (0.02, 0.06)
_PAGE_DOWN, _PAGE_UP = "\x1b[6~", "\x1b[5~"
_AWAY_FROM_THE_TOP = 5
_SORTS = 11
_ROUNDS = 4
_WORD = "rp"
"""Each letter typed or deleted changes the number of matching tasks."""
_DELETE = "\x7f"
_QUIET_S = 0.1
"""Time without output after which the effect of a key is complete and no poll is being drawn."""


def keys_10k() -> Measured:
    """From the write of a key to the last byte of its repaint, 99th percentile of 300 keys, 10,000 tasks.

    On a pty, at random times while the monitor polls almost without a pause (interval 1 s, 100 tasks change each poll).
    Cursor down and up, one in ten a page; complete when the cursor is on another task, the detail pane has its title,
    and there is no output for 3 ms.
    """
    return _keys(10_000)


def keys_100k() -> Measured:
    """The same with 100,000 tasks, of which 1,000 change each poll."""
    return _keys(100_000)


def _keys(tasks: int) -> Measured:
    random, found = Random(1), []
    with (
        SimulatorProcess(tasks, churn=tasks // 100) as simulator,
        open_monitor(simulator.url, "--interval", "1") as terminal,
    ):
        terminal.wait_for(f"{tasks}/{tasks} tasks", seconds=120)
        simulator.wait_for_polls(3, terminal.drain)
        for _ in range(_AWAY_FROM_THE_TOP):
            # The cursor follows its task when rows move: at the top a key would have no effect.
            _answered(terminal, _PAGE_DOWN, _is_on_another_task(terminal))
        polls = len(simulator.polls())
        for key in _keys_in_turn():
            terminal.drain(random.uniform(*_PAUSES_S))
            found.append(_answered(terminal, key, _is_on_another_task(terminal)))
        polls = len(simulator.polls()) - polls
    found.sort()
    p99 = found[int(len(found) * 0.99)]
    note = f"median {median(found) * 1000:.1f} ms, longest {found[-1] * 1000:.0f} ms, {polls} polls"
    return Measured(p99 * 1000, f"{p99 * 1000:.0f} ms", note=note)


def _keys_in_turn() -> Iterator[str]:
    for number in range(_KEYS):
        is_page, is_down = number % 10 == 9, number // 20 % 2 == 0
        yield (_PAGE_DOWN if is_down else _PAGE_UP) if is_page else ("j" if is_down else "k")


def _is_on_another_task(terminal: Watched) -> Callable[[], bool]:
    before = terminal.cursor_name
    return lambda: terminal.cursor_name not in ("", before) and terminal.detail_name == terminal.cursor_name


def _answered(terminal: Watched, key: str, is_done: Callable[[], bool]) -> float:
    """Return the seconds from the write of the key to the end of the output after which `is_done` is true."""
    sent = time.monotonic()
    terminal.send(key)
    return terminal.seen_at_rest(is_done, quiet_s=_QUIET_S) - sent


def sort_10k() -> Measured:
    """From the key to the list of 10,000 tasks drawn in another order, median of eleven keys, no poll in flight.

    The keys `>` (each column in turn). Complete when the footer names the order, which is drawn with the list.
    """
    found = []
    with SimulatorProcess(10_000) as simulator, open_monitor(simulator.url, "--interval", "3600") as terminal:
        terminal.wait_for("10000/10000 tasks", seconds=60)
        terminal.rest(0.5)
        for _ in range(_SORTS):
            before = terminal.lines[-1], terminal.lines[HEADINGS]
            found.append(_answered(terminal, ">", lambda: (terminal.lines[-1], terminal.lines[HEADINGS]) != before))  # noqa: B023 - called before the next round
            terminal.rest()
    middle = median(found) * 1000
    return Measured(middle, f"{middle:.0f} ms", note=f"longest {max(found) * 1000:.0f} ms")


def filter_10k() -> Measured:
    """From a key in the filter to the filtered list of 10,000 tasks on screen, median, no poll in flight.

    A word is typed letter by letter and deleted again, four times. Complete when the count beside the field has
    changed, which is drawn with the list. VM names are loaded meanwhile, because a word may match them.
    """
    found = []
    with SimulatorProcess(10_000) as simulator, open_monitor(simulator.url, "--interval", "3600") as terminal:
        terminal.wait_for("10000/10000 tasks", seconds=60)
        terminal.send("/")
        terminal.wait_for("10000 of 10000")
        for key in (*_WORD, *(_DELETE for _ in _WORD)) * _ROUNDS:
            terminal.drain(_PAUSES_S[1])
            before = _count_line(terminal)
            found.append(_answered(terminal, key, lambda: _count_line(terminal) not in {"", before}))  # noqa: B023 - called before the next round
    middle = median(found) * 1000
    return Measured(middle, f"{middle:.0f} ms", note=f"longest {max(found) * 1000:.0f} ms of {len(found)} keys")


def _count_line(terminal: Watched) -> str:
    """Return the count beside the filter."""
    found = re.search(r"(\d+ of 10000)", terminal.text)
    return found[1] if found is not None else ""


FIGURES = (
    Figure("keys-10k", "key to complete repaint, p99, 10,000 tasks", "<= 30 ms", 30, keys_10k),
    Figure("keys-100k", "key to complete repaint, p99, 100,000 tasks", "<= 80 ms", 80, keys_100k),
    Figure("filter-10k", "a key in the filter of 10,000 tasks to painted", "<= 50 ms", 50, filter_10k),
    Figure("sort-10k", "re-sort of 10,000 tasks to painted", "<= 50 ms", 50, sort_10k),
)
