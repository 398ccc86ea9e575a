"""What was asked of the node, for tests to read. It never keeps header values or bodies: they hold secrets."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request that was answered, or broken off by a fault or by the client (then `status` is 0)."""

    method: str
    path: str
    query: str
    """As it came, percent-encoded."""
    has_cookie: bool
    has_authorization: bool
    in_flight: int
    """Requests being handled when this one arrived, with this one."""
    status: int = 0


class RequestLog:
    """The last requests, oldest first in the order of their arrival, and counters.

    The server's thread writes, a test's thread reads: each entry is replaced as a whole.
    """

    def __init__(self) -> None:
        self.ignored: dict[str, Counter[str]] = {}
        """Query parameters that the server silently ignored, by path."""
        self._entries: deque[list[LoggedRequest]] = deque(maxlen=_KEPT)
        self._in_flight = 0

    @property
    def requests(self) -> list[LoggedRequest]:
        """The last 10,000 requests, also those still being handled."""
        return [entry[0] for entry in list(self._entries)]

    @property
    def in_flight(self) -> int:
        """Requests being handled right now."""
        return self._in_flight

    def start(
        self, method: str, path: str, query: str, *, has_cookie: bool, has_authorization: bool
    ) -> list[LoggedRequest]:
        """Record an arrival; give what it returns to `finish`."""
        self._in_flight += 1
        entry = [
            LoggedRequest(
                method,
                path,
                query,
                has_cookie=has_cookie,
                has_authorization=has_authorization,
                in_flight=self._in_flight,
            )
        ]
        self._entries.append(entry)
        return entry

    def set_status(self, entry: list[LoggedRequest], status: int) -> None:
        """Record the status before the answer is sent, so that a client that has it finds it here."""
        entry[0] = replace(entry[0], status=status)

    def finish(self) -> None:
        """The request is over, whatever became of it."""
        self._in_flight -= 1

    def ignore(self, path: str, names: set[str]) -> None:
        """Count query parameters that had no effect."""
        self.ignored.setdefault(path, Counter()).update(names)

    def clear(self) -> None:
        """Forget all requests so far."""
        self._entries.clear()
        self.ignored.clear()
