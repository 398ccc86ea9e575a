"""Ten typical questions of operators, each answered with fewer than ten keys.

The real program is used on a real terminal; the expected answers come from the simulated world.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

import pytest

from cdptui.models.sanitize import sanitize
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.task import SimulatedTask
from tests.terminal.pty_terminal import CDPTUI, Terminal

pytestmark = pytest.mark.shares_processes

TASKS = 60
GIB, TIB = 1 << 30, 1 << 40
MIB = 1 << 20
DAY_S, HOUR_S = 86400, 3600
NAME = slice(2, 12)
"""The beginning of the names on screen, long enough to be unique."""


class Setup(NamedTuple):
    """The monitor in a terminal, and the simulated node."""

    terminal: Terminal
    node: ManagementNode
    rates: dict[str, int]
    """Growth of some tasks in bytes per second, by UUID."""

    def fields(self, task: SimulatedTask) -> dict[str, Any]:
        """Return the fields of a task as the node sends them."""
        return self.node.task_table.fields(task)

    @property
    def rows(self) -> list[str]:
        """The lines of the list."""
        lines = self.terminal.list_lines[:-1]
        end = next((at for at, line in enumerate(lines) if line.startswith(("/ ", "▽ "))), len(lines))
        return [line for line in lines[:end] if line.strip()]


def prepare(node: ManagementNode) -> dict[str, int]:
    """Change the world so that each question has an answer; return the growth of some tasks."""
    by_storage: dict[str, list[SimulatedTask]] = {}
    for task in node.world.tasks.values():
        if task.status == "Running" and task.plan:
            by_storage.setdefault(task.storage.name, []).append(task)
    one, two = by_storage["backup-server-1"], by_storage["backup-server-2"]
    rates = {two[0].uuid: GIB, one[0].uuid: 30 * MIB, two[1].uuid: MIB}
    for uuid in rates:
        node.world.override_fields(uuid, maxCapacity=10 * TIB, usedCapacity=5 * TIB)
    for task, factor in ((one[1], 3), (two[2], 5), (two[3], 1.5)):
        node.world.override_fields(task.uuid, lastLatency=int(task.max_latency * factor))
    for task in (one[2], two[4]):
        node.world.override_fields(task.uuid, maxCapacity=0)
    return rates


def grow(node: ManagementNode, rates: dict[str, int], is_stopped: threading.Event) -> None:
    """Let tasks grow until `is_stopped` is set."""
    seconds = 0
    while not is_stopped.wait(1.0):
        seconds += 1
        for uuid, rate in rates.items():
            with suppress(KeyError):
                node.world.override_fields(uuid, usedCapacity=5 * TIB + seconds * rate)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    node = ManagementNode(SimulatorSettings(port=0, tasks=TASKS))
    rates, is_stopped = prepare(node), threading.Event()
    folder = tmp_path_factory.mktemp("setup")
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer(node))
        growing = threading.Thread(target=grow, args=(node, rates, is_stopped))
        growing.start()
        stack.callback(growing.join)
        stack.callback(is_stopped.set)
        command = [*CDPTUI, "--url", server.url, "--interval", "1", "--log-file", str(folder / "log")]
        environment = {"ZSTACK_PASSWORD": "password", "XDG_STATE_HOME": str(folder)}
        terminal = stack.enter_context(Terminal(command, columns=160, lines=70, environment=environment))
        terminal.wait_for(f"{TASKS}/{TASKS} tasks")
        terminal.send("d")
        terminal.wait_for_no("┤")
        terminal.wait_for(lambda screen: len(re.findall(r"\+[\d.]+ [KMGT]iB/h", screen.text)) == len(rates))
        setup = Setup(terminal, node, rates)
        yield setup
        reset_list(setup)
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def reset_list(setup: Setup) -> None:
    """Restore the initial list after another question."""
    if any(line.startswith("/ ") for line in setup.terminal.lines):
        # A key immediately after Escape would be taken for a key with Alt.
        setup.terminal.send("\x1b")
        setup.terminal.wait_for(lambda screen: not any(line.startswith("/ ") for line in screen.lines))
    setup.terminal.send("0")
    setup.terminal.wait_for(lambda _: len(setup.rows) == TASKS)


def seconds_until_full(setup: Setup, task: SimulatedTask) -> float:
    fields, rate = setup.fields(task), setup.rates.get(task.uuid, 0)
    left = fields["maxCapacity"] - fields["usedCapacity"]
    if not fields["maxCapacity"]:
        return float("inf")
    return 0.0 if left <= 0 else left / rate if rate else float("inf")


def is_unhealthy(setup: Setup, task: SimulatedTask) -> bool:
    """Return whether a task is unhealthy: not protecting, over its target, nearly full, or without storage or VM."""
    fields = setup.fields(task)
    is_on = fields["state"] == "Enabled"
    return (
        (is_on and fields["status"] in {"Failed", "Unknown", "Stopped"})
        or (is_on and fields["lastLatency"] > fields["maxLatency"])
        or (bool(fields["maxCapacity"]) and fields["usedCapacity"] >= 0.9 * fields["maxCapacity"])
        or not task.storage.connected
        or task.machine is None
    )


Holds = Callable[[Setup, SimulatedTask], bool]

QUESTIONS: list[tuple[str, str, Holds]] = [
    (
        "which enabled tasks are not running?",
        "1",
        lambda _, task: task.state == "Enabled" and task.status != "Running",
    ),
    (
        "which tasks will be full within three days on backup-server-2?",
        "/f<3d b~2",
        lambda setup, task: task.storage.name == "backup-server-2" and seconds_until_full(setup, task) < 3 * DAY_S,
    ),
    (
        "which tasks lag more than twice behind their RPO target?",
        "/rpo>2x",
        lambda setup, task: setup.fields(task)["lastLatency"] > 2 * setup.fields(task)["maxLatency"],
    ),
    ("which tasks are switched off?", "4", lambda _, task: task.state == "Disabled"),
    (
        "which tasks of the gold policy are unhealthy?",
        "f/pol~go",
        lambda setup, task: task.policy.name == "gold" and is_unhealthy(setup, task),
    ),
    ("for which tasks was no plan set?", "/plan=0", lambda setup, task: setup.fields(task)["maxCapacity"] == 0),
    ("which tasks are on the storage in Wenzhou?", "/wenzhou", lambda _, task: "wenzhou" in task.storage.name),
    (
        "which tasks have used more than 90 % of their plan?",
        "/u>90%",
        lambda setup, task: (
            setup.fields(task)["usedCapacity"] > 0.9 * (setup.fields(task)["maxCapacity"] or float("inf"))
        ),
    ),
    (
        "which tasks failed, and of which is the status unknown?",
        "/fail|unk",
        lambda _, task: task.status in {"Failed", "Unknown"},
    ),
    (
        "which tasks protect a mail server?",
        "/vm~mail",
        lambda _, task: task.machine is not None and "mail" in task.machine.name,
    ),
    (
        "what has changed within the last hour?",
        "5",
        lambda setup, task: setup.node.state.server_time() - task.changed < HOUR_S,
    ),
]


@pytest.mark.parametrize(("question", "keys", "holds"), QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
def test_question_is_answered_with_fewer_than_ten_keys(setup: Setup, question: str, keys: str, holds: Holds) -> None:
    assert len(keys) < 10, question
    reset_list(setup)
    setup.terminal.send(keys)
    expected: list[str] = []

    def is_answered(_: Terminal) -> bool:
        with setup.node.world.lock:
            matching = [task for task in setup.node.world.tasks.values() if holds(setup, task)]
        expected[:] = sorted(sanitize(task.name)[: NAME.stop - NAME.start].rstrip() for task in matching)
        is_counted = f"{len(expected)} of {TASKS}" in setup.terminal.text
        return is_counted and sorted(line[NAME].rstrip() for line in setup.rows) == expected

    setup.terminal.wait_for(is_answered)
    assert 0 < len(expected) < TASKS, "the answer must be neither empty nor everything"


def test_fastest_growing_task_is_found_with_one_key(setup: Setup) -> None:
    reset_list(setup)
    fastest = max(setup.rates, key=setup.rates.__getitem__)
    name = sanitize(setup.node.world.tasks[fastest].name)[:10].rstrip()
    setup.terminal.send("6")
    setup.terminal.wait_for(lambda _: setup.rows and setup.rows[0][NAME].rstrip() == name)


def test_tasks_by_storage_are_shown_with_one_key(setup: Setup) -> None:
    reset_list(setup)
    setup.terminal.send("7")
    with setup.node.world.lock:
        storages = {task.storage.name for task in setup.node.world.tasks.values()}
    setup.terminal.wait_for(lambda screen: all(name in screen.text for name in storages))
