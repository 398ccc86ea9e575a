"""Runs a monitor that only records: polls, reports what changes in a line each, and ends at a signal."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Final

from cdptui.cli.diagnostics import SESSION_LEFT, ExitCode, print_error
from cdptui.cli.output import print_line
from cdptui.cli.output_boundary import redact
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.models.failure import FailureKind
from cdptui.models.inventory_needs import InventoryNeeds
from cdptui.models.recording import RecordingPhase, RecordingState
from cdptui.monitor.connection import NodeConnection, connect
from cdptui.monitor.update import Update
from cdptui.render.failure_messages import failure_fact
from cdptui.render.recording_messages import recording_notice, recording_span

_EXIT_CODES: Final = {
    signal.SIGTERM: ExitCode.OK,
    signal.SIGHUP: ExitCode.OK,
    signal.SIGINT: ExitCode.INTERRUPTED,
}

_LOGOUT_S: Final = 3.0


def record_until_signal(settings: MonitorSettings, file: Path) -> ExitCode:
    """Record to `file`, and return the exit code: 4 when the user must act before the node can be read."""
    return asyncio.run(_record(settings, file))


async def _record(settings: MonitorSettings, file: Path) -> ExitCode:
    ended: asyncio.Future[ExitCode] = asyncio.get_running_loop().create_future()
    for number, code in _EXIT_CODES.items():
        asyncio.get_running_loop().add_signal_handler(number, _end, ended, code)
    connection = await connect(settings, SystemClock())
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(connection.inventory.run(lambda: None)),
                group.create_task(_poll(connection, StateReporter(file), ended)),
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


async def _poll(connection: NodeConnection, reporter: StateReporter, ended: asyncio.Future[ExitCode]) -> None:
    async for update in connection.monitor.updates():
        reporter.report(update, connection.recording)
        if update.failure is None:
            # Storages, policies and VMs give tasks their problems, and storages have events.
            connection.inventory.set_needs(InventoryNeeds())
        if update.failure is not None and update.failure.needs_user_action:
            _end(ended, ExitCode.AUTHENTICATION)


async def _log_out(connection: NodeConnection) -> None:
    try:
        async with asyncio.timeout(_LOGOUT_S):
            is_clean = await connection.aclose()
    except TimeoutError:
        is_clean = False
    if not is_clean:
        print_error(SESSION_LEFT)


class StateReporter:
    """Prints a line for each change of the state, so that the log of weeks is short."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failure: FailureKind | None = None
        self._recording = RecordingState(RecordingPhase.STARTING)

    def report(self, update: Update, recording: RecordingState) -> None:
        """Print what changed since the last call."""
        failure = update.failure
        if failure is not None and failure.kind is not self._failure:
            print_error(redact(failure_fact(failure)))
        elif failure is None and self._failure is not None:
            print_line("polls succeed again")
        self._failure = failure.kind if failure is not None else None
        if recording != self._recording:
            self._report_recording(recording)
            self._recording = recording

    def _report_recording(self, state: RecordingState) -> None:
        notice, problem = recording_notice(self._recording, state), recording_span(state)
        if notice is not None:
            print_line(notice)
        if problem is not None:
            print_error(f"{problem.text}: {state.detail}" if state.detail else problem.text)
        elif state.phase is RecordingPhase.RECORDING:
            print_line(f"recording to {self._file}")
