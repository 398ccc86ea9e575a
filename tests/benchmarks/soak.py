"""`python -m tests.benchmarks.soak [--minutes 30] [--seed N]`: a soak test with random faults; exits 1 on failure.

The real program on a real terminal monitors the simulated node while both get random faults, see `turmoil`. It must
react to keys, have at most one session and two requests at a time, and its memory must not grow; at the end it must
recover and leave no session. The printed seed repeats the run, as far as the timing of the machine permits.
"""

from __future__ import annotations

import contextlib
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import click

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.sessions import Session
from cdptui.simulator.settings import SimulatorSettings
from tests.benchmarks.turmoil import Turmoil
from tests.benchmarks.watched import CDPTUI, Watched, held_bytes

BOUND_S = 2.0
"""A key without an effect after this time, on a machine that may be busy, counts as a hang."""

WARM_SHARE = 0.3
"""Share of the time for the warm-up, in which charts and caches fill, which takes minutes."""

GROWTH_BYTES = 8 * 2**20
"""Largest permitted growth of memory after the warm-up."""

IN_FLIGHT = 2
"""A poll and a background request."""

FAULTS_OF_OURS = re.compile(
    r"internal error in cdptui|repeated internal error|stopped by an internal error|Action failed: "
)

_USUAL = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ (INFO|WARNING) ")


@dataclass
class Observations:
    """Observations during the run."""

    answers_s: list[float] = field(default_factory=list)
    slowest_after: str = ""
    """The actions before the slowest key."""
    held: list[tuple[float, int]] = field(default_factory=list)
    """Time and bytes of memory."""
    most_sessions: int = 0
    most_in_flight: int = 0
    polls: int = 0
    complaints: set[str] = field(default_factory=set)

    @property
    def growth_bytes(self) -> float:
        """Growth of memory after the warm-up, by linear regression."""
        if not self.held:
            return 0.0
        begin, end = self.held[0][0], self.held[-1][0]
        warm = [(at, size) for at, size in self.held if at >= begin + WARM_SHARE * (end - begin)]
        middle_at, middle = sum(at for at, _ in warm) / len(warm), sum(size for _, size in warm) / len(warm)
        spread = sum((at - middle_at) ** 2 for at, _ in warm)
        slope = sum((at - middle_at) * (size - middle) for at, size in warm) / spread if spread else 0.0
        return slope * (warm[-1][0] - warm[0][0])


class SoakRun:
    """A run."""

    def __init__(self, seed: int, folder: Path) -> None:
        settings = SimulatorSettings(port=0, tasks=60, seed=seed, speed=600.0)
        self.seen = Observations()
        self.log = folder / "log"
        self._random = random.Random(seed)
        self._node = ManagementNode(settings)
        self._folder = folder
        self._count_sessions()

    def run(self, minutes: float) -> list[tuple[str, str, bool]]:
        """Run for `minutes`; return the lines of the verdict."""
        with self._opened() as (server, terminal):
            turmoil = Turmoil(self._random, self._node, server, terminal, 120)
            try:
                self._wait(terminal, lambda: terminal.shows("60/60 tasks"), 30)
                self._run_faults(minutes, terminal, turmoil)
                is_live = self._recover(terminal, turmoil)
                turmoil.escape()
                terminal.send("q")
                code: int | None = terminal.wait_for_end()
            except AssertionError as error:
                self.seen.complaints.add(f"{error}\nbefore: {'; '.join(turmoil.last)}\n{_stacks(terminal)}")
                is_live, code = False, terminal.process.poll()
            click.echo(", ".join(f"{name} {count}" for name, count in sorted(turmoil.counts.items())), err=True)
            return self._verdict(is_live, code, is_restored=terminal.is_restored)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[EmbeddedServer, Watched]]:
        folder = str(self._folder)
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"), folder)
        with EmbeddedServer(self._node) as server:
            command = [CDPTUI, "--url", server.url, "--account", "admin", "--interval", "1", "--timeout", "0.5"]
            log = ["--log-level", "info", "--log-file", str(self.log)]
            # Files are saved in the current folder.
            inside = ["sh", "-c", 'cd "$0" && exec "$@"', folder, *command, *log]
            wanted = {"ZSTACK_PASSWORD": "password", "PYTHONFAULTHANDLER": "1"}
            with Watched(inside, environment={**wanted, **homes}) as terminal:
                yield server, terminal

    def _run_faults(self, minutes: float, terminal: Watched, turmoil: Turmoil) -> None:
        start = time.monotonic()
        reported = helped = start
        while (now := time.monotonic()) - start < 60 * minutes:
            turmoil.do_something()
            terminal.drain(self._random.choice((0.0, 0.02, 0.1, 0.3)))
            self._press_key(terminal, turmoil)
            if now - helped > 5 and terminal.lines[0].startswith(" ✖"):
                helped = now
                self._log_in_again(terminal, turmoil)
            if now - reported > 60:
                reported = now
                click.echo(f"{(now - start) / 60:.0f} min: {self._figures()}", err=True)

    def _press_key(self, terminal: Watched, turmoil: Turmoil) -> None:
        """Press a key and measure the time to its effect."""
        seen = self.seen
        terminal.wipe()
        pressed_at = time.monotonic()
        # The key that redraws everything works with any focus, and its effect is certain to be seen.
        terminal.send("\x0c")
        # Header, headings and footer; the list may have only one folded group.
        wanted = 1 if min(turmoil.size[0] / 4, turmoil.size[1]) < 10 else 4
        self._wait(terminal, lambda: sum(map(bool, terminal.lines)) >= wanted, 30)
        took_s = time.monotonic() - pressed_at
        if took_s > max(seen.answers_s, default=0.0):
            seen.slowest_after = "; ".join(list(turmoil.last)[-3:])
        seen.answers_s.append(took_s)
        if match := FAULTS_OF_OURS.search(terminal.text):
            seen.complaints.add(f"{match[0]}: {terminal.line_with(match[0]).strip()}; before: {turmoil.last[-1]}")
        seen.held.append((time.monotonic(), held_bytes(terminal.process.pid)))
        requests = self._node.journal.requests
        self._node.journal.clear()
        seen.polls += sum(request.path.endswith("/cdp-task") for request in requests)
        seen.most_in_flight = max([seen.most_in_flight, *(request.in_flight for request in requests)])

    def _log_in_again(self, terminal: Watched, turmoil: Turmoil) -> None:
        """Retry, and type the password when it is pressed_at for."""
        turmoil.escape()
        terminal.send("r")
        terminal.drain(0.5)
        if terminal.shows("Log in again"):
            terminal.send("password\r")

    def _recover(self, terminal: Watched, turmoil: Turmoil) -> bool:
        """Remove all faults; return whether the monitor becomes live."""
        turmoil.end()
        terminal.resize(120, 40)
        turmoil.size = (120, 40)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self._press_key(terminal, turmoil)
            if terminal.lines[0].startswith((" ● live", " ▲ stale")):
                return True
            self._log_in_again(terminal, turmoil)
            terminal.drain(2.0)
        self.seen.complaints.add(f"never live again: {terminal.lines[0]}")
        return False

    def _wait(self, terminal: Watched, is_there: Callable[[], object], seconds: float) -> None:
        terminal.seen_at(is_there, seconds=seconds)

    def _count_sessions(self) -> None:
        """Count the sessions at each login, the only time at which their number grows."""
        sessions, opened = self._node.sessions, self._node.sessions.open

        def open_and_count(*args: str, unique: bool = False) -> Session:
            session = opened(*args, unique=unique)
            self.seen.most_sessions = max(self.seen.most_sessions, sessions.alive())
            return session

        sessions.open = open_and_count  # type: ignore[method-assign,assignment]  # every login comes through here

    def _figures(self) -> str:
        seen = self.seen
        held = seen.held[-1][1] / 2**20 if seen.held else 0
        return (
            f"{len(seen.answers_s)} keys, {seen.polls} polls, {held:.1f} MiB, "
            f"slowest key {1000 * max(seen.answers_s, default=0):.0f} ms"
        )

    def _verdict(self, is_live: bool, code: int | None, *, is_restored: bool) -> list[tuple[str, str, bool]]:
        seen = self.seen
        answers = sorted(seen.answers_s) or [0.0]
        slowest, usual, late = answers[-1], median(answers), answers[int(0.99 * (len(answers) - 1))]
        log = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        tracebacks = log.count("Traceback (most recent call last)")
        alive, held = self._node.sessions.alive(), [size for _, size in seen.held] or [0]
        growth = f"{seen.growth_bytes / 2**20:+.1f} MiB after the warm-up, {max(held) / 2**20:.1f} MiB at most"
        in_time = f"median {1000 * usual:.0f} ms, 99 of 100 in {1000 * late:.0f} ms, slowest {1000 * slowest:.0f} ms"
        in_time += f" after {seen.slowest_after}" if slowest > BOUND_S else ""
        return [
            ("no internal error shown", "; ".join(sorted(seen.complaints)) or "none", not seen.complaints),
            ("no traceback in the log", str(tracebacks), not tracebacks),
            (f"each key has its effect in {BOUND_S:g} s", f"{len(answers)} keys: {in_time}", slowest <= BOUND_S),
            (f"memory grows by {GROWTH_BYTES / 2**20:.0f} MiB at most", growth, seen.growth_bytes <= GROWTH_BYTES),
            ("one session at most", f"{seen.most_sessions} at once", seen.most_sessions <= 1),
            (f"{IN_FLIGHT} requests at most", f"{seen.most_in_flight} at once", seen.most_in_flight <= IN_FLIGHT),
            ("live at the end", f"after {seen.polls} polls", is_live),
            ("no session left", f"{alive} of {self._node.sessions.logins}", alive == 0),
            ("exit code 0", str(code), code == 0),
            ("terminal restored", "yes" if is_restored else "no", is_restored),
        ]


def _stacks(terminal: Watched) -> str:
    """End a program that does not react; return the stacks of its threads, printed by faulthandler."""
    if terminal.process.poll() is not None:
        return "the program had ended"
    state = Path(f"/proc/{terminal.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    terminal.process.send_signal(signal.SIGABRT)
    reported = terminal.drain(2.0).decode(errors="replace").partition("Fatal Python error")
    return f"process state {state}; {''.join(reported[1:])}"


@click.command()
@click.option("--minutes", type=float, default=30.0, show_default=True, help="Duration.")
@click.option("--seed", type=int, default=None, help="Seed of the faults; printed, by default from the clock.")
def soak(minutes: float, seed: int | None) -> None:
    """Run the real program with random faults for a while, and report whether it passed."""
    seed = int(time.time()) % 1_000_000 if seed is None else seed
    click.echo(f"seed {seed}, {minutes:g} minutes", err=True)
    with tempfile.TemporaryDirectory() as folder:
        soak_run = SoakRun(seed, Path(folder))
        lines = soak_run.run(minutes)
        if not all(is_ok for _, _, is_ok in lines) and soak_run.log.exists():
            reported = soak_run.log.read_text(encoding="utf-8", errors="replace").splitlines()
            click.echo("\n".join([line for line in reported if not _USUAL.search(line)][:200]), err=True)
    click.echo(f"seed {seed}, {minutes:g} minutes")
    for what, found, is_ok in lines:
        click.echo(f"| {what:<32} | {found} | {'yes' if is_ok else 'NO'} |")
    sys.exit(0 if all(is_ok for _, _, is_ok in lines) else 1)


if __name__ == "__main__":
    soak(prog_name="python -m tests.benchmarks.soak")
