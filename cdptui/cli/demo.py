"""`cdptui demo`: the monitor on a simulated node in this process, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from cdptui.cli.demo_folder import DemoFolder
from cdptui.cli.diagnostics import MISSING_EXTRA, CommandError
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.options import DISPLAY_OPTION_NAMES, Command, display_options, fault_option, fleet_options
from cdptui.cli.startup import forget_restore, restore_at_signal
from cdptui.cli.tty_checks import require_drawable_terminal
from cdptui.config.recording import DEFAULT_LIMIT_BYTES, RecordSettings
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin

if TYPE_CHECKING:
    from cdptui.cli.demo_history import DemoHistory
    from cdptui.simulator.faults.rules import Fault
    from cdptui.simulator.settings import SimulatorSettings

_INTERVAL_S: Final = 2.0
"""Shorter than the default, as the simulated time runs fast."""

_SESSION_S: Final = 7200.0
"""Lifetime of an unused session in real seconds, the server's default."""

_PAST_MINUTES: Final = 76 * 60
"""Minutes of the past: forecasts compare three whole days, and the last monitor ended a while before the start."""

_MOST_RECORDED: Final = 1000
"""Larger fleets have no past: writing it would take many seconds."""


@click.command(cls=Command, reads=DISPLAY_OPTION_NAMES, short_help="Open the monitor on an embedded simulated node.")
@fleet_options(speed=60.0)
@fault_option("simulate --help lists the kinds")
@display_options
@click.pass_context
def demo(
    context: click.Context,
    /,
    tasks: int,
    seed: int,
    speed: float,
    faults: tuple[Fault, ...],
    **_options: object,
) -> None:
    """Open the monitor on an embedded simulated node; no server is needed."""
    display = DisplaySettings.of(EffectiveConfig.from_context(context))
    require_drawable_terminal(is_stdin_used=False)
    from cdptui.cli.monitor import run_monitor
    from cdptui.clock import ScaledClock

    try:
        from cdptui.simulator.node import ManagementNode
        from cdptui.simulator.server import EmbeddedServer
        from cdptui.simulator.settings import SimulatorSettings
    except ModuleNotFoundError as error:
        raise CommandError(MISSING_EXTRA) from error
    # One clock for the node and its monitor, so that RPO, ages and growth are in the same time.
    clock = ScaledClock(speed)
    settings = SimulatorSettings(
        port=0,
        tasks=tasks,
        seed=seed,
        session_timeout_s=_SESSION_S * speed,
        past_minutes=_PAST_MINUTES if tasks <= _MOST_RECORDED else 0,
    )
    start = clock.now()
    node = ManagementNode(settings, now=lambda: clock.now().timestamp())
    for fault in faults:
        node.faults.add_fault(fault)
    with EmbeddedServer(node) as server, _recording(settings, start) as record:
        monitor = MonitorSettings(
            base_url=normalize_url(server.url),
            auth=PasswordLogin(name=settings.account, password=settings.password),
            interval_s=_INTERVAL_S,
            label=demo_label(speed),
            record=record,
        )
        context.exit(run_monitor(monitor, display, clock=clock))


@contextmanager
def _recording(settings: SimulatorSettings, start: datetime) -> Iterator[RecordSettings]:
    """Yield where the demo is recorded: in a folder that is removed at the end, also when a signal ends the process.

    One that SIGKILL left is removed by the next demo.
    """
    folder = DemoFolder()
    history = _LateHistory(settings, start, folder)
    restore_at_signal(folder.remove)
    try:
        yield RecordSettings(history.path, DEFAULT_LIMIT_BYTES, "demo", settings.account, history.prepare)
    finally:
        history.stop()
        folder.remove()
        forget_restore(folder.remove)


class _LateHistory:
    """The history of the demo, whose module is imported by the recorder's thread, after the first list."""

    def __init__(self, settings: SimulatorSettings, start: datetime, folder: DemoFolder) -> None:
        self.path = folder.path / "demo.sqlite"
        self._folder = folder
        self._settings = settings
        self._start = start
        self._history: DemoHistory | None = None

    def prepare(self) -> None:
        """See `DemoHistory.prepare`."""
        if self._history is None:
            from cdptui.cli.demo_history import DemoHistory

            self._folder.remove_abandoned()
            self._history = DemoHistory(self._settings, self._start, self.path)
        self._history.prepare()

    def stop(self) -> None:
        """See `DemoHistory.stop`."""
        if self._history is not None:
            self._history.stop()


def demo_label(speed: float) -> str:
    """Return the label of the demo in the header, with the speed of its time.

    >>> demo_label(60.0), demo_label(0.5), demo_label(1.0)
    ('demo ×60', 'demo ×0.5', 'demo')
    """
    return "demo" if speed == 1 else f"demo ×{speed:g}"
