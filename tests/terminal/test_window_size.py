"""The size of the window, however its changes arrive."""

from __future__ import annotations

import sys

from tests.terminal.pty_terminal import Terminal

_RESIZED_WHILE_MEASURED = """
import fcntl, os, struct, sys, termios
measure = os.get_terminal_size
def measure_and_resize(descriptor):
    size = measure(descriptor)
    if size == (200, 50):
        # The terminal is resized, and its signal arrives, between the measurement and its use.
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return size
os.get_terminal_size = measure_and_resize
from cdptui.__main__ import main
sys.argv = ["cdptui", *sys.argv[1:]]
main()
"""


def test_size_that_changes_while_it_is_measured_is_drawn() -> None:
    command = [sys.executable, "-c", _RESIZED_WHILE_MEASURED, "--url", "127.0.0.1:9"]
    with Terminal(command, environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for("Tasks", lambda screen: "quit" in screen.lines[39])

        terminal.resize(200, 50)

        # The footer is in the last line of the final size.
        terminal.wait_for(lambda screen: "quit" in screen.lines[23])
        terminal.send("q")
        assert terminal.wait_for_end() == 0
