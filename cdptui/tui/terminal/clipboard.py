"""Where a copy goes: to tmux, to the terminal, or to a file. It is always said which, and nothing waits for it long.

A terminal does not tell whether it took a copy, and tmux as it comes passes none on; so tmux is asked itself.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from cdptui.config.input_files import describe_open_error
from cdptui.config.paths import clipboard_file
from cdptui.config.private_files import replace_file
from cdptui.config.terminal import Multiplexer, TerminalCapabilities

log = logging.getLogger(__name__)

TERMINAL_BYTES: Final = 56_000
"""Terminals give up on longer sequences: 75,000 characters of base64 are what all of them take."""

TMUX_BYTES: Final = 1_000_000

_TMUX_S: Final = 1.0
_CHUNK: Final = 256
"""Characters of base64 that go through screen in one piece; it cuts off what is longer than its own lines."""


class CopyMethod(Enum):
    """Where copies can go."""

    TMUX = "copied to the tmux buffer"
    TERMINAL = "sent to the terminal (OSC 52)"
    FILE = "written to"


def choose_method(traits: TerminalCapabilities, size: int) -> CopyMethod:
    """The way for so many bytes.

    >>> choose_method(TerminalCapabilities(), 100), choose_method(TerminalCapabilities(is_legacy=True), 100)
    (<CopyMethod.TERMINAL: 'sent to the terminal (OSC 52)'>, <CopyMethod.FILE: 'written to'>)
    """
    if traits.multiplexer is Multiplexer.TMUX:
        return CopyMethod.TMUX if size <= TMUX_BYTES else CopyMethod.FILE
    return CopyMethod.FILE if traits.is_legacy or size > TERMINAL_BYTES else CopyMethod.TERMINAL


def osc52(data: bytes, multiplexer: Multiplexer) -> str:
    r"""What makes a terminal take `data` to its clipboard.

    >>> osc52(b"uuid", Multiplexer.NONE)
    '\x1b]52;c;dXVpZA==\x07'
    """
    whole = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if multiplexer is not Multiplexer.SCREEN:
        return whole
    # Screen passes on what stands in its own brackets.
    return "".join(f"\x1bP{whole[at : at + _CHUNK]}\x1b\\" for at in range(0, len(whole), _CHUNK))


class Clipboard:
    """Takes copies."""

    def __init__(self, traits: TerminalCapabilities, write: Callable[[str], None]) -> None:
        """`write` sends a sequence to the terminal."""
        self._traits = traits
        self._write = write

    async def copy(self, text: str) -> str:
        """Copy `text`; where it went, in words."""
        data = text.encode("utf-8", "replace")
        way = choose_method(self._traits, len(data))
        if way is CopyMethod.TMUX and not await _copy_to_tmux(data):
            way = CopyMethod.FILE
        if way is CopyMethod.TERMINAL:
            self._write(osc52(data, self._traits.multiplexer))
        if way is not CopyMethod.FILE:
            return str(way.value)
        path = clipboard_file()
        try:
            await asyncio.to_thread(replace_file, path, data)
        except OSError as error:
            return f"not copied to {_shortened(path)}: {describe_open_error(path, error)}"
        return f"{way.value} {_shortened(path)}"


async def _copy_to_tmux(data: bytes) -> bool:
    """Load the buffer of tmux, which passes it on to its own terminal where it can; whether that went well."""
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
            log.warning("no tmux to copy to: %s", error)
            return False
        try:
            await asyncio.wait_for(process.communicate(data), _TMUX_S)
        except TimeoutError:
            process.kill()
            # At once, since nothing survives that; else a zombie and its pipe would stay.
            await process.wait()
            log.warning("tmux did not take a copy within %s s", _TMUX_S)
            return False
        if process.returncode == 0:
            return True
    return False


def _shortened(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
