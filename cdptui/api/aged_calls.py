"""Requests for one value, and the age of the oldest of their responses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from cdptui.api.http import Answer
from cdptui.models.fetched import Fetched

T = TypeVar("T")

Call = Callable[[str, Sequence[tuple[str, str]]], Awaitable[Answer]]
"""Sends a GET request with parameters. Raises ApiError."""


class AgedCalls:
    """The requests for one value, which is as old as the oldest response that it is read from."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._cached_s = 0.0

    async def get(self, path: str, params: Sequence[tuple[str, str]]) -> bytes:
        """Send a GET request and return the body of the response. Raises ApiError."""
        answer = await self._call(path, params)
        self._cached_s = max(self._cached_s, answer.cached_s)
        return answer.body

    def fetched(self, value: T) -> Fetched[T]:
        """Return the value with the age of the oldest response."""
        return Fetched(value, self._cached_s)
