"""Files that are no usable recording: each is reported, nothing of it is lost, and nothing of others is changed."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cdptui.history.recording_file import FileLock, RecordingError, WriterExists, inspect, open_recording
from cdptui.history.schema import BUCKET_MS, VERSION
from cdptui.models.recording import RecordingProblem
from tests.unit.history.recorded import (
    NOW,
    NOW_MS,
    encode_version_3,
    integrity,
    open_writer,
    poll,
    record,
    records_at,
    task,
)

PAGE = 4096


def recorded(path: Path) -> bytes:
    """Record some buckets of many tasks, and return the bytes of the file."""
    tasks = [[task(f"{number:04}", used=number * step, rpo=step) for number in range(60)] for step in range(5)]
    record(path, [poll(NOW_MS + BUCKET_MS * step // 2, *each) for step, each in enumerate(tasks)])
    return path.read_bytes()


def make_link(path: Path) -> None:
    target = path.with_name("of-another")
    target.write_bytes(b"precious")
    path.symlink_to(target)


def make_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE precious(value)")
        connection.execute("PRAGMA user_version=7")


def make_newer(path: Path) -> None:
    recorded(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (make_link, RecordingProblem.LINK),
        (lambda path: path.symlink_to("missing"), RecordingProblem.LINK),
        (lambda path: path.mkdir(), RecordingProblem.NOT_A_FILE),
        (os.mkfifo, RecordingProblem.NOT_A_FILE),
        (make_database, RecordingProblem.OTHER_APPLICATION),
        (make_newer, RecordingProblem.NEWER_VERSION),
    ],
    ids=["link", "dangling link", "folder", "FIFO", "other database", "newer version"],
)
def test_file_that_is_not_ours_is_reported_and_unchanged(
    tmp_path: Path, make: Callable[[Path], None], problem: RecordingProblem
) -> None:
    path = tmp_path / "node.sqlite"
    make(path)
    before = [(file.name, file.lstat().st_mtime_ns, file.lstat().st_size) for file in sorted(tmp_path.iterdir())]

    with pytest.raises(RecordingError) as caught:
        open_recording(path, NOW)

    assert caught.value.problem is problem
    assert str(path) in str(caught.value)
    after = [(file.name, file.lstat().st_mtime_ns, file.lstat().st_size) for file in sorted(tmp_path.iterdir())]
    assert after == before


def test_file_of_another_user_is_reported_and_unchanged(tmp_path: Path) -> None:
    path = Path("/etc/passwd")
    if os.geteuid() == 0:
        path = tmp_path / "node.sqlite"
        recorded(path)
        os.chown(path, 12345, 12345)
    before = path.read_bytes()

    with pytest.raises(RecordingError) as caught:
        open_recording(path, NOW)

    assert caught.value.problem is RecordingProblem.OTHER_OWNER
    assert path.read_bytes() == before


def test_empty_file_becomes_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    path.touch()
    record(path, [poll(NOW_MS, task(used=7))])

    assert b'"usedCapacity":7,' in records_at(path, NOW_MS)["a1"]


def test_recording_whose_content_is_in_its_log_only_is_read(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    writer.write_poll(poll(NOW_MS, task(used=7)))

    assert inspect(path)
    assert b'"usedCapacity":7,' in records_at(path, NOW_MS)["a1"]
    writer.close()


def reopened(path: Path) -> str:
    """Open a file for recording, write a poll and close it. Return the name that a damaged one got."""
    connection, replaced = open_recording(path, NOW)
    connection.close()
    writer = open_writer(path, datetime.fromtimestamp(NOW_MS / 1000 + 86400, NOW.tzinfo))
    writer.write_poll(poll(NOW_MS + 86_400_000, task("new", used=1)))
    writer.close()
    return replaced


def test_file_cut_at_any_page_is_kept_under_another_name_and_read_as_far_as_possible(tmp_path: Path) -> None:
    whole = recorded(tmp_path / "whole.sqlite")
    assert len(whole) > 10 * PAGE
    salvaged = set()
    for size in range(PAGE, len(whole), PAGE):
        path = tmp_path / f"{size}" / "node.sqlite"
        path.parent.mkdir()
        path.write_bytes(whole[:size])

        replaced = reopened(path)

        assert replaced.startswith("node.damaged-20261127-080000")
        assert path.with_name(replaced).read_bytes() == whole[:size]
        assert integrity(path) == "ok"
        found = records_at(path, NOW_MS + 86_400_000)
        assert list(found) == ["new"]
        salvaged.add(len(records_at(path, NOW_MS + 2 * BUCKET_MS)))
    # With most of the file there, tasks of the past are found.
    assert max(salvaged) > 0


def test_random_bytes_are_kept_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    chance = random.Random(5)
    for size in (1, 50, 99, 5000, 100_000):
        content = chance.randbytes(size)
        path.write_bytes(content)

        replaced = reopened(path)

        assert path.with_name(replaced).read_bytes() == content
        assert list(records_at(path, NOW_MS + 86_400_000)) == ["new"]
        path.unlink()


def test_file_with_a_damaged_page_loses_at_most_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    whole = bytearray(recorded(path))
    chance = random.Random(7)
    for page in range(2, len(whole) // PAGE):
        damaged = bytearray(whole)
        damaged[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
        path.write_bytes(damaged)

        replaced = reopened(path)

        assert integrity(path) == "ok"
        assert "new" in records_at(path, NOW_MS + 86_400_000)
        if replaced:
            path.with_name(replaced).unlink()


def test_second_writer_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    first, second = FileLock(path), FileLock(path)
    first.acquire()

    with pytest.raises(WriterExists):
        second.acquire()

    first.release()
    second.acquire()
    second.release()


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_lock_that_is_not_a_file_is_reported(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "node.sqlite"
    lock = path.with_name("node.sqlite.lock")
    lock.mkdir() if kind == "folder" else lock.symlink_to("elsewhere")

    with pytest.raises(RecordingError):
        FileLock(path).acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_chunks_of_version_3_are_read_after_the_recording_was_continued(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    values = [(0, 5), (1, 5), (2, 9)]
    record(path, [*(poll(NOW_MS + 10_000 * at, task("a1", used)) for at, used in values), poll(NOW_MS + BUCKET_MS)])
    with closing(sqlite3.connect(path)) as connection:
        earlier = encode_version_3([[(0, 5), (2, 9)], [(0, 3100)], [], []])
        assert connection.execute("UPDATE chunk SET data = ?", (earlier,)).rowcount == 1
        connection.executescript("DROP TABLE resource_name; PRAGMA user_version=3")
    record(path, [poll(NOW_MS + 2 * BUCKET_MS, task("a1"))], NOW + timedelta(days=1))

    assert [records_at(path, NOW_MS + 10_000 * at)["a1"] for at, _ in values] == [
        task("a1", used).raw for _, used in values
    ]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
