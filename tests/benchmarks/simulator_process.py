"""The other end of `simulator_runner`: a simulated node in another process, and what it is told."""

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
    """A frozen fleet of `tasks`, of which `churn` change before each poll."""

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
        """Take connections and requests, and do nothing more."""
        self._process.send_signal(signal.SIGSTOP)

    def set_churn(self, count: int) -> None:
        """Change so many tasks before each poll."""
        self._order(do="churn", count=count)

    def stamp(self) -> None:
        """Have the first line of the list tell the number of the poll: `stamp 00001`."""
        self._order(do="stamp")

    def alter(self, number: int, **fields: object) -> None:
        """Pin wire fields of one task."""
        self._order(do="alter", number=number, fields=fields)

    def forget(self) -> None:
        """Forget the polls and requests so far."""
        self._order(do="forget")

    def polls(self) -> list[float]:
        """Monotonic moments at which the first page of each poll was ready."""
        found: list[float] = self._order(do="polls")
        return found

    def requests(self) -> list[tuple[str, str]]:
        """Path and query of the newest requests, oldest first."""
        return [(path, query) for path, query in self._order(do="requests")]

    def wait_for_polls(self, count: int, meanwhile: Callable[[float], object], *, seconds: float = 120.0) -> None:
        """Wait until there were so many polls in all, doing something (for so many seconds) meanwhile."""
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
