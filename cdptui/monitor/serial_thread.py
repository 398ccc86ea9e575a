"""A thread that runs calls one after the other."""

from __future__ import annotations

import asyncio
import errno
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class SerialThread:
    """A daemon thread, which never delays the end of the program. It starts with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    async def run(self, call: Callable[[], T]) -> T:
        """Return the result of a call in the thread, or raise its exception.

        Raises OSError when the system has no thread left, and after `stop`.
        """
        if self._is_stopped:
            raise OSError(errno.ECANCELED, f"{self._name} has ended")
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            try:
                thread.start()
            except (RuntimeError, MemoryError) as error:
                raise OSError(errno.EAGAIN, "the system has no thread left for this") from error
            self._thread = thread
        future: Future[T] = Future()
        self._calls.put((future, call))
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """End the thread after the calls that wait."""
        self._is_stopped = True
        self._calls.put(None)

    def _run(self) -> None:
        while (waiting := self._calls.get()) is not None:
            future, call = waiting
            # A call that is no longer waited for is not made.
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
                future.set_exception(error)
            del future, call, waiting
