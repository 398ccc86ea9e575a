"""Time to the first frame and to the list."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from statistics import median
from typing import NamedTuple

from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Measured, compared
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import Watched, open_monitor

_ROUNDS = 15
_TASKS = 1000


class _Starts(NamedTuple):
    """Medians in seconds from exec to the screen; None for a missing program."""

    label: float
    frame: float
    listed: float
    glances: float | None


def first_frame() -> Measured:
    """From exec to the first frame: the installed cdptui, a Textual app with one label, and glances, each on a pty.

    Medians of fifteen rounds, in which the programs run one after the other. The time that the harness needs to start a
    process (measured with `echo`) is subtracted. Files are in the page cache and byte code is compiled by a first round
    that does not count.
    """
    starts = _starts()
    glances = "glances is missing" if starts.glances is None else f"glances {_ms(starts.glances)}"
    ratio = compared(starts.frame, starts.label)
    beats = starts.glances is None or starts.frame < starts.glances
    note = "" if beats else "glances is faster"
    return Measured(ratio or 0.0, _ms(starts.frame), f"one label {_ms(starts.label)}, {glances}", ratio, note)


def full_list() -> Measured:
    """From exec to the list of 1,000 tasks with its header, in the same rounds as the first frame.

    The simulator is warm: it has answered the same pages before.
    """
    starts = _starts()
    ratio = compared(starts.listed, starts.label)
    return Measured(ratio or 0.0, _ms(starts.listed), f"one label {_ms(starts.label)}", ratio)


@cache
def _starts() -> _Starts:
    times: dict[str, list[float]] = {name: [] for name in ("echo", "label", "frame", "listed", "glances")}
    with SimulatorProcess(_TASKS) as simulator:
        for number in range(_ROUNDS + 1):
            found = _round(simulator.url)
            for name in found if number else ():
                times[name].append(found[name])
    echo = median(times["echo"])
    glances = median(times["glances"]) - echo if times["glances"] else None
    label, frame, listed = (median(times[name]) - echo for name in ("label", "frame", "listed"))
    return _Starts(label, frame, listed, glances)


def _round(url: str) -> dict[str, float]:
    found = {}
    found["echo"] = _first(lambda: Watched(["echo", "ready"]), ["ready"])[0]
    found["label"] = _first(lambda: Watched(peers.LABEL_APP), ["one label"])[0]
    found["frame"], found["listed"] = _first(
        lambda: open_monitor(url), ["connecting to|tasks", rf"{_TASKS}/{_TASKS} tasks"]
    )
    start = time.monotonic()
    glances = peers.glances()
    if glances is not None:
        with glances:
            found["glances"] = glances.seen_at(lambda: glances.shows("CPU")) - start
    return found


def _first(start: Callable[[], Watched], patterns: Sequence[str]) -> list[float]:
    """Return the seconds from the start until the screen showed each of `patterns`."""
    started = time.monotonic()
    with start() as terminal:
        return [terminal.seen_at(lambda pattern=pattern: terminal.shows(pattern)) - started for pattern in patterns]  # type: ignore[misc]  # bound now


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


FIGURES = (
    Figure("startup-frame", "exec to first frame", "<= 1.2 × a one-label app", 1.2, first_frame),
    Figure("startup-list", "exec to list of 1,000 tasks", "<= 1.9 × a one-label app", 1.9, full_list),
)
