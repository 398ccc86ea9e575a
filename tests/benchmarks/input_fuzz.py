"""`python -m tests.benchmarks.input_fuzz [--seeds 100] [--megabytes 1]`: garbage as input; exits 1 if it had effects.

The real program on a real terminal gets reports, broken and endless sequences, mouse reports and random bytes, cut at
random places, some pieces late, but no keys: no printable ASCII and no control characters outside of sequences. The
input must not end the program, open the help or recall a view, and `q` after it must end the program with 0. The same
seed creates the same bytes and cuts.
"""

from __future__ import annotations

import os
import random
import re
import select
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import click

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.pty_terminal import CDPTUI, Terminal

SETTLE_S: Final = 3.5
"""Longer than the time-out of an unfinished paste."""

END_ANYTHING: Final = b"\x18\x1b[201~"
"""Ends any unfinished sequence and paste."""

ANSWER_S: Final = 2.0
"""`q` after the garbage ends the program within this time."""

FORBIDDEN: Final = (b"\xe2\x94\x80 Help", b"No task selected", b"Navigation (list", b"Traceback", b"Action failed")
"""Texts of the help, of an empty view, and of faults."""

_JOINED_LATE: Final = re.compile(rb"\[[0-?]|\][0-9]|P[>!0-9]|_G")
"""Beginnings of a rest that may arrive so late that its escape was the Escape key."""

_INTERMEDIATES: Final = b" !\"#%&'()*+,-./"


def make_garbage(chance: random.Random, size: int) -> bytes:
    """Return at least `size` bytes, which may end in an unfinished sequence."""
    pieces, length = [], 0
    while length < size:
        piece = chance.choices(_MAKERS, _WEIGHTS)[0](chance)
        # Truncated: the next piece begins with an escape or a byte that is not ASCII, so that nothing is typed.
        if chance.random() < 0.1:
            piece = piece[: chance.randrange(1, len(piece) + 1)]
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def cut(chance: random.Random, data: bytes) -> list[bytes]:
    """Cut `data` at random places, some of them inside of sequences and characters."""
    pieces, at = [], 0
    while at < len(data):
        end = at + chance.choice((1, 2, 3, chance.randrange(1, 30), chance.randrange(1, 6_000)))
        while end < len(data) and data[end - 1] == 0x1B and not _JOINED_LATE.match(data, end):
            end += 1
        pieces.append(data[at:end])
        at = end
    return pieces


def _random_parameters(chance: random.Random, longest: int = 30) -> bytes:
    return bytes(chance.choices(b"0123456789;:", k=chance.randrange(longest)))


def _random_text(chance: random.Random) -> bytes:
    alphabet = "abcq?:0123456789;/ =财务数据é🙂"
    return "".join(chance.choices(alphabet, k=int(chance.paretovariate(0.7)) % 6_000)).encode()


def _make_report(chance: random.Random) -> bytes:
    number = chance.randrange(10 ** chance.randrange(1, 12))
    return chance.choice(
        (
            b"\x1b[?6c",
            b"\x1b[?997;1n",
            b"\x1b[>41;%d;0c" % number,
            b"\x1b[0n",
            b"\x1b[%d;%dR" % (number, number),
            b"\x1b[8;%d;%dt" % (number, number),
            b"\x1b[48;%d;%d;%d;%dt" % (number, number, number, number),
            b"\x1b[?%d;1$y" % number,
            b"\x1b[?2026;2$y",
            b"\x1b[I",
            b"\x1b[O",
            b"\x1b[?25u",
            b"\x1bP>|XTerm(%d)\x1b\\" % number,
            b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
            b"\x1b]4;%d;rgb:0/0/0\x1b\\" % number,
            b"\x1b_Gi=%d;OK\x1b\\" % number,
        )
    )


def _make_private_sequence(chance: random.Random) -> bytes:
    final = chance.choice(b"@ABCDEFGHJKLPQRSTXZ`bcghjkmnopqrstuvwxyz{|}")
    return b"\x1b[" + bytes([chance.choice(b"=>?")]) + _random_parameters(chance) + bytes([final])


def _make_intermediate_sequence(chance: random.Random) -> bytes:
    intermediates = bytes(chance.choices(_INTERMEDIATES, k=chance.randrange(1, 4)))
    return b"\x1b[" + _random_parameters(chance) + intermediates + bytes([chance.choice(b"@ABcqpuvwxyz|}~")])


def _make_long_sequence(chance: random.Random) -> bytes:
    length = chance.randrange(70, 6_000)
    return (
        b"\x1b[" + bytes(chance.choices(b"0123456789;:\x00\x01\x03\x0d", k=length)) + chance.choice((b"u", b"~", b"A"))
    )


def _make_string(chance: random.Random) -> bytes:
    kind = chance.choice((b"]1", b"P1", b"_G", b"^", b"X"))
    return b"\x1b" + kind + _random_text(chance) + (b"\x07" if kind == b"]1" and chance.random() < 0.5 else b"\x1b\\")


def _make_paste(chance: random.Random) -> bytes:
    return b"\x1b[200~" + _random_text(chance) + b"\n\r\x03q\x1b[201~"


def _make_kitty_event(chance: random.Random) -> bytes:
    """Return releases, and codes and modifiers that no key has."""
    code = chance.choice((97, 113, 63, 50))
    return chance.choice(
        (
            b"\x1b[%d;1:3u" % code,
            b"\x1b[1;1:3B",
            b"\x1b[%d;1:%du" % (code, chance.randrange(4, 1_000)),
            b"\x1b[%d;%du" % (code, chance.randrange(257, 10**9)),
            b"\x1b[%du" % chance.randrange(0x110000, 10**12),
            b"\x1b[27;%d;%d~" % (chance.randrange(1, 99), chance.randrange(0x110000, 10**12)),
            b"\x1b[%d;;%du" % (code, chance.randrange(0x110000, 10**12)),
            b"\x1b[%du" % chance.randrange(0xD800, 0xE000),
        )
    )


def _make_mouse_report(chance: random.Random) -> bytes:
    """Return moves, wheel events, clicks in the list (elsewhere are buttons), and positions outside of the window."""
    x, y = chance.randrange(1, 40), chance.randrange(5, 20)
    if chance.random() < 0.01:
        return b"\x1b[<0;%d;%dM\x1b[<0;%d;%dm" % (x, y, x, y)
    nowhere = chance.choice((b"NaN", b"Infinity", b"-3", b"99999999", b"undefined", b"1e+21", b""))
    return chance.choice(
        (
            b"\x1b[<35;%d;%dM" % (chance.randrange(1, 500), chance.randrange(1, 300)),
            b"\x1b[<%d;%d;%dM" % (chance.choice((64, 65)), x, y),
            b"\x1b[<0;%s;%sM" % (nowhere, nowhere),
            b"\x1b[<%d;%d;%dM" % (chance.randrange(128, 10**6), x, y),
            b"\x1b[M" + bytes(chance.choices(range(0x20, 0x100), k=3)),
            b"\x1b[%d;%d;%dM" % (32, x, y),
        )
    )


def _make_motion_key(chance: random.Random) -> bytes:
    return chance.choice((b"\x1b[A", b"\x1b[B", b"\x1bOA", b"\x1bOB", b"\x1b[5~", b"\x1b[6~", b"\x1b[H", b"\x1b[1;5A"))


def _make_character(chance: random.Random) -> bytes:
    return chance.choice("财务数据éü🙂👩\u0301\u200d\ue0b0").encode()


def _make_bytes(chance: random.Random) -> bytes:
    return bytes(chance.choices(range(0x80, 0x100), k=chance.randrange(1, 60)))


_MAKERS: Final[tuple[Callable[[random.Random], bytes], ...]] = (
    _make_report,
    _make_private_sequence,
    _make_intermediate_sequence,
    _make_long_sequence,
    _make_string,
    _make_paste,
    _make_kitty_event,
    _make_mouse_report,
    _make_motion_key,
    _make_character,
    _make_bytes,
)
_WEIGHTS: Final = (20, 20, 10, 1, 10, 1, 20, 20, 2, 3, 3)


@dataclass(frozen=True)
class Run:
    """The result of a seed."""

    took_s: float
    """Seconds for all the garbage."""
    quit_s: float
    """Seconds for `q` after it."""
    problems: tuple[str, ...]


class _Raw(Terminal):
    """Stores the output without drawing it, which would take longer than the program itself."""

    def drain(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and select.select([self._master], [], [], left)[0]:
            self._keep()

    def pour(self, data: bytes) -> bool:
        """Send bytes, reading meanwhile; return False when the program does not read them or has ended."""
        while data:
            readable, writable, _ = select.select([self._master], [self._master], [], 20.0)
            if readable:
                self._keep()
            elif not writable:
                return False
            if self.process.poll() is not None:
                return False
            if writable and not readable:
                data = data[os.write(self._master, data[:1024]) :]
        return True

    def _keep(self) -> None:
        self.output += os.read(self._master, 65_536)


def run_seed(seed: int, size: int, url: str, folder: Path) -> Run:
    """Send the garbage of a seed to a new program."""
    chance = random.Random(seed)
    log = folder / f"log-{seed}"
    environment = {"ZSTACK_PASSWORD": "password", "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [*CDPTUI, "--url", url, "--interval", "3600", "--log-file", str(log)]
    with _Raw(command, environment=environment, is_read_in_background=False) as terminal:
        terminal.wait_for("live .*60/60 tasks")
        drawn = len(terminal.output)
        begun = time.monotonic()
        problems = _send_garbage(chance, size, terminal)
        pressed_at = time.monotonic()
        problems += _quit(terminal)
        quit_s = time.monotonic() - pressed_at
        if quit_s > ANSWER_S:
            problems.append(f"q took {quit_s:.1f} s")
        problems += [f"it showed {text.decode()!r}" for text in FORBIDDEN if text in terminal.output[drawn:]]
    if "Traceback" in log.read_text(encoding="utf-8", errors="replace"):
        problems.append("a traceback in the log")
    return Run(pressed_at - begun, quit_s, tuple(problems))


def _send_garbage(chance: random.Random, size: int, terminal: _Raw) -> list[str]:
    """Send the garbage, and end unfinished sequences or wait for their time-out; return the problems."""
    for piece in cut(chance, make_garbage(chance, size)):
        if not terminal.pour(piece):
            return [f"took no more input, exit code {terminal.process.poll()}"]
        if chance.random() < 0.002:
            terminal.drain(chance.uniform(0.0, 0.3))
    is_ended = chance.random() < 0.8
    if is_ended:
        terminal.pour(END_ANYTHING)
    terminal.drain(0.1 if is_ended else SETTLE_S)
    return []


def _quit(terminal: _Raw) -> list[str]:
    """Press `q`; return the problems with the exit."""
    if (code := terminal.process.poll()) is not None:
        return [f"exit code {code} before q"]
    terminal.send("q")
    deadline = time.monotonic() + 30.0
    while terminal.process.poll() is None and time.monotonic() < deadline:
        terminal.drain(0.02)
    terminal.drain(0.05)
    problems = [] if terminal.process.poll() == 0 else [f"exit code {terminal.process.poll()} after q"]
    return problems if terminal.is_restored else [*problems, "terminal not restored"]


@click.command()
@click.option("--seeds", type=int, default=100, show_default=True, help="Number of runs.")
@click.option("--first", type=int, default=1, show_default=True, help="The first seed.")
@click.option("--megabytes", type=float, default=1.0, show_default=True, help="Size of each run in megabytes.")
def input_fuzz(seeds: int, first: int, megabytes: float) -> None:
    """Send garbage to the real program, and report whether it had an effect."""
    runs: dict[int, Run] = {}
    with tempfile.TemporaryDirectory() as folder:
        node = ManagementNode(SimulatorSettings(port=0, tasks=60))
        node.world.freeze()
        with EmbeddedServer(node) as server:
            for seed in range(first, first + seeds):
                runs[seed] = run = run_seed(seed, int(megabytes * 1_000_000), server.url, Path(folder))
                state = "; ".join(run.problems) or "ok"
                click.echo(f"seed {seed}: {run.took_s:.1f} s, q in {1000 * run.quit_s:.0f} ms: {state}", err=True)
    failed = [seed for seed, run in runs.items() if run.problems]
    took, answered = [run.took_s for run in runs.values()], [run.quit_s for run in runs.values()]
    click.echo(f"{seeds} seeds from {first}, {megabytes:g} MB each; failed: {failed or 'none'}")
    click.echo(f"garbage taken in {median(took):.1f} s (median), {max(took):.1f} s at most")
    click.echo(f"q answered in {1000 * median(answered):.0f} ms (median), {1000 * max(answered):.0f} ms at most")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    input_fuzz(prog_name="python -m tests.benchmarks.input_fuzz")
