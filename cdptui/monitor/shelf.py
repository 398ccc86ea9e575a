"""Parts of one kind by key, the newest few of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from msgspec import structs

from cdptui.models.failure import Failure
from cdptui.models.inventory import FetchState

T = TypeVar("T")


class Shelf(Generic[T]):
    """Keeps what was read, when, and why there is nothing newer."""

    def __init__(self, name: str, most: int = 1) -> None:
        """`most` is how many are kept; the ones that were tried longest ago go first."""
        self.name: Final = name
        self._most = most
        self._parts: dict[str, FetchState[T]] = {}

    def part(self, key: str) -> FetchState[T]:
        """What is known of one thing."""
        return self._parts.get(key) or FetchState()

    def values(self) -> Iterator[tuple[str, T]]:
        """All that was read."""
        return ((key, part.value) for key, part in self._parts.items() if part.value is not None)

    def is_due(self, key: str, now: float, max_age_s: float, retry_s: float) -> bool:
        """Whether it should be read: it is older than it may be, and the last try was not just now."""
        part = self._parts.get(key)
        if part is None or part.attempted_at is None:
            return True
        if part.is_fetching:
            return False
        return now - part.attempted_at >= (retry_s if part.failure is not None else max_age_s)

    def expire(self, key: str | None) -> None:
        """Let it be read again at once."""
        part = self._parts.get(key or "")
        if part is not None and not part.is_fetching:
            self._parts[key or ""] = structs.replace(part, attempted_at=None)

    def begin(self, key: str, now: float) -> None:
        """It is being read."""
        part = self._parts.pop(key, None) or FetchState()
        self._parts[key] = structs.replace(part, is_fetching=True, attempted_at=now)
        while len(self._parts) > self._most:
            self._parts.pop(next(iter(self._parts)))

    def fill(self, key: str, value: T | None, now: float, *, is_partial: bool = False) -> bool:
        """It was read; whether that is news. None is an answer too: there is no such thing."""
        self._parts[key] = FetchState(value, fetched_at=now, attempted_at=now, is_partial=is_partial)
        return True

    def fail(self, key: str, failure: Failure) -> None:
        """It could not be read."""
        self._parts[key] = structs.replace(self.part(key), is_fetching=False, failure=failure)

    def drop(self, key: str) -> None:
        """Nobody wants it any more; it was never tried."""
        self._parts[key] = structs.replace(self.part(key), is_fetching=False, attempted_at=None)
