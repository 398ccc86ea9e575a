"""`cdptui replay` by the real program: recordings of other machines, in any state, without a node."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cdptui.history.writer import RecordingWriter
from tests.terminal.pty_terminal import CDPTUI, ESCAPE, Terminal
from tests.unit.history.recorded import NOW_MS, open_writer, poll, task

MINUTE_MS = 60_000
GIB = 1 << 30


def write(writer: RecordingWriter, first: int, count: int) -> None:
    """Record a task that grows by a gibibyte a minute, and another one that stops after five."""
    for number in range(first, first + count):
        at_ms = NOW_MS + number * MINUTE_MS
        status = "Stopped" if number >= 5 else "Running"
        writer.write_names(at_ms, {"vm-1": "vm-of-a1"})
        writer.write_poll(poll(at_ms, task("a1", used=number * GIB), task("b2", used=7 * GIB, status=status)))


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Path]:
    """A recording of ten minutes, which is still being written."""
    writer = open_writer(tmp_path / "node.sqlite")
    write(writer, 0, 10)
    yield tmp_path / "node.sqlite"
    writer.close()


def opened(path: Path, *options: str) -> Terminal:
    return Terminal([*CDPTUI, "replay", str(path), *options], columns=120, lines=40, environment={"TZ": "UTC"})


def cdptui_replay(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TZ": "UTC"}
    return subprocess.run(
        [*CDPTUI, "replay", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def quit_by_key(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def test_recording_is_stepped_through_and_has_no_present(recording: Path) -> None:
    with opened(recording) as terminal:
        terminal.wait_for("2026-11-27 08:09:00 UTC · recording")
        assert re.search(r"cdp-b2 +■ Stopped", terminal.text)
        for _ in range(5):
            terminal.send("(")
        terminal.wait_for("2026-11-27 08:04:00")
        assert re.search(r"cdp-b2 +● Running", terminal.text)
        assert "live" not in terminal.text
        terminal.send(ESCAPE)
        terminal.wait_for("This is a recording, without its node")
        terminal.send("}")
        terminal.wait_for("2026-11-27 08:05:00")
        quit_by_key(terminal)


def test_moment_of_the_command_is_shown(recording: Path) -> None:
    with opened(recording, "--at", "-7m", "--speed", "60") as terminal:
        # It plays on from 08:02.
        terminal.wait_for(lambda screen: re.search(r"2026-11-27 08:0[2-9]:00 UTC · playing 60×", screen.text))
        quit_by_key(terminal)


def test_copy_that_was_made_while_the_file_was_written_opens(recording: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy" / "node.sqlite"
    copied.parent.mkdir()
    for name in ("node.sqlite", "node.sqlite-wal"):
        if (tmp_path / name).exists():
            shutil.copy(tmp_path / name, copied.with_name(name))
    with opened(copied) as terminal:
        terminal.wait_for("2026-11-27 08:09:00 UTC · recording")
        quit_by_key(terminal)


def test_file_that_cannot_be_written_opens_and_is_not_changed(recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    copied = folder / "node.sqlite"
    with closing(sqlite3.connect(recording)) as connection:
        connection.execute("VACUUM INTO ?", (str(copied),))
    before = copied.read_bytes()
    copied.chmod(0o400)
    folder.chmod(0o500)
    try:
        with opened(copied) as terminal:
            terminal.wait_for("2026-11-27 08:09:00 UTC · recording")
            terminal.send("(")
            terminal.wait_for("2026-11-27 08:08:00")
            quit_by_key(terminal)
        assert copied.read_bytes() == before
        assert [path.name for path in folder.iterdir()] == ["node.sqlite"]
    finally:
        folder.chmod(0o700)


def test_recording_of_an_older_version_opens(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    write(writer, 0, 10)
    writer.close()
    with closing(sqlite3.connect(path)) as connection:
        older = "DROP TABLE storage; DROP INDEX event_of_task; DROP TABLE hour; DROP TABLE resource_name;"
        connection.executescript(f"{older} PRAGMA user_version=1")
    before = path.read_bytes()
    with opened(path) as terminal:
        terminal.wait_for("2026-11-27 08:09:00 UTC · recording")
        quit_by_key(terminal)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--at", "soon"], 2, "'soon' is no time: 14:05, -3h, yesterday 02:10"),
        (["--speed", "7"], 2, "'7' is not one of '1', '10', '60'"),
        ([], 2, "terminal"),
    ],
)
def test_wrong_use_is_said_in_one_line(recording: Path, arguments: list[str], code: int, message: str) -> None:
    done = cdptui_replay(str(recording), *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_text("not a database")
    for path in (tmp_path / "notes.sqlite", tmp_path / "none.sqlite", tmp_path):
        done = cdptui_replay(f"{path}/" if path == tmp_path else str(path))
        assert done.returncode in {1, 2}
        assert done.stderr.startswith("cdptui: ") or "Error: " in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / "notes.sqlite").read_text() == "not a database"


def test_empty_recording_is_said(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "node.sqlite")
    writer.close()
    done = cdptui_replay(str(tmp_path / "node.sqlite"))
    assert done.returncode == 1
    assert "no poll was recorded" in done.stderr
