"""Copy text by way of tmux, the terminal (OSC 52) or a file, and report which of them was used.

A terminal does not confirm a copy. tmux does not pass OSC 52 on by default; its own command is used instead.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cdptui.config.input_files import describe_open_error
from cdptui.config.paths import clipboard_file, display_path
from cdptui.config.private_files import replace_file
from cdptui.config.terminal import Multiplexer, TerminalCapabilities

log = logging.getLogger(__name__)

TERMINAL_BYTES: Final = 56_000
"""Largest copy by OSC 52: 75,000 characters of base64 are the longest sequence that all terminals accept."""

TMUX_BYTES: Final = 1_000_000

_TMUX_TIMEOUT_S: Final = 1.0
_CHUNK: Final = 256
"""Characters per DCS string for GNU screen, which truncates longer ones."""


class CopyMethod(StrEnum):
    """How text is copied; the value is the message for the user."""

    TMUX = "Copied {label} to the tmux buffer"
    TERMINAL = "Sent {label} to the terminal (OSC 52)"
    FILE = "Wrote {label} to {path}"


def choose_method(traits: TerminalCapabilities, size: int) -> CopyMethod:
    """Return the method for a copy of `size` bytes.

    >>> choose_method(TerminalCapabilities(), 100), choose_method(TerminalCapabilities(is_legacy=True), 100)
    (<CopyMethod.TERMINAL: 'Sent {label} to the terminal (OSC 52)'>, <CopyMethod.FILE: 'Wrote {label} to {path}'>)
    """
    if traits.multiplexer is Multiplexer.TMUX:
        return CopyMethod.TMUX if size <= TMUX_BYTES else CopyMethod.FILE
    return CopyMethod.FILE if traits.is_legacy or size > TERMINAL_BYTES else CopyMethod.TERMINAL


def osc52(data: bytes, multiplexer: Multiplexer) -> str:
    r"""Return the OSC 52 sequence that puts `data` on the terminal's clipboard.

    >>> osc52(b"uuid", Multiplexer.NONE)
    '\x1b]52;c;dXVpZA==\x07'
    """
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if multiplexer is not Multiplexer.SCREEN:
        return sequence
    # GNU screen passes DCS strings on to its terminal.
    return "".join(f"\x1bP{sequence[at : at + _CHUNK]}\x1b\\" for at in range(0, len(sequence), _CHUNK))


class Clipboard:
    """The clipboard: copies text by the method that suits the terminal."""

    def __init__(self, traits: TerminalCapabilities, write: Callable[[str], None]) -> None:
        """`write` sends a control sequence to the terminal."""
        self._traits = traits
        self._write = write

    async def copy(self, label: str, text: str) -> str:
        """Copy `text`, called `label`, and return a message that says where it went or why it failed."""
        data = text.encode("utf-8", "replace")
        method = choose_method(self._traits, len(data))
        if method is CopyMethod.TMUX and not await _copy_to_tmux(data):
            method = CopyMethod.FILE
        if method is CopyMethod.TERMINAL:
            self._write(osc52(data, self._traits.multiplexer))
        if method is not CopyMethod.FILE:
            return str(method.value).format(label=label)
        path = clipboard_file()
        try:
            await asyncio.to_thread(replace_file, path, data)
        except OSError as error:
            return f"Could not copy {label} to {display_path(path)}: {describe_open_error(path, error)}"
        return str(method.value).format(label=label, path=display_path(path))


async def _copy_to_tmux(data: bytes) -> bool:
    """Load the tmux buffer and return whether that succeeded. With `-w` tmux also copies to its terminal, if it can."""
    for flags in (["-w"], []):  # before tmux 3.2 there was no -w
        try:
            process = await asyncio.create_subprocess_exec(
                "tmux",
                "load-buffer",
                *flags,
                "-",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            log.warning("could not run tmux: %s", error)
            return False
        try:
            await asyncio.wait_for(process.communicate(data), _TMUX_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            # SIGKILL ends it at once; without wait() a zombie and its pipe would remain.
            await process.wait()
            log.warning("tmux did not accept the copy within %s s", _TMUX_TIMEOUT_S)
            return False
        if process.returncode == 0:
            return True
    return False
