"""A sending thread waits for a loop that is behind, but not for one that has ended."""

from __future__ import annotations

import asyncio
import threading

from cdptui.tui.terminal.backpressure import Backpressure


async def test_thread_sends_at_most_a_window_ahead_and_finally_everything() -> None:
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


async def test_close_releases_a_waiting_thread() -> None:
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
