"""Signals reach the event loop; when it is blocked, they end the process without it."""

from __future__ import annotations

import asyncio
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cdptui.cli import signal_watch
from cdptui.cli.signal_watch import SignalWatch

CODES = {signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in CODES}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("has_thread", [True, False])
@pytest.mark.parametrize(("number", "code"), CODES.items())
async def test_responsive_loop_leaves_with_the_code_of_the_signal(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int, has_thread: bool
) -> None:
    left: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    abandoned: list[int] = []
    watch = SignalWatch(CODES, left.set_result, abandoned.append)
    with monkeypatch.context() as patch:
        if not has_thread:

            def refuse(_: threading.Thread) -> None:
                message = "can't start new thread"
                raise RuntimeError(message)

            patch.setattr(threading.Thread, "start", refuse)
        watch.start()
        # Each time that the terminal is taken.
        watch.start()
    signal.raise_signal(number)
    assert await asyncio.wait_for(left, 60) == code
    assert not abandoned


HELD = """
import asyncio, os, signal, time
from cdptui.cli import signal_watch
from cdptui.cli.signal_watch import SignalWatch
async def main():
    SignalWatch({signal.SIGTERM: 143}, print, os._exit).start()
    signal.raise_signal(signal.SIGTERM)
    time.sleep(60)
asyncio.run(main())
"""


def test_blocked_loop_is_abandoned_with_the_code_of_the_signal() -> None:
    ended = subprocess.run([sys.executable, "-c", HELD], capture_output=True, timeout=50, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (143, b"", b"")


@pytest.mark.parametrize("starved_s", [lambda: 0.0, time.monotonic], ids=["not starved", "starved all the time"])
@pytest.mark.parametrize("is_signal", [False, True], ids=["end", "signal"])
def test_wait_for_the_loop_or_the_end_is_bounded_without_processor_time(
    monkeypatch: pytest.MonkeyPatch, starved_s: Callable[[], float], is_signal: bool
) -> None:
    for name in ("_HELD_S", "_LONGEST_HELD_S", "_END_S", "_LONGEST_END_S"):
        monkeypatch.setattr(signal_watch, name, 0.2)
    ended: queue.Queue[int] = queue.Queue()

    async def hold() -> None:
        watch = SignalWatch({signal.SIGTERM: 143}, lambda _: None, ended.put, starved_s)
        if is_signal:
            watch.start()
            signal.raise_signal(signal.SIGTERM)
        else:
            watch.limit_end(143)
        # The event loop is held by this.
        assert ended.get(timeout=60) == 143

    asyncio.run(hold())
