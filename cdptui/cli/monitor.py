"""Runs the monitor on this terminal: the event loop, the signals, and what must be given back at the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import select
import signal
import time
from typing import TYPE_CHECKING, Final

from cdptui import gc_tuning
from cdptui.cli.diagnostics import CommandError, ExitCode, name_lack, print_error
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.signal_watch import SignalWatch
from cdptui.cli.startup import end_at_once
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.terminal import detect_terminal

if TYPE_CHECKING:
    from cdptui.tui.app import CdptuiApp
    from cdptui.tui.keymap import Keymap
import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class DaemonThreadExecutor(ThreadPoolExecutor):
    """A daemon thread for each call, which are few. The pool of the library waits at the end for all of its own."""

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """Begin to call `fn`. The future has an OSError when no thread can be started."""
        future: Future[_Result] = Future()
        try:
            Thread(target=_fulfil, args=(future, lambda: fn(*args, **kwargs)), daemon=True).start()
        except (RuntimeError, MemoryError) as cause:
            # Only this call fails, in the way in which the system refuses what it has no room for.
            error = OSError(errno.EAGAIN, "the system has no thread left for this")
            error.__cause__ = cause
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - theirs
        """Let go of what still runs."""


def _fulfil(future: Future[_Result], call: Callable[[], _Result]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)


log = logging.getLogger(__name__)

_EXIT_CODES: Final = {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGQUIT: 131}
"""Exit code by signal; 128 plus its number, save for the one that the keyboard sends."""

_LOGOUT_TIMEOUT_S: Final = 0.75
"""How long the node is given to log us out, behind a terminal that is restored already: nobody waits for a second."""

_DRAIN_TIMEOUT_S: Final = 0.6
"""How long a line that takes nothing is given to take the terminal's last, beside the farewell."""


_ADDRESS_SPACE_BYTES: Final = 384 << 20
"""What the process maps with 1,000 tasks, of which it uses a sixth: the most is room for the stacks of its threads."""

_SESSION_LEFT: Final = "not logged out: a session may be left on the node until it ends by itself"


def run_monitor(settings: MonitorSettings, display: DisplaySettings, choices: EffectiveConfig | None = None) -> int:
    """Run until somebody quits; returns the exit code. Raises CommandFailed after a fault of ours.

    `choices` hold the profiles that one can go to.
    """
    _require_address_space()
    display.log.ensure_writable()
    codes: list[int] = []

    async def run() -> None:
        codes.append(await _run(settings, display, choices))

    try:
        asyncio.run(run())
    except RuntimeError as error:
        # At the end asyncio starts a thread to shut down the executor, which has nothing to be waited for.
        if not codes or name_lack(error) is None:
            raise
    return codes[0]


async def _run(settings: MonitorSettings, display: DisplaySettings, choices: EffectiveConfig | None) -> int:
    gc_tuning.on_start_up()
    _ignore_textual_variables()
    # Textual takes a quarter of a second to import: not for --help, and not for a URL that is wrong.
    from cdptui.cli.targets import initial_target, profile_hint, profile_targets  # noqa: PLC0415
    from cdptui.tui.app import CdptuiApp  # noqa: PLC0415

    # Until the log is started, the fault that ends the app would be printed with its traceback.
    logging.getLogger().addHandler(logging.NullHandler())
    clock = SystemClock()
    target = initial_target(settings, display, clock, choices)
    app = CdptuiApp(
        target,
        clock=clock,
        targets=() if choices is None else profile_targets(target, display, clock, choices),
        keymap=_keymap(display),
        columns=display.columns,
        theme=display.theme,
        is_frugal=display.low_bandwidth,
        traits=detect_terminal(is_ascii=display.is_ascii),
    )
    app.profile_hint = profile_hint(choices)
    watch = SignalWatch(_EXIT_CODES, app.exit, lambda code: _abandon(app, code))
    # Until then nothing is to be restored or logged out, and a signal ends the process at once.
    app.before_terminal = watch.start
    asyncio.get_running_loop().set_default_executor(DaemonThreadExecutor())
    code = None
    try:
        code = await app.run_async(mouse=display.has_mouse)
    finally:
        watch.limit_end(ExitCode.FAILURE if code is None else code)
        await _shut_down(app)
    if app.crash is not None and name_lack(app.crash) is not None:
        raise app.crash
    if app.crash is not None:
        raise CommandError(
            "stopped by a fault of its own; the log file has the details, --debug shows them here"
        ) from app.crash
    return ExitCode.FAILURE if code is None else code


def _require_address_space() -> None:
    """Raise CommandFailed where a limit (ulimit -v) leaves no room for the monitor's threads and libraries.

    They would be refused memory in the middle of drawing, where libraries in C end the process by a signal.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _ADDRESS_SPACE_BYTES:
        needed, present = _ADDRESS_SPACE_BYTES >> 20, limit >> 20
        message = f"not enough memory: ulimit -v leaves {present} MiB of address space, the monitor needs {needed}"
        raise CommandError(message)


def _ignore_textual_variables() -> None:
    """Remove the variables with which Textual's developers press keys, take pictures or change the frame rate.

    Textual believes them as they are: TEXTUAL_PRESS=q would end the monitor, an unknown colour system raises.
    """
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]


def _keymap(display: DisplaySettings) -> Keymap:
    from cdptui.tui.keymap import DEFAULT_KEYMAP  # noqa: PLC0415 - see above

    if not display.keys:
        return DEFAULT_KEYMAP
    from cdptui.tui.keymap import with_overrides  # noqa: PLC0415 - rarely needed

    return with_overrides(display.keys)


async def _shut_down(app: CdptuiApp) -> None:
    """Log out; a node that does not answer keeps its session until that ends by itself, and the person is told so."""
    # The terminal is the shell's again: what is left of the input there may hold Ctrl+C, for a process that has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    is_clean, until = False, time.monotonic() + _DRAIN_TIMEOUT_S
    try:
        async with asyncio.timeout(_LOGOUT_TIMEOUT_S):
            is_clean = await app.close_connections()
    except TimeoutError:
        log.warning("not logged out: no answer within %s s", _LOGOUT_TIMEOUT_S)
    app.drain_output(until - time.monotonic())
    if not is_clean:
        # Whose terminal is gone cannot be told.
        with contextlib.suppress(OSError):
            print_error(_SESSION_LEFT)


def _abandon(app: CdptuiApp, code: int) -> None:
    """End the process from a thread while the event loop is held: restore the terminal, log nobody out."""
    app.restore_terminal()
    with contextlib.suppress(OSError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"cdptui: {_SESSION_LEFT}\n".encode())
    end_at_once(code)
