"""Read one thing at a time in the background: always the one that was wanted last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

RunWorker = Callable[[Coroutine[Any, Any, None]], object]
"""Starts a coroutine."""


class LatestReading(Generic[K, V]):
    """The value of the key that was read last. What is passed quickly is not read."""

    def __init__(self, run: RunWorker, on_read: Callable[[], None]) -> None:
        """`on_read` is called after each reading that is still wanted."""
        self._run = run
        self._on_read = on_read
        self._known: tuple[K, V] | None = None
        self._wanted: tuple[K, Callable[[], Awaitable[V]]] | None = None
        self._is_reading = False

    def get(self, key: K) -> V | None:
        """Return the value of a key; None until it is read."""
        return self._known[1] if self._known is not None and self._known[0] == key else None

    def request(self, key: K, read: Callable[[], Awaitable[V]]) -> None:
        """Read the value of a key, after the one that is being read: a thread cannot be cancelled."""
        self._wanted = (key, read)
        if not self._is_reading:
            self._is_reading = True
            self._run(self._read())

    async def _read(self) -> None:
        try:
            while self._wanted is not None:
                (key, read), self._wanted = self._wanted, None
                self._known = (key, await read())
                if self._wanted is None:
                    self._on_read()
        finally:
            self._is_reading = False
