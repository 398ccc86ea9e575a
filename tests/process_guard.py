"""Pytest plugin: no process that a test starts outlives the test, nor the run.

- After each test, every descendant that was not there before it is killed. A test that passed and left one fails.
  Modules whose tests share processes say so with the mark `shares_processes`; they are checked after the last test.
- At the end of the run, what is left is killed, named, and fails the run.
- A watchdog process does the same when the run itself is killed.

Daemons (the servers of tmux and screen) leave their process group, session and parent. They are found all the same:
every pytest process is a child subreaper, which adopts them, and the environment carries the id of the run.
Linux only; elsewhere the plugin does nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

RUN_ID = "CDPTUI_TEST_RUN"
"""Environment variable with the ids of the runs that a process belongs to, outermost first, separated by commas."""

_PR_SET_CHILD_SUBREAPER = 36

_SHARED = "shares_processes"

_GRACE_S = 5.0
"""How long a process of a test that passed may need for its own end."""

_KILL_S = 10.0
"""How long the kernel may need to end what was killed."""


class Processes:
    """The processes below this one, and those that carry the id of a run."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id.encode()
        self._own = os.getpid()

    def descendants(self) -> set[int]:
        """Return the living descendants of this process."""
        if not _has_children():
            return set()
        children = _living_children()
        found: set[int] = set()
        waiting = [self._own]
        while waiting:
            new = children.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    def marked(self) -> set[int]:
        """Return all living processes with the id of the run in their environment, except this one."""
        pids = set().union(*_living_children().values()) - {self._own}
        return {pid for pid in pids if self._run_id in _environment(pid)}

    def reap(self) -> None:
        """Collect the exit codes of all children that have ended: adopted ones have no other parent to do it."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def kill(find: Callable[[], set[int]], reap: Callable[[], None]) -> None:
    """Kill what `find` returns until it returns nothing: a process may start others before it dies."""
    deadline = time.monotonic() + _KILL_S
    while left := find():
        if time.monotonic() > deadline:
            msg = f"these processes cannot be killed: {describe(left)}"
            raise RuntimeError(msg)
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        reap()


def describe(pids: set[int]) -> str:
    """Name processes by pid and command line."""
    return "; ".join(f"{pid} {_command(pid)}" for pid in sorted(pids))


def _has_children() -> bool:
    """Whether this process has children, at the cost of one system call."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _living_children() -> dict[int, set[int]]:
    """Return the living processes of this machine by their parent."""
    children: dict[int, set[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state not in {"Z", "X"}:
            children.setdefault(int(parent), set()).add(int(path.parent.name))
    return children


def _environment(pid: int) -> bytes:
    """The value of the marker in the environment of a process; empty for one of other users."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return b""
    return next((variable for variable in variables if variable.startswith(RUN_ID.encode() + b"=")), b"")


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "(ended)"


class ProcessGuard:
    """Checks one pytest process: the controller, a worker of xdist, or the only one."""

    def __init__(self, processes: Processes, watchdog: subprocess.Popen[bytes] | None) -> None:
        self._processes = processes
        self._watchdog = watchdog
        self._before: set[int] = set()
        self._failed = False
        self._left = ""
        self._is_shared = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        self._failed = self._failed or report.failed
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        if not self._is_shared:
            self._before = self._processes.descendants()
            self._failed = False
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        try:
            return (yield)
        finally:
            self._is_shared = (
                item.get_closest_marker(_SHARED) is not None and nextitem is not None and nextitem.path == item.path
            )
            if not self._is_shared:
                self._end_of_test()

    def _end_of_test(self) -> None:
        self._processes.reap()
        left = self._left_by_test()
        deadline = time.monotonic() + (0 if self._failed else _GRACE_S)
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = self._left_by_test()
        if not left:
            return
        named = describe(left)
        kill(self._left_by_test, self._processes.reap)
        if not self._failed:
            pytest.fail(f"the test left processes behind: {named}", pytrace=False)

    def _left_by_test(self) -> set[int]:
        return self._processes.descendants() - self._before

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        # The controller of xdist ends its workers in this hook.
        result = yield
        if self._watchdog is not None and (left := self._left_by_run()):
            self._left = describe(left)
            kill(self._left_by_run, self._processes.reap)
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        return result

    def _left_by_run(self) -> set[int]:
        assert self._watchdog is not None
        return (self._processes.descendants() | self._processes.marked()) - {self._watchdog.pid}

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._left:
            terminalreporter.section("processes left at the end of the run", red=True)
            terminalreporter.line(self._left)

    def pytest_unconfigure(self) -> None:
        if self._watchdog is not None and self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
            self._watchdog.wait(_KILL_S + 5)


def pytest_configure(config: pytest.Config) -> None:
    """Guard this process; the controller also names the run and starts the watchdog."""
    config.addinivalue_line("markers", f"{_SHARED}: fixtures of the module start processes that its tests share")
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    watchdog = None
    if not hasattr(config, "workerinput"):
        run_id = uuid.uuid4().hex
        os.environ[RUN_ID] = ",".join(filter(None, (os.environ.get(RUN_ID), run_id)))
        # A session of its own: neither Ctrl+C nor a hang-up of the run's terminal ends it.
        watchdog = subprocess.Popen(
            [sys.executable, "-I", __file__, run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
    run_id = os.environ[RUN_ID].rpartition(",")[2]
    config.pluginmanager.register(ProcessGuard(Processes(run_id), watchdog), "cdptui-process-guard")


def _watch(run_id: str) -> None:
    """Wait until the run has ended, whatever ended it, and kill what carries its id."""
    sys.stdin.buffer.read()
    processes = Processes(run_id)
    kill(processes.marked, processes.reap)


if __name__ == "__main__":
    _watch(sys.argv[1])
