"""A thread that sends waits for a loop that is behind, and never for one that has ended."""

from __future__ import annotations

import asyncio
import threading

from cdptui.tui.terminal.backpressure import Backpressure


async def test_thread_sends_no_more_than_a_window_ahead_and_all_in_the_end() -> None:
    pending = most = 0

    def receive() -> None:
        nonlocal pending, most
        pending += 1
        most = max(most, pending)

    loop = asyncio.get_running_loop()
    backpressure = Backpressure(loop, lambda: pending)

    def send() -> None:
        for _ in range(1_000):
            backpressure.wait_for_turn()
            loop.call_soon_threadsafe(receive)

    thread = threading.Thread(target=send)
    thread.start()
    handled = 0
    while handled < 1_000:
        await asyncio.sleep(0)
        if pending:
            pending -= 1
            handled += 1
    thread.join(10.0)
    assert not thread.is_alive()
    assert most <= 64


async def test_thread_that_waits_ends_when_it_is_closed() -> None:
    backpressure = Backpressure(asyncio.get_running_loop(), lambda: 1_000)

    def send() -> None:
        for _ in range(1_000):
            backpressure.wait_for_turn()

    thread = threading.Thread(target=send)
    thread.start()
    await asyncio.sleep(0)
    backpressure.close()
    await asyncio.to_thread(thread.join, 10.0)
    assert not thread.is_alive()
