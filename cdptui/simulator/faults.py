"""Things that go wrong on purpose: rules that tests and demos switch on and off while the node runs.

Which request is hit is decided here; `mischief` enacts it on the connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class FaultKind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    """The right answer, `seconds` later."""
    HANG = "hang"
    """Accepted, never answered."""
    TRICKLE = "trickle"
    """The right answer, a few bytes every `seconds`."""
    RESET = "reset"
    """A TCP reset instead of an answer."""
    TRUNCATED = "truncated"
    """The connection closes in the middle of the body."""
    INVALID_JSON = "invalid-json"
    RATE_LIMIT = "rate-limit"
    EMPTY_500 = "empty-500"
    BAD_GATEWAY = "bad-gateway"
    ERROR = "error"
    """503 with the error `code`, and `details` when given."""
    HTML_503 = "html-503"
    MODULE_MISSING = "module-missing"
    TOMCAT_404 = "tomcat-404"
    REDIRECT = "redirect"
    SESSION_KILL = "session-kill"
    """All sessions end just before the request is handled."""
    CLOCK_SKEW = "clock-skew"
    """The server's clock is `seconds` ahead, as long as the rule stands; it hits no request of its own."""
    DENIED = "denied"
    """The refusal of a normal account: SYS.1006, "denied by default"."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One rule."""

    kind: FaultKind
    path_prefix: str = ""
    """After `/zstack/v1`, such as `/cdp-task`; empty hits every path."""
    method: str | None = None
    times: int | None = None
    """How many requests it hits; None is until it is removed."""
    seconds: float = 1.0
    code: str = "SYS.1000"
    details: str | None = None
    location: str = "http://127.0.0.1:9/"


class Faults:
    """The standing rules, first match first. Safe to change from another thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._standing: list[tuple[Fault, int | None]] = []

    def add(
        self, kind: FaultKind | str, path_prefix: str = "", *, times: int | None = None, **options: object
    ) -> Fault:
        """Switch a rule on; `options` are the other fields of Fault. Returns it for `remove`."""
        fault = Fault(kind=FaultKind(kind), path_prefix=path_prefix, times=times, **options)  # type: ignore[arg-type]
        self.put(fault)
        return fault

    def put(self, fault: Fault) -> None:
        """Switch on a rule that was built before."""
        with self._lock:
            self._standing.append((fault, fault.times))

    def remove(self, fault: Fault) -> None:
        """Switch a rule off; one that is spent already is fine."""
        with self._lock:
            self._standing = [(rule, left) for rule, left in self._standing if rule is not fault]

    def clear(self) -> None:
        """Switch all rules off. Requests that hang already stay hanging."""
        with self._lock:
            self._standing.clear()

    def take(self, method: str, api_path: str) -> Fault | None:
        """The rule that hits this request, counted as used. `api_path` begins with `/v1`."""
        path = api_path.removeprefix("/v1")
        with self._lock:
            for i, (fault, left) in enumerate(self._standing):
                if fault.kind is FaultKind.CLOCK_SKEW or not path.startswith(fault.path_prefix):
                    continue
                if fault.method not in (None, method):
                    continue
                if left is not None and left <= 1:
                    del self._standing[i]
                elif left is not None:
                    self._standing[i] = (fault, left - 1)
                return fault
        return None

    @property
    def skew_s(self) -> float:
        """Seconds by which the server's clock is ahead."""
        with self._lock:
            return sum(fault.seconds for fault, _ in self._standing if fault.kind is FaultKind.CLOCK_SKEW)
