"""`cdptui bundle`: what is in the file, what is masked, and that no secret is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from cdptui.history.fleet_reader import FleetReader
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.models.event import Event, EventKind
from cdptui.models.severity import Severity
from tests.unit.cli.test_handover import row, tasks
from tests.unit.history.recorded import NOW_MS, open_writer, poll, rows_of, task

MINUTE_MS = 60_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A day: one poll in each of six buckets, then twenty minutes with an incident."""
    path = tmp_path / "state" / "cdptui" / "recordings" / "night.sqlite"
    path.parent.mkdir(parents=True)
    writer = open_writer(path)
    writer.set_meta([("node", "http://node:8080"), ("account", "admin")])
    for number in range(6, 0, -1):
        writer.write_poll(poll(NOW_MS - number * BUCKET_MS, *(row(each).task for each in tasks(0))))
    for minute in range(21):
        writer.write_poll(poll(NOW_MS + minute * MINUTE_MS, *tasks(minute)))
    writer.write_event(Event(NOW_MS + MINUTE_MS, EventKind.NOTE, Severity.NOTICE, "a1", "erp", "ann", "call Bob"))
    writer.close()
    assert len(rows_of(task())) == 1
    return path


def bundle(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "TZ": "UTC", "XDG_STATE_HOME": str(home / "state"), "HOME": str(home)}
    command = [sys.executable, "-m", "cdptui", "bundle", *arguments]
    return subprocess.run(
        command, env={**given, **environment}, cwd=home, capture_output=True, text=True, timeout=60, check=False
    )


def unpacked(path: Path, folder: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_bundle_has_the_time_the_handover_and_the_records(recording: Path, tmp_path: Path) -> None:
    done = bundle(tmp_path, "--from", "08:03", "--to", "08:12", "-o", "incident.tar.gz")
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote incident.tar.gz\n", "")
    assert stat.S_IMODE((tmp_path / "incident.tar.gz").stat().st_mode) == 0o600
    files = unpacked(tmp_path / "incident.tar.gz", tmp_path / "unpacked")
    assert sorted(files) == ["ABOUT.txt", "handover.json", "handover.md", "recording.sqlite", "tasks.json"]
    assert b"2026-11-27 08:03:00 UTC to 2026-11-27 08:12:00 UTC" in files["ABOUT.txt"]
    assert [each["name"] for each in json.loads(files["tasks.json"])] == ["erp", "[crm](x)", "hr"]
    assert json.loads(files["tasks.json"])[0]["usedCapacity"] == 12 << 30
    assert "erp: Running → Failed" in files["handover.md"].decode()
    with closing(open_for_reading(tmp_path / "unpacked" / "recording.sqlite")) as connection:
        span = FleetReader(connection).span()
    assert span == (NOW_MS // BUCKET_MS * BUCKET_MS + (span[0] % BUCKET_MS if span else 0), NOW_MS + 12 * MINUTE_MS)


def test_masked_bundle_has_no_name(recording: Path, tmp_path: Path) -> None:
    done = bundle(tmp_path, "--from", "08:00", "-o", "incident.tar.gz", "--mask-names")
    assert done.returncode == 0, done.stderr
    files = unpacked(tmp_path / "incident.tar.gz", tmp_path / "unpacked")
    for name in (b"erp", b"crm", b"node:8080", b"ann", b"call Bob"):
        assert all(name not in data for data in files.values()), name
    assert b"masked" in files["ABOUT.txt"]


def test_bundle_with_a_secret_is_not_written(recording: Path, tmp_path: Path) -> None:
    done = bundle(tmp_path, "--from", "08:00", "-o", "incident.tar.gz", ZSTACK_PASSWORD="call Bob")
    assert done.returncode == 1
    assert "a secret that this process knows is in the recording, so nothing was written" in done.stderr
    assert "call Bob" not in done.stderr
    assert not (tmp_path / "incident.tar.gz").exists()


def test_existing_file_is_not_changed(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "incident.tar.gz").write_text("mine")
    done = bundle(tmp_path, "--from", "08:00", "-o", "incident.tar.gz")
    assert done.returncode == 2
    assert "incident.tar.gz already exists; it was not changed" in done.stderr
    assert (tmp_path / "incident.tar.gz").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--from'"),
        (["--from", "soon"], "'soon' is no time"),
        (["--from", "08:10", "--to", "08:05"], "it is not before the end"),
    ],
)
def test_wrong_use_is_one_clear_line(recording: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = bundle(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.gz"))
