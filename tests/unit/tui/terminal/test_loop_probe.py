"""A Ctrl+C that the event loop does not handle is detected."""

from __future__ import annotations

import asyncio

from cdptui.tui.terminal.loop_probe import LoopProbe


async def test_loop_that_answers_is_not_interrupted() -> None:
    interrupts: list[str] = []
    probe = LoopProbe(asyncio.get_running_loop(), lambda: interrupts.append("interrupt"))
    probe.ask(10.0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    probe.check(1_000.0)
    assert not interrupts
    assert probe.deadline is None


async def test_blocked_loop_is_interrupted_once_at_the_deadline() -> None:
    interrupts: list[str] = []
    probe = LoopProbe(asyncio.get_running_loop(), lambda: interrupts.append("interrupt"))
    probe.ask(10.0)
    deadline = probe.deadline
    assert deadline is not None
    # A second Ctrl+C does not extend the deadline.
    probe.ask(deadline - 0.01)
    probe.check(deadline - 0.01)
    assert not interrupts
    probe.check(deadline)
    probe.check(deadline + 1)
    assert interrupts == ["interrupt"]
