"""The time of the last look, which is kept beside a recording."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cdptui.history.last_look import read_last_look, write_last_look
from cdptui.history.recording_file import look_file
from cdptui.history.recordings import delete
from tests.unit.history.recorded import open_writer

AT_MS = 1_795_000_000_123


def test_last_look_is_the_one_written_last(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    assert read_last_look(path) is None
    for at_ms in (AT_MS, 7):
        write_last_look(path, at_ms)
        assert read_last_look(path) == at_ms
    assert look_file(path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "yesterday", "12 ", "\0" * 16])
def test_unreadable_content_is_no_look_and_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "node.sqlite"
    look_file(path).write_text(content)
    assert read_last_look(path) in {None, 12}
    write_last_look(path, AT_MS)
    assert read_last_look(path) == AT_MS


def a_link(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("1795000000123")
    path.symlink_to(other)


@pytest.mark.parametrize("create", [a_link, Path.mkdir, os.mkfifo], ids=["link", "folder", "pipe"])
def test_what_is_no_file_of_ours_is_neither_read_nor_written(tmp_path: Path, create: Callable[[Path], None]) -> None:
    path = tmp_path / "node.sqlite"
    create(look_file(path))
    assert read_last_look(path) is None
    with pytest.raises(OSError, match=r"node\.sqlite\.look"):
        write_last_look(path, AT_MS)
    if look_file(path).is_symlink():
        assert look_file(path).read_text() == "1795000000123"


def test_deleted_recording_leaves_no_last_look(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    open_writer(path).close()
    write_last_look(path, AT_MS)
    delete(path)
    assert list(tmp_path.iterdir()) == []
