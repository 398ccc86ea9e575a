"""Threads for what blocks, such as asking for the address of a name: none of them holds up the end of the process."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class UnboundThreads(ThreadPoolExecutor):
    """A daemon thread for each call, which are few. The pool of the library waits at the end for all of its own."""

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """Begin to call `fn`. The future has an OSError when no thread can be started."""
        future: Future[_Result] = Future()
        try:
            Thread(target=_fulfil, args=(future, lambda: fn(*args, **kwargs)), daemon=True).start()
        except (RuntimeError, MemoryError) as cause:
            # Only this call fails, in the way in which the system refuses what it has no room for.
            error = OSError(errno.EAGAIN, "the system has no thread left for this")
            error.__cause__ = cause
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - theirs
        """Let go of what still runs."""


def _fulfil(future: Future[_Result], call: Callable[[], _Result]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
