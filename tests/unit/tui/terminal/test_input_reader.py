"""The input thread: it sends events, reports the end of the terminal and errors, and can be stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
from textual import events
from textual.message import Message

from cdptui.tui.terminal.input_reader import InputReader


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe; a test may close the latter."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


class Calls:
    """A reader whose calls are put into a queue of the event loop."""

    def __init__(self, fileno: int, send: Callable[[Message], object] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._calls: asyncio.Queue[object] = asyncio.Queue()

        def put(call: object) -> None:
            loop.call_soon_threadsafe(self._calls.put_nowait, call)

        self.reader = InputReader(
            fileno,
            loop,
            count_pending=lambda: 0,
            send=send or put,
            on_hang_up=lambda: put("closed"),
            on_error=put,
        )
        self.reader.start()

    async def next(self) -> object:
        return await asyncio.wait_for(self._calls.get(), 60)


async def test_keys_are_sent_and_a_closed_terminal_is_reported(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    calls = Calls(reading)
    os.write(writing, "j财".encode())
    keys = [await calls.next(), await calls.next()]
    assert [key.character for key in keys if isinstance(key, events.Key)] == ["j", "财"]
    os.close(writing)
    assert await calls.next() == "closed"
    calls.reader.stop()


async def test_error_ends_the_thread_and_is_reported(pipe: tuple[int, int]) -> None:
    reading, writing = pipe

    def fail(_: Message) -> None:
        raise ZeroDivisionError

    calls = Calls(reading, send=fail)
    os.write(writing, b"j")
    assert isinstance(await calls.next(), ZeroDivisionError)
    calls.reader.stop()
    os.close(writing)


async def test_stop_ends_a_thread_that_waits_for_input(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    calls = Calls(reading)
    calls.reader.stop()
    assert not calls.reader._thread.is_alive()
    calls.reader.stop()
    os.write(writing, b"j")
    assert os.read(reading, 1) == b"j", "input after the stop belongs to the next reader"
    os.close(writing)


async def test_reader_that_was_never_started_can_be_stopped(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    reader = InputReader(
        reading,
        asyncio.get_running_loop(),
        count_pending=lambda: 0,
        send=lambda _: None,
        on_hang_up=lambda: None,
        on_error=lambda _: None,
    )
    reader.stop()
    os.close(writing)
