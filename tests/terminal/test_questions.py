"""Ten typical questions of operators, each answered with fewer than ten keys.

Asked of the real program on a real terminal; what is right, the simulated world says.
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
HOUR_S = 3600
NAME = slice(2, 12)
"""Where the names begin on screen: enough of them to tell."""


class Desk(NamedTuple):
    """The monitor in a terminal, and the simulated world that it watches."""

    terminal: Terminal
    node: ManagementNode
    rates: dict[str, int]
    """Bytes a second at which some tasks grow, by uuid."""

    def fields(self, task: SimulatedTask) -> dict[str, Any]:
        """What the node says of a task."""
        return self.node.task_table.fields(task)

    @property
    def rows(self) -> list[str]:
        """What the list shows."""
        lines = self.terminal.lines[3:-1]
        end = next((at for at, line in enumerate(lines) if line.startswith(("/ ", "▽ "))), len(lines))
        return [line for line in lines[:end] if line.strip()]


def prepared(node: ManagementNode) -> dict[str, int]:
    """Give the world what the questions ask for; how fast some tasks grow."""
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
    for task in (one[3], two[5]):
        node.world.override_fields(task.uuid, maxCapacity=TIB, usedCapacity=TIB)
    for task in (one[2], two[4]):
        node.world.override_fields(task.uuid, maxCapacity=0)
    return rates


def grow(node: ManagementNode, rates: dict[str, int], is_over: threading.Event) -> None:
    """Let tasks grow until all is over."""
    seconds = 0
    while not is_over.wait(1.0):
        seconds += 1
        for uuid, rate in rates.items():
            with suppress(KeyError):
                node.world.override_fields(uuid, usedCapacity=5 * TIB + seconds * rate)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    node = ManagementNode(SimulatorSettings(port=0, tasks=TASKS))
    rates, is_over = prepared(node), threading.Event()
    folder = tmp_path_factory.mktemp("desk")
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer(node))
        growing = threading.Thread(target=grow, args=(node, rates, is_over))
        growing.start()
        stack.callback(growing.join)
        stack.callback(is_over.set)
        command = [*CDPTUI, "--url", server.url, "--interval", "1", "--log-file", str(folder / "log")]
        environment = {"ZSTACK_PASSWORD": "password", "XDG_STATE_HOME": str(folder)}
        terminal = stack.enter_context(Terminal(command, columns=160, lines=70, environment=environment))
        terminal.wait_for(f"{TASKS}/{TASKS} tasks")
        terminal.send("d")
        terminal.wait_for_no("┤")
        terminal.wait_for(lambda screen: len(re.findall(r"\+[\d.]+ [KMGT]iB/h", screen.text)) == len(rates))
        desk = Desk(terminal, node, rates)
        yield desk
        begin_again(desk)
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def begin_again(desk: Desk) -> None:
    """The list as it was at the beginning, whatever was asked before."""
    if any(line.startswith("/ ") for line in desk.terminal.lines):
        # A key right behind it would make a key with Alt of both.
        desk.terminal.send("\x1b")
        desk.terminal.wait_for(lambda screen: not any(line.startswith("/ ") for line in screen.lines))
    desk.terminal.send("0")
    desk.terminal.wait_for(lambda _: len(desk.rows) == TASKS)


def is_full_soon(desk: Desk, task: SimulatedTask) -> bool:
    """Whether its plan is full: growth that was measured for seconds is no reason to expect it."""
    fields = desk.fields(task)
    return fields["state"] == "Enabled" and bool(0 < fields["maxCapacity"] <= fields["usedCapacity"])


def is_unhealthy(desk: Desk, task: SimulatedTask) -> bool:
    """What the README calls so: not protecting, over or near its target, nearly full, without its storage or VM."""
    fields = desk.fields(task)
    is_on = fields["state"] == "Enabled"
    return (
        (is_on and fields["status"] in {"Failed", "Unknown", "Stopped"})
        or (is_on and fields["lastLatency"] > fields["maxLatency"])
        or (is_on and task.status in {"Running", "DataMerging"} and fields["lastLatency"] >= 0.8 * fields["maxLatency"])
        or (bool(fields["maxCapacity"]) and fields["usedCapacity"] >= 0.9 * fields["maxCapacity"])
        or not task.storage.connected
        or task.machine is None
    )


Holds = Callable[[Desk, SimulatedTask], bool]

QUESTIONS: list[tuple[str, str, Holds]] = [
    (
        "which enabled tasks are not running?",
        "1",
        lambda _, task: task.state == "Enabled" and task.status != "Running",
    ),
    (
        "which tasks will be full within three days on backup-server-2?",
        "/f<3d b~2",
        lambda desk, task: task.storage.name == "backup-server-2" and is_full_soon(desk, task),
    ),
    (
        "which tasks lag more than twice behind their RPO target?",
        "/rpo>2x",
        lambda desk, task: desk.fields(task)["lastLatency"] > 2 * desk.fields(task)["maxLatency"],
    ),
    ("which tasks are switched off?", "4", lambda _, task: task.state == "Disabled"),
    (
        "which tasks of the gold policy are unhealthy?",
        "f/pol~go",
        lambda desk, task: task.policy.name == "gold" and is_unhealthy(desk, task),
    ),
    ("for which tasks was no plan set?", "/plan=0", lambda desk, task: desk.fields(task)["maxCapacity"] == 0),
    ("which tasks lie on the storage in Wenzhou?", "/wenzhou", lambda _, task: "wenzhou" in task.storage.name),
    (
        "which tasks have used more than 90 % of their plan?",
        "/u>90%",
        lambda desk, task: desk.fields(task)["usedCapacity"] > 0.9 * (desk.fields(task)["maxCapacity"] or float("inf")),
    ),
    (
        "which tasks failed, and of which does nobody know what they do?",
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
        lambda desk, task: desk.node.state.server_time() - task.changed < HOUR_S,
    ),
]


@pytest.mark.parametrize(("question", "keys", "holds"), QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
def test_a_question_is_answered_by_fewer_than_ten_keys(desk: Desk, question: str, keys: str, holds: Holds) -> None:
    assert len(keys) < 10, question
    begin_again(desk)
    desk.terminal.send(keys)
    truth: list[str] = []

    def is_answered(_: Terminal) -> bool:
        with desk.node.world.lock:
            meant = [task for task in desk.node.world.tasks.values() if holds(desk, task)]
        truth[:] = sorted(sanitize(task.name)[: NAME.stop - NAME.start].rstrip() for task in meant)
        is_said = f"{len(truth)} of {TASKS}" in desk.terminal.text
        return is_said and sorted(line[NAME].rstrip() for line in desk.rows) == truth

    desk.terminal.wait_for(is_answered)
    assert 0 < len(truth) < TASKS, "a question that nothing or everything answers is none"


def test_which_task_grows_fastest_is_answered_by_one_key(desk: Desk) -> None:
    begin_again(desk)
    fastest = max(desk.rates, key=desk.rates.__getitem__)
    name = sanitize(desk.node.world.tasks[fastest].name)[:10].rstrip()
    desk.terminal.send("6")
    desk.terminal.wait_for(lambda _: desk.rows and desk.rows[0][NAME].rstrip() == name)


def test_what_lies_on_each_storage_is_answered_by_one_key(desk: Desk) -> None:
    begin_again(desk)
    desk.terminal.send("7")
    with desk.node.world.lock:
        storages = {task.storage.name for task in desk.node.world.tasks.values()}
    desk.terminal.wait_for(lambda screen: all(name in screen.text for name in storages))
