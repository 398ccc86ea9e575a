"""`python -m tests.benchmarks.soak [--minutes 30] [--seed N]`: a bad night in a nutshell; exits 1 when it did not hold.

The real program on a real terminal watches the simulated node while both are maltreated at random: see `turmoil`. All
the while it must answer keys, hold one session at most, ask no more than two things at a time, and grow no fatter; in
the end it must be live again, and leave nothing behind. The seed is printed, and makes the same night again, as far as
the machine's own hiccups permit.
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
"""A key that is not answered by then, on a machine that may be busy, is a hang."""

WARM_SHARE = 0.3
"""Of the time; until then charts and caches fill, which takes minutes: in a short run they are all that grows."""

GROWTH_BYTES = 8 * 2**20
"""What the memory may grow by after that."""

IN_FLIGHT = 2
"""A poll, and a side question."""

FAULTS_OF_OURS = re.compile(
    r"internal error in cdptui|repeated internal error|stopped by an internal error|Action failed: "
)

_USUAL = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ (INFO|WARNING) ")


@dataclass
class Seen:
    """What was seen in the course of the night."""

    answers_s: list[float] = field(default_factory=list)
    slowest_after: str = ""
    """What was done before the key that waited longest."""
    held: list[tuple[float, int]] = field(default_factory=list)
    """Moment, and bytes held."""
    most_sessions: int = 0
    most_in_flight: int = 0
    polls: int = 0
    complaints: set[str] = field(default_factory=set)

    @property
    def growth_bytes(self) -> float:
        """What the memory grew by after the warm-up, by the straight line that fits best."""
        if not self.held:
            return 0.0
        begin, end = self.held[0][0], self.held[-1][0]
        warm = [(at, size) for at, size in self.held if at >= begin + WARM_SHARE * (end - begin)]
        middle_at, middle = sum(at for at, _ in warm) / len(warm), sum(size for _, size in warm) / len(warm)
        spread = sum((at - middle_at) ** 2 for at, _ in warm)
        slope = sum((at - middle_at) * (size - middle) for at, size in warm) / spread if spread else 0.0
        return slope * (warm[-1][0] - warm[0][0])


class Night:
    """One run."""

    def __init__(self, seed: int, folder: Path) -> None:
        settings = SimulatorSettings(port=0, tasks=60, seed=seed, speed=600.0)
        self.seen = Seen()
        self.log = folder / "log"
        self._dice = random.Random(seed)
        self._node = ManagementNode(settings)
        self._folder = folder
        self._count_sessions()

    def live_through(self, minutes: float) -> list[tuple[str, str, bool]]:
        """All of it; the lines of the verdict."""
        with self._opened() as (server, terminal):
            turmoil = Turmoil(self._dice, self._node, server, terminal, 120)
            try:
                self._wait(terminal, lambda: terminal.shows("60/60 tasks"), 30)
                self._go_through(minutes, terminal, turmoil)
                is_live = self._calm_down(terminal, turmoil)
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
            # Whatever is saved is saved there.
            inside = ["sh", "-c", 'cd "$0" && exec "$@"', folder, *command, *log]
            wanted = {"ZSTACK_PASSWORD": "password", "PYTHONFAULTHANDLER": "1"}
            with Watched(inside, environment={**wanted, **homes}) as terminal:
                yield server, terminal

    def _go_through(self, minutes: float, terminal: Watched, turmoil: Turmoil) -> None:
        start = time.monotonic()
        told = helped = start
        while (now := time.monotonic()) - start < 60 * minutes:
            turmoil.do_something()
            terminal.drain(self._dice.choice((0.0, 0.02, 0.1, 0.3)))
            self._look(terminal, turmoil)
            if now - helped > 5 and terminal.lines[0].startswith(" ✖"):
                helped = now
                self._help(terminal, turmoil)
            if now - told > 60:
                told = now
                click.echo(f"{(now - start) / 60:.0f} min: {self._figures()}", err=True)

    def _look(self, terminal: Watched, turmoil: Turmoil) -> None:
        """A key must be answered, whatever is going on."""
        seen = self.seen
        terminal.wipe()
        asked = time.monotonic()
        # Draw everything again: a key that is the same wherever the focus is, and whose answer cannot be overlooked.
        terminal.send("\x0c")
        # Header, headings and footer; a list may hold nothing but one folded group.
        wanted = 1 if min(turmoil.size[0] / 4, turmoil.size[1]) < 10 else 4
        self._wait(terminal, lambda: sum(map(bool, terminal.lines)) >= wanted, 30)
        took_s = time.monotonic() - asked
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

    def _help(self, terminal: Watched, turmoil: Turmoil) -> None:
        """What waits for a person gets one, with the password."""
        turmoil.escape()
        terminal.send("r")
        terminal.drain(0.5)
        if terminal.shows("Log in again"):
            terminal.send("password\r")

    def _calm_down(self, terminal: Watched, turmoil: Turmoil) -> bool:
        """Everything is well again: whether it says so."""
        turmoil.end()
        terminal.resize(120, 40)
        turmoil.size = (120, 40)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self._look(terminal, turmoil)
            if terminal.lines[0].startswith((" ● live", " ▲ stale")):
                return True
            self._help(terminal, turmoil)
            terminal.drain(2.0)
        self.seen.complaints.add(f"never live again: {terminal.lines[0]}")
        return False

    def _wait(self, terminal: Watched, is_there: Callable[[], object], seconds: float) -> None:
        terminal.seen_at(is_there, seconds=seconds)

    def _count_sessions(self) -> None:
        """Look at the only moment at which there can be one more."""
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
            f"{len(seen.answers_s)} keys asked for, {seen.polls} polls, {held:.1f} MiB held, "
            f"slowest answer {1000 * max(seen.answers_s, default=0):.0f} ms"
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
            ("no complaint of its own", "; ".join(sorted(seen.complaints)) or "none", not seen.complaints),
            ("no traceback in the log", str(tracebacks), not tracebacks),
            (f"each key answered in {BOUND_S:g} s", f"{len(answers)} asked: {in_time}", slowest <= BOUND_S),
            (f"memory grows by {GROWTH_BYTES / 2**20:.0f} MiB at most", growth, seen.growth_bytes <= GROWTH_BYTES),
            ("one session at most", f"{seen.most_sessions} at once", seen.most_sessions <= 1),
            (f"{IN_FLIGHT} requests at most", f"{seen.most_in_flight} at once", seen.most_in_flight <= IN_FLIGHT),
            ("live in the end", f"after {seen.polls} polls", is_live),
            ("no session left", f"{alive} of {self._node.sessions.logins}", alive == 0),
            ("exit code 0", str(code), code == 0),
            ("terminal restored", "yes" if is_restored else "no", is_restored),
        ]


def _stacks(terminal: Watched) -> str:
    """End a program that does not answer, and have its interpreter say where all its threads are."""
    if terminal.process.poll() is not None:
        return "it had ended"
    state = Path(f"/proc/{terminal.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    terminal.process.send_signal(signal.SIGABRT)
    told = terminal.drain(2.0).decode(errors="replace").partition("Fatal Python error")
    return f"its state was {state}; {''.join(told[1:])}"


@click.command()
@click.option("--minutes", type=float, default=30.0, show_default=True, help="How long.")
@click.option("--seed", type=int, default=None, help="Which night; by the clock if not given, and printed.")
def soak(minutes: float, seed: int | None) -> None:
    """Maltreat the real program at random for a while, and say whether it held."""
    seed = int(time.time()) % 1_000_000 if seed is None else seed
    click.echo(f"seed {seed}, {minutes:g} minutes", err=True)
    with tempfile.TemporaryDirectory() as folder:
        night = Night(seed, Path(folder))
        lines = night.live_through(minutes)
        if not all(is_ok for _, _, is_ok in lines) and night.log.exists():
            told = night.log.read_text(encoding="utf-8", errors="replace").splitlines()
            click.echo("\n".join([line for line in told if not _USUAL.search(line)][:200]), err=True)
    click.echo(f"seed {seed}, {minutes:g} minutes")
    for what, found, is_ok in lines:
        click.echo(f"| {what:<32} | {found} | {'yes' if is_ok else 'NO'} |")
    sys.exit(0 if all(is_ok for _, _, is_ok in lines) else 1)


if __name__ == "__main__":
    soak(prog_name="python -m tests.benchmarks.soak")
