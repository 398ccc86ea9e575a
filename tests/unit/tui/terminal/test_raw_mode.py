"""Raw mode of a terminal and its restoration."""

from __future__ import annotations

import os
import pty
import termios
import tty
from collections.abc import Iterator

import pytest

from cdptui.tui.terminal.raw_mode import drop_input, may_use_terminal, raw_modes, read_modes, set_modes


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The master and the slave of a pty."""
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def test_raw_mode_passes_every_key_to_the_program(ends: tuple[int, int]) -> None:
    master, slave = ends
    before = read_modes(slave)
    assert before is not None
    set_modes(slave, raw_modes(before))
    raw = read_modes(slave)
    assert raw is not None
    assert not raw[tty.LFLAG] & (termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    os.write(master, b"\x03\x13\x1a\r")
    assert os.read(slave, 10) == b"\x03\x13\x1a\r"
    set_modes(slave, before)
    assert read_modes(slave) == before


def test_raw_modes_leave_the_saved_modes_unchanged(ends: tuple[int, int]) -> None:
    saved = read_modes(ends[1])
    assert saved is not None
    raw_modes(saved)
    assert saved == read_modes(ends[1])


def test_file_that_is_no_terminal_has_no_modes_and_is_ignored() -> None:
    reading, writing = os.pipe()
    assert read_modes(reading) is None
    set_modes(reading, [0, 0, 0, 0, 0, 0, []])
    drop_input(reading)
    assert may_use_terminal(reading)
    os.close(reading)
    os.close(writing)
