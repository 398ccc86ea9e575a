"""One thing is read at a time: the one that was wanted last."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from cdptui.tui.controllers.latest_reading import LatestReading


async def test_only_the_key_that_was_wanted_last_is_read_after_the_one_under_way() -> None:
    gate, read, shown = asyncio.Event(), [], []
    running: list[asyncio.Task[None]] = []

    def run(work: Coroutine[Any, Any, None]) -> None:
        running.append(asyncio.get_running_loop().create_task(work))

    async def value_of(key: str) -> str:
        read.append(key)
        await gate.wait()
        return key.upper()

    reading: LatestReading[str, str] = LatestReading(run, lambda: shown.append(reading.get("d")))
    for key in "abcd":
        reading.request(key, lambda key=key: value_of(key))  # type: ignore[misc]  # bound now
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*running)

    assert read == ["a", "d"]
    assert shown == ["D"]
    assert [reading.get(key) for key in "ad"] == [None, "D"]
    assert len(running) == 1


async def test_reading_that_failed_does_not_block_the_next_one() -> None:
    running: list[asyncio.Task[None]] = []

    async def fail() -> str:
        raise OSError("no thread left")

    async def succeed() -> str:
        return "value"

    reading: LatestReading[str, str] = LatestReading(
        lambda work: running.append(asyncio.get_running_loop().create_task(work)), lambda: None
    )
    reading.request("a", fail)
    with pytest.raises(OSError, match="no thread left"):
        await running[0]
    reading.request("a", succeed)
    await running[1]

    assert reading.get("a") == "value"
