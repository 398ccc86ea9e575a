"""Bytes written to the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from statistics import median
from typing import NamedTuple

from tests.benchmarks import peers
from tests.benchmarks.figures import Figure, Measured, compared
from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import BODY, Watched, bytes_on, open_monitor

_TASKS = 1000
_WINDOW_S = 60.0
_INTERVAL_S = 10.0
_ROUNDS = 11
_ALL_LINES = range(40)


class _Traffic(NamedTuple):
    """Bytes per minute, and the number of refreshes."""

    still: int
    """Nothing changes, a poll every three seconds."""
    still_polls: int
    ticking: int
    """Nothing changes, no poll."""
    changing: int
    """Ten of a thousand tasks change each poll, every ten seconds."""
    changing_polls: int
    htop: int | None


def unchanged_poll() -> Measured:
    """Bytes of a poll without changes, beyond those of clock and age: 1,000 tasks, 120x40, detail pane open (default).

    Two cdptui run for the same minute, one polls every 3 s, the other never; the figure is the difference per poll. It
    contains the duration of the poll, the age that restarts, and the growing sparkline.
    """
    traffic = _traffic()
    each = (traffic.still - traffic.ticking) / traffic.still_polls
    note = f"clock and age alone: {traffic.ticking / _WINDOW_S:.0f} bytes/s"
    return Measured(each, f"{each:.0f} bytes", note=note)


def changing_poll() -> Measured:
    """All bytes in a minute, clock and age too, for each poll: 10 of 1,000 tasks change each 10 s, 120x40.

    Used capacity and RPO change, so that some rows also move; the tasks are random, but the same in every run. The peer
    is `htop -d 100` in the same minute on a terminal of the same size, per refresh.
    """
    traffic = _traffic()
    ours = traffic.changing / traffic.changing_polls
    if traffic.htop is None:
        return Measured(float("inf"), f"{ours:.0f} bytes", "htop is missing")
    refreshes = _WINDOW_S / _INTERVAL_S
    htop = traffic.htop / refreshes
    ratio = compared(ours, htop)
    return Measured(ratio or 0.0, f"{ours:.0f} bytes", f"htop {htop:.0f} bytes", ratio)


@cache
def _traffic() -> _Traffic:
    with ExitStack() as stack:
        frozen = stack.enter_context(SimulatorProcess(_TASKS))
        changing = stack.enter_context(SimulatorProcess(_TASKS, churn=_TASKS // 100))
        never = stack.enter_context(open_monitor(frozen.url, "--interval", "3600"))
        never.wait_for(f"{_TASKS}/{_TASKS} tasks")
        often = stack.enter_context(open_monitor(frozen.url, "--interval", "3"))
        normal = stack.enter_context(open_monitor(changing.url, "--interval", f"{_INTERVAL_S:g}"))
        htop = peers.htop()
        terminals = [never, often, normal] + ([stack.enter_context(htop)] if htop is not None else [])
        # After two polls names and layout do not change any more.
        _together(terminals, lambda terminal: terminal.drain(_INTERVAL_S + 2))
        frozen.forget()
        changing.forget()
        counts = [len(data) for data in _together(terminals, lambda terminal: terminal.drain(_WINDOW_S))]
        return _Traffic(
            still=counts[1],
            still_polls=len(frozen.polls()),
            ticking=counts[0],
            changing=counts[2],
            changing_polls=len(changing.polls()),
            htop=counts[3] if htop is not None else None,
        )


def _together(terminals: Sequence[Watched], read: Callable[[Watched], bytes]) -> list[bytes]:
    with ThreadPoolExecutor(len(terminals)) as threads:
        return list(threads.map(read, terminals))


def changed_cell() -> Measured:
    """Bytes for the lines of the list when the used capacity of a task changes, relative to the minimum.

    The minimum is computed from the screens before and after: for each run of changed cells (with up to four unchanged
    ones between) a cursor move, a colour for each colour in it, and its text. Detail pane closed, sorted by name, so
    that nothing moves; eleven changes in total.
    """
    written = least = cells = 0
    with SimulatorProcess(_TASKS) as simulator, open_monitor(simulator.url, "--interval", "1") as terminal:
        terminal.wait_for(f"{_TASKS}/{_TASKS} tasks")
        terminal.send("d>")
        terminal.wait_for("Sorted by name")
        terminal.wait_for_no("Sorted by name")
        for y in BODY[3 : 3 + _ROUNDS]:
            before = terminal.cells(y)
            used = 2**30 * (100 + 13 * y)
            simulator.alter(int(terminal.lines[y][2:8]), usedCapacity=used)
            start = len(terminal.output)
            terminal.seen_at(lambda y=y, before=before: terminal.cells(y) != before)  # type: ignore[misc]  # bound now
            terminal.rest(0.05)
            written += bytes_on(BODY, bytes(terminal.output[start:]))
            bytes_least, cells_changed = _least(y, before, terminal.cells(y))
            least += bytes_least
            cells += cells_changed
    ratio = compared(written, least)
    return Measured(
        ratio or 0.0, f"{written / _ROUNDS:.0f} bytes", f"least {least / _ROUNDS:.0f} bytes", ratio,
        f"{cells / _ROUNDS:.0f} changed characters",
    )  # fmt: skip


def _least(y: int, before: Sequence[tuple[object, ...]], after: Sequence[tuple[object, ...]]) -> tuple[int, int]:
    """Return the minimum of bytes for a change, and its number of characters."""
    changed = [x for x, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    total, last_x, last_colour = 0, -10, None
    for x in changed:
        char, *colour = after[x]
        if x - last_x > 5:
            total += len(f"\x1b[{y + 1};{x + 1}H")
        if colour != last_colour and str(char).strip():
            total += len("\x1b[38;2;255;138;128m")
            last_colour = colour
        total += len(str(char).encode())
        last_x = x
    return total, len(changed)


def cursor_detail_closed() -> Measured:
    """All bytes after one cursor-down inside the screen, until there is no more output; median of eleven.

    1,000 tasks, 120x40, no poll in flight, detail pane closed. A cursor that scrolls the list is in the note.
    """
    return _cursor(is_detail_open=False)


def cursor_detail_open() -> Measured:
    """The same with the detail pane open, which then shows another task, its names and its sparkline."""
    return _cursor(is_detail_open=True)


def _cursor(*, is_detail_open: bool) -> Measured:
    with SimulatorProcess(_TASKS) as simulator, open_monitor(simulator.url, "--interval", "3600") as terminal:
        terminal.wait_for(f"{_TASKS}/{_TASKS} tasks")
        if not is_detail_open:
            terminal.send("d")
        terminal.rest(0.5)
        inside = [_step(terminal) for _ in range(_ROUNDS)]
        terminal.send("j" * (len(BODY) - _ROUNDS))
        terminal.rest(0.5)
        scrolling = [_step(terminal) for _ in range(_ROUNDS)]
    each = median(inside)
    return Measured(each, f"{each:.0f} bytes", note=f"scrolling {median(scrolling):.0f} bytes")


def _step(terminal: Watched) -> int:
    name, start = terminal.cursor_name, len(terminal.output)
    terminal.send("j")
    terminal.seen_at(lambda: terminal.cursor_name != name)
    terminal.rest()
    return len(terminal.output) - start


FIGURES = (
    Figure("bytes-unchanged", "bytes per poll, nothing changed", "<= 100 beyond clock and age", 100, unchanged_poll),
    Figure(
        "bytes-changing", "bytes per poll, 1 % of 1,000 tasks changing", "<= htop -d 100's refresh", 1.0, changing_poll
    ),
    Figure("bytes-cell", "bytes per changed cell", "<= 3 × move + colour + text", 3.0, changed_cell),
    Figure("bytes-cursor-closed", "bytes for one cursor-down, detail closed", "<= 500", 500, cursor_detail_closed),
    Figure("bytes-cursor-open", "bytes for one cursor-down, detail open", "<= 2,500", 2500, cursor_detail_open),
)
