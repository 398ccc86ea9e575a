"""The window size is read from the terminal, not from variables or input."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from collections.abc import Iterator

import pytest

from cdptui.tui.terminal.window_size import read_window_size


@pytest.fixture
def terminal() -> Iterator[int]:
    master, slave = pty.openpty()
    yield slave
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize(
    ("window", "size"),
    [
        ((120, 40), (120, 40)),
        ((1, 1), (1, 1)),
        ((0, 0), (80, 24)),
        ((0, 40), (80, 40)),
        ((65_535, 65_535), (1_000, 500)),
    ],
)
def test_window_size_is_read_and_columns_and_lines_are_ignored(
    terminal: int, window: tuple[int, int], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    monkeypatch.setenv("LINES", "7")
    columns, lines = window
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    assert read_window_size(terminal) == size


def test_first_descriptor_that_is_a_terminal_is_used(terminal: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    reading, writing = os.pipe()
    try:
        assert read_window_size(reading, terminal) == (120, 40)
        assert read_window_size(reading) == (80, 24)
    finally:
        os.close(reading)
        os.close(writing)
