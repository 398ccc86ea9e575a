"""Run the password command (`pass`, `op`, `secret-tool`, a script), without a shell."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock, current_thread, main_thread
from types import FrameType
from typing import Final, NamedTuple

from cdptui.config.credentials import MAX_SECRET_BYTES
from cdptui.config.errors import ConfigError
from cdptui.models.redaction import MASK
from cdptui.models.sanitize import sanitize

INTERACTIVE_TIMEOUT_S: Final = 120.0
"""Long, because the user may have to unlock a store, on this terminal or in a window."""

BACKGROUND_TIMEOUT_S: Final = 20.0

_MAX_STDERR_BYTES: Final = 8192
_MAX_MESSAGE: Final = 200


_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end this process; they are deferred until a program that is being started is registered."""

_START_TIMEOUT_S: Final = 0.5
"""Seconds for which the end of this process waits for a thread that is starting a program."""


class _Running(NamedTuple):
    process: subprocess.Popen[bytes]
    is_interactive: bool


_running: Final[set[_Running]] = set()
_starting: Final = Lock()


def run_password_command(command: str | Sequence[str], *, is_interactive: bool, timeout_s: float | None = None) -> str:
    """Return the first line that `command` prints. Raises ConfigError with the last line of its stderr.

    With `is_interactive` it can use the terminal for prompts; otherwise it gets no terminal, so that it cannot write
    over the screen.
    """
    words = _split_command(command)
    limit_s = timeout_s or (INTERACTIVE_TIMEOUT_S if is_interactive else BACKGROUND_TIMEOUT_S)
    with _deferred_signals():
        running = _Running(_start(words, is_interactive=is_interactive), is_interactive)
    try:
        output, errors = _read_output(running.process, limit_s)
    except subprocess.TimeoutExpired:
        _kill_and_reap(running)
        raise _command_error(words, f"no answer in {limit_s:g} s") from None
    except _LineTooLong:
        _kill_and_reap(running)
        raise _command_error(words, f"its first line is longer than {MAX_SECRET_BYTES >> 10} KiB") from None
    except BaseException:
        _kill_and_reap(running)
        raise
    finally:
        _running.discard(running)
    if running.process.returncode:
        raise _command_error(words, f"exit code {running.process.returncode}{_last_stderr_line(errors, output)}")
    return _first_line(words, output)


def kill_password_commands() -> None:
    """Kill the programs that still run. Called whenever this process ends."""
    is_locked = _starting.acquire(timeout=_START_TIMEOUT_S)
    for running in tuple(_running):
        _kill(running)
    if is_locked:
        _starting.release()


atexit.register(kill_password_commands)


def _start(words: Sequence[str], *, is_interactive: bool) -> subprocess.Popen[bytes]:
    try:
        with _starting:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
                words,
                stdin=None if is_interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if is_interactive else subprocess.PIPE,
                start_new_session=not is_interactive,
            )
            _running.add(_Running(process, is_interactive))
            return process
    except (OSError, ValueError) as error:
        raise _command_error(words, getattr(error, "strerror", None) or str(error)) from error


@contextlib.contextmanager
def _deferred_signals() -> Iterator[None]:
    """Defer a signal to the end of the block; a second one takes effect immediately.

    Otherwise a program that was started just before the signal could keep running. Only the main thread handles
    signals.
    """
    if current_thread() is not main_thread():
        yield
        return
    handlers = {number: handler for number in _SIGNALS if callable(handler := signal.getsignal(number))}
    arrived: list[int] = []

    def defer(number: int, frame: FrameType | None) -> None:
        if arrived:
            handlers[signal.Signals(number)](number, frame)
        arrived.append(number)

    for number in handlers:
        signal.signal(number, defer)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


class _LineTooLong(Exception):
    """The first line does not end within `MAX_SECRET_BYTES`."""


def _read_output(process: subprocess.Popen[bytes], limit_s: float) -> tuple[bytes, bytes]:
    """Return the beginning of stdout and the end of stderr, once the program has ended.

    Raises TimeoutExpired and _LineTooLong. `Popen.communicate` would store the whole output of an endless program.
    """
    deadline = time.monotonic() + limit_s
    output = errors = b""
    with selectors.DefaultSelector() as selector:
        for stream in filter(None, (process.stdout, process.stderr)):
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(process.args, limit_s)
            for key, _ in ready:
                chunk = os.read(key.fd, MAX_SECRET_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    errors = (errors + chunk)[-_MAX_STDERR_BYTES:]
                elif len(output) <= MAX_SECRET_BYTES:
                    output += chunk
            if len(output.partition(b"\n")[0]) > MAX_SECRET_BYTES:
                raise _LineTooLong
    for stream in filter(None, (process.stdout, process.stderr)):
        stream.close()
    process.wait(max(0.0, deadline - time.monotonic()))
    return output, errors


def _split_command(command: str | Sequence[str]) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        message = f"password_command: {error}"
        raise ConfigError(message) from error
    if not words or not words[0]:
        raise ConfigError("password_command is empty")
    return [os.path.expanduser(words[0]), *words[1:]]  # noqa: PTH111 - `~/bin/x` is one; `pass` must stay `pass`


def _first_line(words: Sequence[str], output: bytes) -> str:
    line = output.partition(b"\n")[0].removesuffix(b"\r")
    try:
        password = line.decode()
    except UnicodeDecodeError as error:
        raise _command_error(words, "its output is not UTF-8 text") from error
    if not password:
        raise _command_error(words, "it printed no password")
    return password


def _last_stderr_line(errors: bytes, output: bytes) -> str:
    """Return the last line of stderr, with all text that is also in stdout, which may be the password, replaced."""
    text = errors.decode(errors="replace").strip()
    for line in output.decode(errors="replace").split("\n"):
        text = text.replace(line.strip(), MASK) if line.strip() else text
    return f": {sanitize(text.splitlines()[-1], _MAX_MESSAGE)}" if text else ""


def _kill(running: _Running) -> None:
    """Kill a program and its descendants.

    An interactive program is in the process group of this process, so its descendants are looked up in /proc on Linux.
    """
    process = running.process
    if not running.is_interactive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return
    descendants = list(_descendants(process.pid))
    process.kill()
    for pid in descendants:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text("ascii").split()):
                yield child
                yield from _descendants(child)


def _kill_and_reap(running: _Running) -> None:
    """Kill a program and its descendants, which may hold its output open, and wait for it."""
    _kill(running)
    for stream in (running.process.stdout, running.process.stderr):
        if stream is not None:
            stream.close()
    running.process.wait(1.0)


def _command_error(words: Sequence[str], reason: str) -> ConfigError:
    """Build the error. It names only the program, because arguments may contain secrets."""
    return ConfigError(f"password_command {sanitize(words[0], _MAX_MESSAGE)!r} failed: {reason}")
