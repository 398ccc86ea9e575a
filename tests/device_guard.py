"""Fails a run of the tests that changed a device of the machine: its mode, owner, type or number.

A program that runs as root and makes its files private, as a log file is, could make /dev/null private for everyone.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Final

import pytest

DEVICES: Final = tuple(Path("/dev", name) for name in ("null", "tty", "zero", "full"))

_State = tuple[int, int, int, int]


class DeviceGuard:
    """Compares the devices at the end of a run with those at its start."""

    def __init__(self, devices: tuple[Path, ...] = DEVICES) -> None:
        self._devices = devices
        self._before: Mapping[Path, _State] = {}
        self._changed: list[str] = []

    def pytest_sessionstart(self) -> None:
        self._before = self._states()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        # The controller of xdist ends its workers in this hook.
        result = yield
        after = self._states()
        for device, state in self._before.items():
            if after.get(device) != state:
                self._changed.append(f"{device}: {_describe(state)} before, {_describe(after.get(device))} after")
        if self._changed:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._changed:
            terminalreporter.section("devices that were changed by the run", red=True)
            for line in self._changed:
                terminalreporter.line(line)

    def _states(self) -> dict[Path, _State]:
        return {device: _state(device) for device in self._devices if device.exists()}


def _state(device: Path) -> _State:
    status = device.stat()
    return status.st_mode, status.st_uid, status.st_gid, status.st_rdev


def _describe(state: _State | None) -> str:
    return "missing" if state is None else f"mode {state[0]:o}, owner {state[1]}:{state[2]}"


def pytest_configure(config: pytest.Config) -> None:
    """Guard the run, not each worker of xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(DeviceGuard(), "cdptui-device-guard")
