"""Fault rules, which tests and demos switch on and off while the node runs.

This module decides which requests match; `responses` executes the fault, `spec` parses rules from text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class FaultKind(StrEnum):
    """The kind of a fault."""

    DELAY = "delay"
    """The correct response, `seconds` later."""
    HANG = "hang"
    """The request is accepted and never answered."""
    HANG_BODY = "hang-body"
    """Correct headers without a body."""
    TRICKLE = "trickle"
    """The correct response, 64 bytes every `seconds`."""
    RESET = "reset"
    """A TCP reset instead of a response."""
    REFUSE = "refuse"
    """The port is closed: connections are refused and open ones aborted, except those of the control endpoint. After
    the rule has ended the node listens on the same port again."""
    SLOW_START = "slow-start"
    """Connections are accepted, but requests wait until `seconds` after the start of listening or of the rule,
    whichever is later; then they are answered."""
    TRUNCATED = "truncated"
    """The connection closes in the middle of the body."""
    ENDLESS_BODY = "endless-body"
    """A list with an endless body, 64 KiB every `seconds`."""
    ENDLESS_LIST = "endless-list"
    """`start` is ignored and `total` claims one more row each time: the first page without end."""
    CAPPED_PAGES = "capped-pages"
    """A proxy that caps pages: at most `rows` rows whatever the `limit`, with the correct `total`."""
    HUGE_BODY = "huge-body"
    """Valid JSON of `size_bytes`."""
    DEEP_NESTING = "deep-nesting"
    """Valid JSON with `depth` arrays in each other."""
    INVALID_JSON = "invalid-json"
    RATE_LIMIT = "rate-limit"
    """429, as newer servers send it."""
    EMPTY_500 = "empty-500"
    BAD_GATEWAY = "bad-gateway"
    """502, the HTML page of a proxy."""
    GATEWAY_TIMEOUT = "gateway-timeout"
    """504, the HTML page of a proxy."""
    ERROR = "error"
    """503 with the error `code` and optional `details`."""
    HTML_503 = "html-503"
    """503 without JSON, the HTML page of a proxy."""
    ERROR_PAGES = "error-pages"
    """A proxy that shows its own page in place of each 503 of the node, and passes on all else."""
    FIREWALL = "firewall"
    """403 in JSON, from a firewall in front of the node."""
    CACHED = "cached"
    """A cache in front of the node: the response has the Age header of one that is `seconds` old."""
    MODULE_MISSING = "module-missing"
    """404 in plain text: the path has no API."""
    TOMCAT_404 = "tomcat-404"
    """404, the HTML page of a Tomcat without the application."""
    REDIRECT = "redirect"
    """`status` to `location`."""
    SESSION_KILL = "session-kill"
    """All sessions end just before the request is handled."""
    UNIQUE_SESSION = "unique-session"
    """Each login ends the older sessions of the same user, as the vendor's `enable.unique.session` does."""
    SHIFTING_ROWS = "shifting-rows"
    """Before every page but the first, a task that sorts first by uuid and by name is added, or removed if present."""
    CLOCK_SKEW = "clock-skew"
    """The server's clock is `seconds` ahead."""
    DENIED = "denied"
    """The refusal of a normal account: SYS.1006, "denied by default"."""


NODE_STATE_KINDS = frozenset({FaultKind.CLOCK_SKEW, FaultKind.REFUSE, FaultKind.SLOW_START, FaultKind.UNIQUE_SESSION})
"""Kinds that are a state of the node while the rule is active, and match no single request."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault and the requests that it matches."""

    kind: FaultKind
    path_prefix: str = ""
    """Path after `/zstack/v1`, such as `/cdp-task`; empty matches every path."""
    method: str | None = None
    times: int | None = None
    """How many requests it matches; None for no limit."""
    lasts_s: float | None = None
    """Seconds after which it is removed; None for never."""
    seconds: float = 1.0
    code: str = "SYS.1000"
    details: str | None = None
    location: str = "http://127.0.0.1:9/"
    status: int = 302
    size_bytes: int = 64 << 20
    depth: int = 100_000
    rows: int = 100


@dataclass(slots=True)
class Rule:
    """An active fault. Times are monotonic seconds."""

    number: int
    fault: Fault
    since: float
    left: int | None
    """Remaining requests; None for no limit."""
    hits: int = 0

    @property
    def until(self) -> float:
        """When it expires."""
        return float("inf") if self.fault.lasts_s is None else self.since + self.fault.lasts_s


class FaultRules:
    """The active rules; the first match applies. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._rules: list[Rule] = []
        self._numbers = 0
        self._listening_since = now()
        self._subscribers: list[Callable[[], None]] = []

    def add(
        self, kind: FaultKind | str, path_prefix: str = "", *, times: int | None = None, **options: object
    ) -> Fault:
        """Activate a rule; `options` are the other fields of Fault. Return it for `remove`."""
        fault = Fault(kind=FaultKind(kind), path_prefix=path_prefix, times=times, **options)  # type: ignore[arg-type]
        self.add_fault(fault)
        return fault

    def add_fault(self, fault: Fault) -> int:
        """Activate a rule and return its number."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
            self._rules.append(Rule(number, fault, self._now(), fault.times))
        self._notify()
        return number

    def remove(self, fault: Fault) -> None:
        """Deactivate a rule; an expired one is ignored."""
        self._retain(lambda rule: rule.fault is not fault)

    def remove_number(self, number: int) -> bool:
        """Deactivate a rule by number. Return False if there is none."""
        return self._retain(lambda rule: rule.number != number) > 0

    def clear(self) -> None:
        """Deactivate all rules. Requests that hang already keep hanging."""
        self._retain(lambda _rule: False)

    def active(self) -> list[tuple[Rule, float]]:
        """Return the active rules, oldest first, each with the seconds until it expires."""
        with self._lock:
            now = self._now()
            return [(rule, rule.until - now) for rule in self._current()]

    def match(self, method: str, api_path: str, *, is_later_page: bool = False) -> Fault | None:
        """Return the rule that matches a request, and count its use. `api_path` starts with `/v1`."""
        path = api_path.removeprefix("/v1")
        with self._lock:
            for rule in self._current():
                fault = rule.fault
                if fault.kind in NODE_STATE_KINDS or not path.startswith(fault.path_prefix):
                    continue
                if fault.method not in (None, method):
                    continue
                if fault.kind is FaultKind.SHIFTING_ROWS and not is_later_page:
                    continue
                rule.hits += 1
                if rule.left is not None:
                    rule.left -= 1
                    if rule.left <= 0:
                        self._rules.remove(rule)
                return fault
        return None

    def is_on(self, kind: FaultKind) -> bool:
        """Return whether a rule of that kind is active."""
        with self._lock:
            return any(rule.fault.kind is kind for rule in self._current())

    @property
    def skew_s(self) -> float:
        """Seconds by which the server's clock is ahead."""
        with self._lock:
            return sum(rule.fault.seconds for rule in self._current() if rule.fault.kind is FaultKind.CLOCK_SKEW)

    @property
    def start_left_s(self) -> float:
        """Seconds until the node has started; 0 when it has."""
        with self._lock:
            ends = [
                max(self._listening_since, rule.since) + rule.fault.seconds
                for rule in self._current()
                if rule.fault.kind is FaultKind.SLOW_START
            ]
            return max(0.0, max(ends, default=0.0) - self._now())

    @property
    def next_end_s(self) -> float:
        """Seconds until the next rule expires; infinite when none will."""
        with self._lock:
            now = self._now()
            return min((rule.until - now for rule in self._current()), default=float("inf"))

    def on_listening(self) -> None:
        """Record that the node started listening."""
        with self._lock:
            self._listening_since = self._now()

    def subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `on_change` after each change, in the changing thread. Return a function that unsubscribes."""
        with self._lock:
            self._subscribers.append(on_change)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.remove(on_change)

        return unsubscribe

    def _retain(self, is_retained: Callable[[Rule], bool]) -> int:
        with self._lock:
            before = len(self._current())
            self._rules = [rule for rule in self._rules if is_retained(rule)]
            removed = before - len(self._rules)
        self._notify()
        return removed

    def _current(self) -> list[Rule]:
        """Return the rules that have not expired. The caller holds the lock."""
        now = self._now()
        if any(rule.until <= now for rule in self._rules):
            self._rules = [rule for rule in self._rules if rule.until > now]
        return self._rules

    def _notify(self) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for on_change in subscribers:
            on_change()
