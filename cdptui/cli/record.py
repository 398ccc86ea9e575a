"""`cdptui record`: records a node without a screen."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cdptui.cli.diagnostics import ExitCode, print_error
from cdptui.cli.effective_config import DisplaySettings, EffectiveConfig
from cdptui.cli.monitor_settings import build_monitor_settings
from cdptui.cli.options import Command, log_options, node_options, record_options
from cdptui.cli.output import print_line
from cdptui.cli.output_boundary import redact
from cdptui.cli.tty_checks import prompt_secret
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.models.recording import RecordingPhase, RecordingState

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection
    from cdptui.monitor.update import Update

_EXIT_CODES: Final = {
    signal.SIGTERM: ExitCode.OK,
    signal.SIGHUP: ExitCode.OK,
    signal.SIGINT: ExitCode.INTERRUPTED,
}

_LOGOUT_S: Final = 3.0


@click.command(cls=Command, reads=None, short_help="Record a node without a screen, until SIGTERM or Ctrl+C.")
@node_options
@record_options
@log_options
@click.pass_context
def record(context: click.Context, /, **_options: object) -> None:
    """Record a node without a screen, until SIGTERM or Ctrl+C.

    Prints a line when recording begins, fails or resumes, and when the node cannot be read. Ends with exit code 4 when
    the node refuses the login, which is not tried again: accounts are locked after some attempts.
    """
    effective_config = EffectiveConfig.from_context(context).with_initial_profile()
    settings = build_monitor_settings(effective_config, prompt=prompt_secret if sys.stdin.isatty() else None)
    if settings.record is None:
        raise click.UsageError("nothing to do with --no-record")
    display = DisplaySettings.of(effective_config)
    display.log.ensure_writable()
    display.log.configure(settings.secrets)
    context.exit(asyncio.run(_record(settings, settings.record.file)))


async def _record(settings: MonitorSettings, file: Path) -> int:
    from cdptui.monitor.connection import connect

    ended: asyncio.Future[ExitCode] = asyncio.get_running_loop().create_future()
    for number, code in _EXIT_CODES.items():
        asyncio.get_running_loop().add_signal_handler(number, _end, ended, code)
    connection = await connect(settings, SystemClock())
    reporter = _Reporter(file)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(connection.inventory.run(lambda: None)),
                group.create_task(_poll(connection, reporter, ended)),
            ]
            code = await ended
            for task in tasks:
                task.cancel()
    finally:
        await _log_out(connection)
    return code


def _end(ended: asyncio.Future[ExitCode], code: ExitCode) -> None:
    if not ended.done():
        ended.set_result(code)


async def _poll(connection: NodeConnection, reporter: _Reporter, ended: asyncio.Future[ExitCode]) -> None:
    async for update in connection.monitor.updates():
        if reporter.report(update, connection.recording) and not ended.done():
            ended.set_result(ExitCode.AUTHENTICATION)


async def _log_out(connection: NodeConnection) -> None:
    is_clean = False
    try:
        async with asyncio.timeout(_LOGOUT_S):
            is_clean = await connection.aclose()
    except TimeoutError:
        pass
    if not is_clean:
        print_error("not logged out: a session may remain on the node until it expires")


class _Reporter:
    """Prints a line for each change of the state, so that a log of weeks is short."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failure: object = None
        self._recording = RecordingState(RecordingPhase.STARTING)

    def report(self, update: Update, recording: RecordingState) -> bool:
        """Print what changed. Return whether the user must act before polls can succeed."""
        failure = update.failure
        kind = failure.kind if failure is not None else None
        if failure is not None and kind is not self._failure:
            from cdptui.render.failure_messages import failure_sentence

            print_error(redact(failure_sentence(failure, {})))
        elif failure is None and self._failure is not None:
            print_line("polls succeed again")
        self._failure = kind
        if recording != self._recording:
            self._report_recording(recording)
        return failure is not None and failure.needs_user_action

    def _report_recording(self, state: RecordingState) -> None:
        from cdptui.render.recording_messages import recording_notice, recording_span

        notice = recording_notice(self._recording, state)
        if notice is not None:
            print_line(notice)
        self._recording = state
        span = recording_span(state)
        if span is not None:
            print_error(f"{span.text}: {state.detail}" if state.detail else span.text)
        elif state.phase is RecordingPhase.RECORDING:
            print_line(f"recording to {self._file}")
