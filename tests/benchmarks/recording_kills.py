"""Kill a recorder at random moments, fill its disk, take away its permissions; report whether the file was kept whole.

Run: python -m tests.benchmarks.recording_kills --times 50
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from tests.benchmarks.simulator_process import SimulatorProcess
from tests.benchmarks.watched import CDPTUI

TASKS = 1000


def recording_in(home: Path) -> Path | None:
    """Return the recording of a home folder; None before there is one."""
    return next((home / "cdptui" / "recordings").glob("*.sqlite"), None)


@contextlib.contextmanager
def recorder(url: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `cdptui record` with a poll a second."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home)}
    process = subprocess.Popen(
        [CDPTUI, "record", "--url", url, "--interval", "1"],
        env={**environment, "ZSTACK_PASSWORD": "password"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def times_in(path: Path) -> list[int]:
    """Return the times of all polls of a recording, in milliseconds."""
    from cdptui.history.reader import RecordingReader
    from cdptui.history.recordings import opened

    with opened(path) as connection:
        return [poll.at_ms for poll in RecordingReader(connection).polls()]


def is_whole(path: Path) -> bool:
    """Return whether SQLite finds no damage."""
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def kill_once(node: SimulatorProcess, home: Path, seconds: float) -> tuple[bool, int]:
    """Record for a while and kill. Return whether the file is whole, and how many answered polls it lacks."""
    node.forget()
    before = len(times_in(path)) if (path := recording_in(home)) is not None else 0
    with recorder(node.url, home) as process:
        time.sleep(seconds)
        process.kill()
        process.wait()
        answered = len(node.polls())
    path = recording_in(home)
    if path is None:
        return True, answered
    return is_whole(path), answered - (len(times_in(path)) - before)


def fill_disk(node: SimulatorProcess, home: Path) -> tuple[bool, str]:
    """Record on a file system of 2 MiB until it is full. Return whether the file is whole, and what was said."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(home)], check=True)
    try:
        with recorder(node.url, home) as process:
            time.sleep(25)
            process.terminate()
            said = (process.stderr.read() if process.stderr is not None else b"").decode()
        path = recording_in(home)
        return path is not None and is_whole(path), said.strip()
    finally:
        subprocess.run(["umount", str(home)], check=True)


@click.command()
@click.option("--times", default=50, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--full-disk/--no-full-disk", default=os.geteuid() == 0, help="Needs root, which may mount.")
def main(times: int, seed: int, full_disk: bool) -> None:
    """Kill a recorder of 1,000 changing tasks, polled every second, `times` times."""
    chance = random.Random(seed)
    broken, most_lost, lost = 0, 0, 0
    with SimulatorProcess(TASKS, TASKS) as node, tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        for _ in range(times):
            ok, missing = kill_once(node, home, chance.uniform(0.5, 4.0))
            broken, most_lost, lost = broken + (not ok), max(most_lost, missing), lost + missing
        path = recording_in(home)
        polls = len(times_in(path)) if path is not None else 0
        click.echo(
            f"{times} kills: {polls} polls recorded, {broken} files damaged, {lost} polls lost, {most_lost} at most"
        )
        is_ok = not broken and most_lost <= 1
        if full_disk:
            small = Path(folder) / "small"
            small.mkdir()
            whole, said = fill_disk(node, small)
            click.echo(f"full disk: file {'whole' if whole else 'DAMAGED'}; said: {said}")
            is_ok = is_ok and whole and "not recording: disk full" in said
    sys.exit(0 if is_ok else 1)


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmarks.recording_kills")
