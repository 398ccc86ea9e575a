"""One thing that is read beside the list: what is known of it, how old that is, and why there is nothing newer."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from cdptui.models.failure import Failure

T = TypeVar("T")


class Part(Struct, Generic[T], frozen=True):
    """What is known of one thing. A failure keeps what was known before it."""

    value: T | None = None
    read_at: float | None = None
    """Monotonic seconds at which `value` was read."""
    tried_at: float | None = None
    """Monotonic seconds of the last try, whatever came of it."""
    is_partial: bool = False
    """Whether the server has, or may have, more than `value` holds."""
    is_under_way: bool = False
    failure: Failure | None = None
    """Why the last try brought nothing; None when it did."""

    def age_s(self, now: float) -> float | None:
        """Seconds since it was read; None when it never was."""
        return None if self.read_at is None else max(0.0, now - self.read_at)
