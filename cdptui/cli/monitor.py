"""Runs the TUI: event loop, signal handlers, and shutdown (restore the terminal, log out)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import TYPE_CHECKING, Final, NamedTuple, ParamSpec, TypeVar

from cdptui import gc_tuning
from cdptui.cli.diagnostics import SESSION_LEFT, CommandError, ExitCode, name_lack, print_error
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.signal_watch import SignalWatch
from cdptui.cli.startup import end_at_once
from cdptui.clock import Clock, SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.terminal import detect_terminal

if TYPE_CHECKING:
    from cdptui.tui.app import CdptuiApp
    from cdptui.tui.keymap import Keymap
    from cdptui.tui.target import Target

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class DaemonThreadExecutor(ThreadPoolExecutor):
    """Runs each call in a daemon thread of its own. The base class would wait for all threads at exit."""

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """Start calling `fn`. The future gets an OSError when no thread can be started."""
        future: Future[_Result] = Future()
        try:
            Thread(target=_run_call, args=(future, lambda: fn(*args, **kwargs)), daemon=True).start()
        except (RuntimeError, MemoryError) as cause:
            # Only this call fails, with the error of a system without free threads.
            error = OSError(errno.EAGAIN, "the system has no thread left for this")
            error.__cause__ = cause
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - theirs
        """Do not wait for running calls."""


def _run_call(future: Future[_Result], call: Callable[[], _Result]) -> None:
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
"""Exit code by signal: 128 plus its number, except for SIGINT, which Ctrl+C sends."""

_LOGOUT_TIMEOUT_S: Final = 0.75
"""Seconds to wait for the logout, after the terminal is restored: the exit must take less than a second."""

_DRAIN_TIMEOUT_S: Final = 0.6
"""Seconds to wait for a slow terminal to accept the last output, including the time for the logout."""


_ADDRESS_SPACE_BYTES: Final = 384 << 20
"""Address space that the process maps with 1,000 tasks. It uses a sixth of it; most is for the stacks of threads."""


_NO_PROFILES: Final = "a recording is shown"


class _Targets(NamedTuple):
    """What the program shows at first, and what the user can switch to."""

    first: Target
    others: Sequence[Target]
    profile_hint: str


def run_monitor(
    settings: MonitorSettings,
    display: DisplaySettings,
    effective_config: EffectiveConfig | None = None,
    clock: Clock | None = None,
) -> int:
    """Run until the user quits, and return the exit code. Raises CommandError after an internal error.

    `effective_config` has the profiles that the user can switch to. `clock` is the node's; None for this machine's.
    """
    clock = clock or SystemClock()

    def create_targets() -> _Targets:
        from cdptui.cli.targets import initial_target, profile_hint, profile_targets

        target = initial_target(settings, display, clock, effective_config)
        others = () if effective_config is None else profile_targets(target, display, clock, effective_config)
        return _Targets(target, others, profile_hint(effective_config))

    return _run_app(create_targets, display, clock)


def run_target(target: Target, display: DisplaySettings) -> int:
    """Run on a target to which there are no others. See `run_monitor`."""
    return _run_app(lambda: _Targets(target, (), _NO_PROFILES), display, SystemClock())


def _run_app(create_targets: Callable[[], _Targets], display: DisplaySettings, clock: Clock) -> int:
    _require_address_space()
    display.log.ensure_writable()
    codes: list[int] = []

    async def run() -> None:
        codes.append(await _run(create_targets, display, clock))

    try:
        asyncio.run(run())
    except RuntimeError as error:
        # At exit asyncio starts a thread to shut down the executor, which is not needed.
        if not codes or name_lack(error) is None:
            raise
    return codes[0]


async def _run(create_targets: Callable[[], _Targets], display: DisplaySettings, clock: Clock) -> int:
    gc_tuning.on_start_up()
    _ignore_textual_variables()
    # Importing Textual takes a quarter of a second, which --help and errors do not need.
    from cdptui.tui.app import CdptuiApp

    # Without a handler, an error that ends the app before logging starts would be printed with its traceback.
    logging.getLogger().addHandler(logging.NullHandler())
    targets = create_targets()
    app = CdptuiApp(
        targets.first,
        clock=clock,
        targets=targets.others,
        keymap=_keymap(display),
        columns=display.columns,
        theme=display.theme,
        low_bandwidth=display.low_bandwidth,
        traits=detect_terminal(is_ascii=display.is_ascii),
    )
    app.profile_hint = targets.profile_hint
    watch = SignalWatch(_EXIT_CODES, app.exit, lambda code: _abandon(app, code))
    # Before this there is nothing to restore or log out, and a signal ends the process at once.
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
            "stopped by an internal error; the log file has the details, --debug shows them here"
        ) from app.crash
    return ExitCode.FAILURE if code is None else code


def _require_address_space() -> None:
    """Raise CommandError if a limit (ulimit -v) is too low for the monitor's threads and libraries.

    Otherwise memory would be refused while drawing, where C libraries end the process by a signal.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _ADDRESS_SPACE_BYTES:
        needed, present = _ADDRESS_SPACE_BYTES >> 20, limit >> 20
        message = f"not enough memory: ulimit -v leaves {present} MiB of address space, the monitor needs {needed}"
        raise CommandError(message)


def _ignore_textual_variables() -> None:
    """Remove environment variables for developers of Textual, which press keys, take screenshots or set the frame rate.

    Textual does not validate them: TEXTUAL_PRESS=q would end the monitor, an unknown colour system raises.
    """
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]


def _keymap(display: DisplaySettings) -> Keymap:
    from cdptui.tui.keymap import DEFAULT_KEYMAP

    if not display.keys:
        return DEFAULT_KEYMAP
    from cdptui.tui.keymap import with_overrides

    return with_overrides(display.keys)


async def _shut_down(app: CdptuiApp) -> None:
    """Log out, and warn the user if a session may remain on a node that does not answer."""
    # The terminal belongs to the shell again: Ctrl+C in the rest of the input must not interrupt the shutdown. Handlers
    # are not enough, as the loop and the interpreter replace theirs by the default action at the end.
    for number in _EXIT_CODES:
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
    is_clean, until = False, time.monotonic() + _DRAIN_TIMEOUT_S
    try:
        async with asyncio.timeout(_LOGOUT_TIMEOUT_S):
            is_clean = await app.close_connections()
    except TimeoutError:
        log.warning("not logged out: no answer within %s s", _LOGOUT_TIMEOUT_S)
    app.drain_output(until - time.monotonic())
    if not is_clean:
        # The terminal may be gone.
        with contextlib.suppress(OSError):
            print_error(SESSION_LEFT)


def _abandon(app: CdptuiApp, code: int) -> None:
    """End the process from a thread while the event loop is blocked: restore the terminal, without a logout."""
    app.restore_terminal()
    with contextlib.suppress(OSError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"cdptui: {SESSION_LEFT}\n".encode())
    end_at_once(code)
