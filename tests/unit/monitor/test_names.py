from __future__ import annotations

import asyncio

from cdptui.api.errors import ApiError, PermissionDenied
from cdptui.monitor.details import BATCH, RETRY_S, Names
from cdptui.monitor.turns import Turns
from tests.doubles import FakeClock, ScriptedNode


class Asker:
    """Names over a scripted node, run until they have nothing more to ask."""

    def __init__(self, node: ScriptedNode) -> None:
        self.clock = FakeClock()
        self.turns = Turns(self.clock)
        self.names = Names(node.names, self.clock, self.turns, (ApiError,))
        self.news = 0

    async def settle(self, *uuids: str) -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self.names.run(self._count))
            self.names.want(uuids)
            for _ in range(50):
                await asyncio.sleep(0)
            running.cancel()

    def _count(self) -> None:
        self.news += 1


async def test_names_are_asked_for_once() -> None:
    node = ScriptedNode([])
    node.known_names = {"a": "erp", "b": "mail"}
    asker = Asker(node)
    await asker.settle("a", "b")
    await asker.settle("a", "b")
    assert asker.names.known == {"a": "erp", "b": "mail"}
    assert node.asked_names == [("a", "b")]
    assert asker.news == 1


async def test_many_names_are_asked_for_in_batches() -> None:
    node = ScriptedNode([])
    uuids = [f"u{n}" for n in range(BATCH + 10)]
    node.known_names = {uuid: uuid.upper() for uuid in uuids}
    asker = Asker(node)
    await asker.settle(*uuids)
    assert [len(batch) for batch in node.asked_names] == [BATCH, 10]
    assert len(asker.names.known) == BATCH + 10


async def test_a_refusal_is_said_and_not_repeated_before_its_time() -> None:
    node = ScriptedNode([])
    node.known_names = PermissionDenied("is denied by default", url="http://node/resources/names")
    asker = Asker(node)
    await asker.settle("a")
    await asker.settle("a")
    assert len(node.asked_names) == 1
    assert "denied" in asker.names.problem
    asker.clock.seconds += RETRY_S
    node.known_names = {"a": "erp"}
    await asker.settle("a")
    assert asker.names.known == {"a": "erp"}
    assert asker.names.problem == ""


async def test_nothing_is_asked_while_a_poll_is_under_way() -> None:
    node = ScriptedNode([])
    node.known_names = {"a": "erp"}
    asker = Asker(node)
    await asker.turns.begin_poll()
    await asker.settle("a")
    assert node.asked_names == []
    asker.turns.end_poll()
    await asker.settle("a")
    assert node.asked_names == [("a",)]
