"""A simulated node whose fleet changes on request, in its own process: `python -m …simulator_runner TASKS`.

Prints its URL, then answers each line of JSON on stdin with one on stdout. The fleet is frozen except for `churn` tasks
before each poll. Task names begin with a unique number, which identifies them on screen.
"""

from __future__ import annotations

import json
import sys
import time
from random import Random
from typing import Any

from cdptui.simulator.http_types import Request, Response
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.task import SimulatedTask

_GIB = 2**30


class ChangingNode(ManagementNode):
    """Changes some tasks before it answers the first page of a poll, and records the time."""

    def __init__(self, tasks: int) -> None:
        super().__init__(SimulatorSettings(port=0, tasks=tasks, seed=1))
        self.world.freeze()
        self.tasks = list(self.world.tasks.values())
        for number, task in enumerate(self.tasks):
            task.name = f"{number:06d} {task.name}"
        self.world.version += 1
        self.churn = 0
        self.is_stamped = False
        self.polls: list[float] = []
        """Monotonic times at which the first page of a poll was ready to be sent."""
        self._random = Random(1)

    def answer(self, request: Request) -> Response:
        """Answer as the node does."""
        is_poll = request.path.endswith("/cdp-task") and request.first("start") in (None, "0")
        if is_poll:
            self._change()
        reply = super().answer(request)
        if is_poll:
            self.polls.append(time.monotonic())
        return reply

    def alter(self, number: int, fields: dict[str, object]) -> None:
        """Override fields of a task."""
        with self.world.lock:
            self._pin(self.tasks[number], fields)

    def _change(self) -> None:
        with self.world.lock:
            for task in self._random.sample(self.tasks, self.churn):
                used, latency = self.world.current_metrics(task)
                used = int(used * self._random.uniform(0.8, 1.0)) + self._random.randrange(_GIB)
                self._pin(task, {"usedCapacity": used, "lastLatency": int(latency * self._random.uniform(0.8, 1.2))})
            if self.is_stamped:
                # The worst task, so that it is on the first line.
                worst = {"status": "Failed", "state": "Enabled", "maxLatency": 1000, "lastLatency": 10**9}
                self._pin(self.tasks[0], {"name": f"stamp {len(self.polls) + 1:05d}", **worst})

    @staticmethod
    def _pin(task: SimulatedTask, fields: dict[str, object]) -> None:
        task.overrides.update(fields)
        # A new ticket invalidates the cached row of this task only. A frozen world has no pending events.
        task.event_version += 1


def _run_command(node: ChangingNode, order: dict[str, Any]) -> object:
    match order["do"]:
        case "churn":
            node.churn = order["count"]
        case "stamp":
            node.is_stamped = True
        case "alter":
            node.alter(order["number"], order["fields"])
        case "forget":
            node.journal.clear()
            node.polls.clear()
        case "polls":
            return node.polls
        case "requests":
            return [[request.path, request.query] for request in node.journal.requests]
        case other:
            message = f"no such order: {other}"
            raise ValueError(message)
    return None


def main() -> None:
    node = ChangingNode(int(sys.argv[1]))
    with EmbeddedServer(node) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(_run_command(node, json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
