"""The executor for blocking calls, which never delays the exit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from cdptui.cli.monitor import DaemonThreadExecutor


async def test_call_returns_its_result_or_raises_its_error() -> None:
    asyncio.get_running_loop().set_default_executor(DaemonThreadExecutor())
    assert await asyncio.to_thread(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(lambda: 1 / 0)


async def test_cancelled_call_has_no_effect() -> None:
    asyncio.get_running_loop().set_default_executor(DaemonThreadExecutor())
    loop, started = asyncio.get_running_loop(), asyncio.Event()
    gate, done = threading.Event(), threading.Event()

    def block() -> None:
        loop.call_soon_threadsafe(started.set)
        gate.wait(60)
        done.set()

    call = asyncio.ensure_future(asyncio.to_thread(block))
    await started.wait()
    call.cancel()
    gate.set()
    assert done.wait(60)


def test_process_ends_while_a_call_blocks() -> None:
    program = """
import asyncio, time
from cdptui.cli.monitor import DaemonThreadExecutor
async def main():
    loop, started = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(DaemonThreadExecutor())
    def block():
        loop.call_soon_threadsafe(started.set)
        time.sleep(60)
    loop.run_in_executor(None, block)
    await started.wait()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=50)


async def test_refused_thread_fails_only_its_call_with_an_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.get_running_loop().set_default_executor(DaemonThreadExecutor())
    for refusal in (RuntimeError("can't start new thread"), MemoryError()):

        def refuse(_: threading.Thread, refusal: Exception = refusal) -> None:
            raise refusal

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(OSError, match="no thread left"):
                await asyncio.to_thread(lambda: 42)
        assert await asyncio.to_thread(lambda: 42) == 42
