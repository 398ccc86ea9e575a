"""The log of requests, for tests. It keeps no header values and no bodies, because they contain secrets."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace

_MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request. `status` is 0 until it is answered, or if a fault or the client ended it."""

    method: str
    path: str
    query: str
    """As received, percent-encoded."""
    has_cookie: bool
    has_authorization: bool
    in_flight: int
    """Requests being handled when this one arrived, including it."""
    status: int = 0


class RequestLog:
    """The last requests in the order of arrival, and counters.

    The server's thread writes and a test's thread reads, so entries are replaced as a whole.
    """

    def __init__(self) -> None:
        self.ignored: dict[str, Counter[str]] = {}
        """Counts of query parameters that had no effect, by path."""
        self._entries: deque[list[LoggedRequest]] = deque(maxlen=_MAX_ENTRIES)
        self._in_flight = 0

    @property
    def requests(self) -> list[LoggedRequest]:
        """The last 10,000 requests, including those in flight."""
        return [entry[0] for entry in list(self._entries)]

    @property
    def in_flight(self) -> int:
        """Number of requests being handled."""
        return self._in_flight

    def start(
        self, method: str, path: str, query: str, *, has_cookie: bool, has_authorization: bool
    ) -> list[LoggedRequest]:
        """Record an arrival and return its entry, for `set_status`."""
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
        """Record the status, before the response is sent: a client that has the response can rely on it."""
        entry[0] = replace(entry[0], status=status)

    def finish(self) -> None:
        """Record the end of a request, answered or not."""
        self._in_flight -= 1

    def ignore(self, path: str, names: set[str]) -> None:
        """Count query parameters that had no effect."""
        self.ignored.setdefault(path, Counter()).update(names)

    def clear(self) -> None:
        """Clear the log."""
        self._entries.clear()
        self.ignored.clear()
