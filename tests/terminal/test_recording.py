"""Recording by the real program: what is in the file, what the header says, and how it goes on after a restart."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cdptui.simulator.faults.spec import parse_fault
from tests.terminal.conftest import OpenMonitor, Simulate
from tests.terminal.pty_terminal import CDPTUI, ESCAPE

DEADLINE_S = 30.0


def recording_of(home: Path) -> Path:
    (path,) = (home / "cdptui" / "recordings").glob("*.sqlite")
    return path


def count(path: Path, statement: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        (value,) = connection.execute(statement).fetchone()
        return int(value)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "the condition did not become true"
        time.sleep(0.05)


def has_polls(home: Path, number: int) -> bool:
    try:
        return count(recording_of(home), "SELECT count(*) FROM tail") >= number
    except (ValueError, sqlite3.Error):
        return False


def environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_STATE_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "ZSTACK_PASSWORD": "password",
    }


@contextmanager
def start_record(url: str, home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run `cdptui record`; kill it at the end if it still runs."""
    process = subprocess.Popen(
        [*CDPTUI, "record", "--url", url, "--interval", "1", *options],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def cdptui(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CDPTUI, *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def test_monitor_records_and_leaves_one_private_file(simulate: Simulate, monitor: OpenMonitor, tmp_path: Path) -> None:
    _, server = simulate(tasks=20)
    terminal = monitor(server.url, "--interval", "1", XDG_STATE_HOME=str(tmp_path))
    wait_for(lambda: has_polls(tmp_path, 2))
    terminal.send("q")
    assert terminal.wait_for_end() == 0

    path = recording_of(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not list(path.parent.glob("*-wal"))
    assert count(path, "SELECT count(*) FROM task") == 20
    assert b"password" not in path.read_bytes()
    assert cdptui(tmp_path, "recordings", "check").returncode == 0


def test_nothing_is_recorded_when_the_user_does_not_want_it(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    _, server = simulate(tasks=20)
    terminal = monitor(server.url, "--no-record", XDG_STATE_HOME=str(tmp_path))
    terminal.wait_for("20/20 tasks", "poll")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert not (tmp_path / "cdptui" / "recordings").exists()


def test_header_says_why_nothing_is_recorded(simulate: Simulate, monitor: OpenMonitor, tmp_path: Path) -> None:
    (tmp_path / "cdptui").mkdir()
    (tmp_path / "cdptui" / "recordings").write_text("not a folder")
    _, server = simulate(tasks=20)
    terminal = monitor(server.url, XDG_STATE_HOME=str(tmp_path))
    terminal.wait_for("20/20 tasks", "not recording: folder missing")


def test_second_monitor_says_that_another_one_records_and_takes_over_when_it_is_killed(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    _, server = simulate(tasks=20)
    with start_record(server.url, tmp_path) as first:
        wait_for(lambda: has_polls(tmp_path, 1))
        terminal = monitor(server.url, "--interval", "1", XDG_STATE_HOME=str(tmp_path))
        terminal.wait_for("20/20 tasks", "recorded by another monitor")
        first.kill()
    before = count(recording_of(tmp_path), "SELECT count(*) FROM tail")
    terminal.wait_for(lambda screen: "recorded by another monitor" not in screen.text)
    wait_for(lambda: has_polls(tmp_path, before + 2))


def test_restarted_monitor_knows_the_growth_that_was_recorded(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    node, server = simulate(tasks=20, speed=600.0)
    with start_record(server.url, tmp_path) as recorder:
        wait_for(lambda: has_polls(tmp_path, 8))
        recorder.terminate()
        assert recorder.wait(DEADLINE_S) == 0
    # Nothing changes any more: what is known of growth is from the recording.
    node.world.freeze()
    terminal = monitor(server.url, "--interval", "1", XDG_STATE_HOME=str(tmp_path), columns=200)
    terminal.wait_for("20/20 tasks", r"\+[\d.]+ [KMGT]iB/h")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_record_ends_at_a_signal_and_logs_out(simulate: Simulate, tmp_path: Path, number: int, code: int) -> None:
    node, server = simulate(tasks=20)
    with start_record(server.url, tmp_path) as recorder:
        wait_for(lambda: has_polls(tmp_path, 2))
        recorder.send_signal(number)
        output, errors = recorder.communicate(timeout=DEADLINE_S)
    assert recorder.returncode == code
    assert output == f"recording to {recording_of(tmp_path)}\n"
    assert errors == ""
    assert node.sessions.alive() == 0


def test_record_ends_when_the_login_is_refused(simulate: Simulate, tmp_path: Path) -> None:
    _, server = simulate(tasks=20, password="another")
    with start_record(server.url, tmp_path) as recorder:
        output, errors = recorder.communicate(timeout=DEADLINE_S)
    assert (recorder.returncode, output) == (4, "")
    assert len(errors.splitlines()) == 1
    assert "login" in errors


def test_record_reports_an_outage_in_one_line_and_its_end(simulate: Simulate, tmp_path: Path) -> None:
    node, server = simulate(tasks=20)
    with start_record(server.url, tmp_path) as recorder:
        assert recorder.stdout is not None
        assert recorder.stderr is not None
        assert recorder.stdout.readline().startswith("recording to ")
        node.faults.add_fault(parse_fault("bad-gateway:path=/cdp-task,times=2"))
        assert recorder.stderr.readline().startswith("cdptui: ")
        assert recorder.stdout.readline() == "polls succeed again\n"
        recorder.terminate()


def test_recordings_are_listed_shown_exported_and_deleted(simulate: Simulate, tmp_path: Path) -> None:
    _, server = simulate(tasks=20)
    with start_record(server.url, tmp_path) as recorder:
        wait_for(lambda: has_polls(tmp_path, 2))
        busy = cdptui(tmp_path, "recordings", "delete", "127", "--yes")
        assert (busy.returncode, "a monitor records" in busy.stderr) == (1, True)
        copy = tmp_path / "copy.sqlite"
        export = ("recordings", "export", "127", str(copy), "--mask-names", "--since", "8h")
        assert cdptui(tmp_path, *export).returncode == 0
        recorder.terminate()
        assert recorder.wait(DEADLINE_S) == 0

    assert copy.stat().st_mode & 0o777 == 0o600
    content = copy.read_bytes()
    assert b"127.0.0.1" not in content
    assert count(copy, "SELECT count(*) FROM document WHERE name NOT LIKE 'task-%' AND data IS NOT NULL") == 0
    again = cdptui(tmp_path, "recordings", "export", "127", str(copy))
    assert (again.returncode, copy.read_bytes()) == (2, content)
    listed = cdptui(tmp_path, "recordings").stdout.splitlines()
    assert listed[0].split() == ["NAME", "SIZE", "FROM", "TO", "POLLS", "TASKS", "GAPS", "NODE", "ACCOUNT"]
    assert server.url.removesuffix("/zstack/v1") in listed[1]
    assert "20 tasks" in cdptui(tmp_path, "recordings", "show", "127").stdout
    assert cdptui(tmp_path, "recordings", "check", str(copy)).stdout == "copy: OK\n"
    events = cdptui(tmp_path, "recordings", "events", "127", "--since", "1h").stdout.splitlines()
    assert events[0].endswith("monitor started")
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", events[0])
    assert cdptui(tmp_path, "recordings", "delete", "127").returncode == 2
    assert cdptui(tmp_path, "recordings", "delete", "127", "--yes").returncode == 0
    assert "no recordings" in cdptui(tmp_path, "recordings").stdout
    unknown = cdptui(tmp_path, "recordings", "show", "127")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (2, 1)


def test_events_are_listed_filtered_and_lead_to_their_task(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    node, server = simulate(tasks=20)
    node.world.freeze()
    terminal = monitor(server.url, "--interval", "1", XDG_STATE_HOME=str(tmp_path))
    wait_for(lambda: has_polls(tmp_path, 2))
    task = next(task for task in node.world.tasks.values() if task.status == "Running")
    node.world.override_fields(task.uuid, status="Failed")
    wait_for(lambda: count(recording_of(tmp_path), "SELECT count(*) FROM event WHERE kind = 'status'") == 1)
    terminal.send("e")
    terminal.wait_for(f"✖ {re.escape(task.name)}: Running → Failed", "monitor started")
    terminal.send("/started")
    terminal.wait_for(r"“started” anywhere \(1\)", "1 of 2", lambda screen: "Running → Failed" not in screen.text)
    terminal.send(ESCAPE)
    terminal.wait_for("Running → Failed")
    terminal.send("\x1b[H\r")
    terminal.wait_for_no("Events · newest first")
    terminal.wait_for(lambda screen: f"─ {task.name}" in screen.text)
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def count_events(home: Path, kind: str) -> int:
    return count(recording_of(home), f"SELECT count(*) FROM event WHERE kind = '{kind}'")


def test_storages_sessions_and_stops_are_events_and_the_next_start_sums_them_up(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    node, server = simulate(tasks=20)
    node.world.freeze()
    storage = next(storage for storage in node.world.storages.values() if storage.connected)
    # The list of storages reads them again at `r`.
    terminal = monitor(server.url, "--interval", "1", XDG_STATE_HOME=str(tmp_path))
    wait_for(lambda: has_polls(tmp_path, 2))
    terminal.send("S")
    terminal.wait_for(storage.name)
    wait_for(lambda: count(recording_of(tmp_path), "SELECT count(*) FROM storage") > 0)
    for is_connected, kind in ((False, "storage-disconnected"), (True, "storage-connected")):
        storage.connected = is_connected
        terminal.send("r")
        wait_for(lambda kind=kind: count_events(tmp_path, kind) == 1)  # type: ignore[misc]  # a default argument
    node.sessions.kill_all()
    wait_for(lambda: count_events(tmp_path, "session-ended") == 1)
    terminal.send("q")
    assert terminal.wait_for_end() == 0

    tasks = sum(task.storage is storage for task in node.world.tasks.values())
    found = cdptui(tmp_path, "recordings", "events", "127", "--filter", "event~storage or event~session or event~stop")
    texts = [line.split("  ", 2)[-1].strip() for line in found.stdout.splitlines()]
    assert [re.sub(r"after \d+ s", "after 1 s", text) for text in texts] == [
        f"{storage.name}: backup storage disconnected, with {tasks} tasks",
        f"{storage.name}: backup storage connected again after 1 s, with {tasks} tasks",
        "the session ended; another login follows",
        "monitor stopped",
    ]
    wrong = cdptui(tmp_path, "recordings", "events", "127", "--filter", "sincee<8h")
    assert (wrong.returncode, "did you mean since?" in wrong.stderr) == (2, True)

    task = next(task for task in node.world.tasks.values() if task.status == "Running")
    node.world.override_fields(task.uuid, status="Failed")
    terminal = monitor(server.url, "--interval", "1", XDG_STATE_HOME=str(tmp_path))
    terminal.wait_for(r"since \d\d:\d\d: 1 failed · e shows it · Esc closes")
    terminal.send("e")
    terminal.wait_for("Events since", f"{re.escape(task.name)}: Running → Failed")
    terminal.send(ESCAPE)
    terminal.wait_for_no("Events since")
    terminal.send(ESCAPE)
    terminal.wait_for_no("shows it")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_recording_without_a_screen_reads_the_storages(simulate: Simulate, tmp_path: Path) -> None:
    node, server = simulate(tasks=20)
    node.world.freeze()
    with start_record(server.url, tmp_path) as recorder:
        wait_for(lambda: has_polls(tmp_path, 2))
        wait_for(lambda: count(recording_of(tmp_path), "SELECT count(*) FROM storage") == len(node.world.storages))
        recorder.terminate()
        assert recorder.wait(DEADLINE_S) == 0
    assert node.sessions.alive() == 0


@pytest.mark.parametrize("limit", ["0", "900K", "2P", "much", "-1M"])
def test_limit_out_of_range_is_a_usage_error(tmp_path: Path, limit: str) -> None:
    done = cdptui(tmp_path, "record", "--url", "127.0.0.1:9", "--record-limit", limit)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--record-limit must be a size from 1M to 1T" in done.stderr


def test_program_is_that_of_this_environment() -> None:
    assert CDPTUI[0] == sys.executable


def test_history_of_an_earlier_monitor_is_shown_before_the_second_poll(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    node, server = simulate(tasks=20)
    with start_record(server.url, tmp_path) as recorder:
        wait_for(lambda: has_polls(tmp_path, 3))
        task = next(task for task in node.world.tasks.values() if task.status == "Running")
        node.world.override_fields(task.uuid, status="Failed")
        wait_for(lambda: count(recording_of(tmp_path), "SELECT count(*) FROM event WHERE kind = 'status'") >= 1)
        recorder.terminate()
        assert recorder.wait(DEADLINE_S) == 0

    terminal = monitor(server.url, "--interval", "3600", XDG_STATE_HOME=str(tmp_path), columns=160, lines=50)
    terminal.wait_for("20/20 tasks")
    terminal.send(f"/{task.name}\r")
    terminal.wait_for(lambda screen: f"─ {task.name}" in screen.text)
    terminal.send(".\t<<<")
    terminal.wait_for(r"\[15 min\]", "Recorded since", "RPO over time", "✖ Running → Failed", "all tasks")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
