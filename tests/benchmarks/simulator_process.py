"""A simulated node in another process, controlled over a pipe; see `simulator_runner`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self


class SimulatorProcess:
    """A frozen fleet of `tasks` tasks, of which `churn` change before each poll."""

    def __init__(self, tasks: int, churn: int = 0) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.simulator_runner", str(tasks)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._line().strip()
        self.tasks = tasks
        self.set_churn(churn)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def stand_still(self) -> None:
        """Accept connections and requests, and do not answer."""
        self._process.send_signal(signal.SIGSTOP)

    def set_churn(self, count: int) -> None:
        """Set the number of tasks that change before each poll."""
        self._order(do="churn", count=count)

    def stamp(self) -> None:
        """Show the number of the poll on the first line of the list: `stamp 00001`."""
        self._order(do="stamp")

    def alter(self, number: int, **fields: object) -> None:
        """Override fields of a task."""
        self._order(do="alter", number=number, fields=fields)

    def forget(self) -> None:
        """Clear the recorded polls and requests."""
        self._order(do="forget")

    def polls(self) -> list[float]:
        """Return the monotonic times at which the first page of each poll was ready."""
        found: list[float] = self._order(do="polls")
        return found

    def requests(self) -> list[tuple[str, str]]:
        """Return path and query of the newest requests, oldest first."""
        return [(path, query) for path, query in self._order(do="requests")]

    def wait_for_polls(self, count: int, meanwhile: Callable[[float], object], *, seconds: float = 120.0) -> None:
        """Wait until there were `count` polls in total; `meanwhile` is called with the seconds of each step."""
        deadline = time.monotonic() + seconds
        while len(self.polls()) < count:
            if time.monotonic() > deadline:
                message = f"only {len(self.polls())} polls of {count}"
                raise TimeoutError(message)
            meanwhile(0.1)

    def _order(self, **order: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            message = f"the simulator ended with {self._process.wait()}"
            raise AssertionError(message)
        return line
