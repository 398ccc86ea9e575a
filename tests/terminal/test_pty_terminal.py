"""Tests of the terminal harness."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time

import pytest

from tests.terminal.pty_reader import PtyReader
from tests.terminal.pty_terminal import Terminal

HANG_S = 60.0

MEGABYTE = (sys.executable, "-c", "import os; os.read(0, 1); [os.write(1, b'x' * 1023 + b'!') for _ in range(1024)]")
"""A program that writes 1 MiB after a line was typed: 200 times the capacity of a pty."""


def test_output_is_read_while_the_test_does_not_read() -> None:
    with Terminal(MEGABYTE) as terminal:
        terminal.send("\n")
        assert terminal.process.wait(HANG_S) == 0
        assert terminal.wait_for_end() == 0
        assert terminal.output.count(b"!") == 1024


def test_program_blocks_while_reading_is_stopped() -> None:
    with Terminal(MEGABYTE) as terminal:
        terminal.stop_reading()
        terminal.send("\n")
        with pytest.raises(subprocess.TimeoutExpired):
            terminal.process.wait(0.5)
        terminal.start_reading()
        assert terminal.wait_for_end() == 0
        assert terminal.output.count(b"!") == 1024


def test_pieces_are_queued_in_order() -> None:
    readable, writable = os.pipe()
    reader = PtyReader(readable)
    reader.start()
    try:
        for piece in (b"first", b"second"):
            os.write(writable, piece)
            deadline = time.monotonic() + HANG_S
            while select.select([readable], [], [], 0.0)[0]:
                assert time.monotonic() < deadline
        assert [reader.take(HANG_S), reader.take(HANG_S), reader.take(0.0)] == [b"first", b"second", b""]
    finally:
        reader.close()
        os.close(readable)
        os.close(writable)


def test_closed_terminal_leaves_no_thread() -> None:
    with Terminal(["sleep", "600"]) as terminal:
        assert [thread for thread in threading.enumerate() if thread.name == "pty-reader"]
        terminal.hang_up()
        assert not [thread for thread in threading.enumerate() if thread.name == "pty-reader"]
