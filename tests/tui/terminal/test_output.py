"""Output reaches the terminal completely and in its encoding; a closed terminal discards it."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from threading import Event
from typing import Final, TextIO

import pytest

from cdptui.tui.terminal.output import OutputLink, OutputQueue, TimedWriter

_LONGEST_S: Final = 30.0


@pytest.fixture
def ends() -> Iterator[tuple[int, TextIO]]:
    """The reading and the writing end of a pipe."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        yield reading, file
    os.close(reading)


def test_large_output_is_written_completely_and_counted(ends: tuple[int, TextIO]) -> None:
    reading, file = ends
    written = TimedWriter(file, OutputLink())
    text = "● 财务 " * 1500
    assert written.write(text) == len(text)
    assert os.read(reading, 65536).decode() == text
    assert written.written == len(text)


def test_output_uses_the_encoding_of_the_terminal(ends: tuple[int, TextIO]) -> None:
    reading, file = ends
    TimedWriter(file, OutputLink(), charset="iso8859-1").write("é财")
    assert os.read(reading, 100) == b"\xe9?"


def test_queue_is_idle_after_its_last_text(ends: tuple[int, TextIO]) -> None:
    reading, file = ends
    is_idle = Event()
    queue = OutputQueue(TimedWriter(file, OutputLink()), when_idle=is_idle.set)
    queue.put("first ")
    queue.put("last")
    queue.start()
    assert is_idle.wait(_LONGEST_S)
    assert os.read(reading, 100) == b"first last"
    queue.close()
    queue.join(_LONGEST_S)
    assert not queue.is_running


def test_write_to_a_closed_terminal_raises_nothing() -> None:
    master, slave = pty.openpty()
    line = OutputLink()
    with os.fdopen(slave, "w") as file:
        os.close(master)
        written = TimedWriter(file, line)
        assert written.write("x" * 10_000) == 10_000
        assert line.is_closed
        assert written.write("y") == 1
