"""What happened in a time, as numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cdptui.models.event import Event, EventKind, event_number
from cdptui.models.failure import FailureKind
from cdptui.models.severity import Severity, status_severity

_NEARLY_FULL: Final = 90
_FULL: Final = 100

_SESSION_FAILURES: Final = frozenset({FailureKind.SESSION_INVALID.value, FailureKind.SESSION_CONTENDED.value})
"""Kinds of outages in which the node answers."""

_NO_NEWS: Final = frozenset({EventKind.MONITOR_STARTED, EventKind.MONITOR_STOPPED, EventKind.GAP, EventKind.NOTE})
"""Kinds that are about the monitor only."""


class EventSummary(Struct, frozen=True):
    """How often what happened. Healthy tasks that only change their status, and monitors, are not counted."""

    failed: int = 0
    """Tasks that began to fail, or got a status that is as bad."""
    stopped: int = 0
    """Enabled tasks that stopped."""
    recovered: int = 0
    """Tasks that protect again."""
    breaches: int = 0
    """Times in which an RPO was over its target, also those that began before."""
    longest_breach_ms: int = 0
    longest_breach_name: str = ""
    full: int = 0
    nearly_full: int = 0
    storages_disconnected: int = 0
    away_ms: int = 0
    """Time in which the node could not be read."""
    takeovers: int = 0
    """Sessions that were taken over."""
    appeared: int = 0
    vanished: int = 0
    changes: int = 0
    """All other events: settings, freed space, storages that are back."""


NOTHING: Final = EventSummary()


def summarize_events(events: Iterable[Event], since_ms: int, until_ms: int) -> EventSummary:
    """Count what happened after `since_ms`; `events` are those until `until_ms`, oldest first."""
    counter = _Counter(since_ms)
    for event in events:
        if event.at_ms > since_ms:
            counter.add(event)
    return counter.summary(until_ms)


class _Counter:
    """Counts events, and pairs their beginnings and ends."""

    def __init__(self, since_ms: int) -> None:
        self._since_ms = since_ms
        self._counts: dict[str, int] = {}
        self._unprotected: set[str] = set()
        """Tasks that failed or stopped, and did not recover."""
        self._breaches: dict[str, tuple[int, str]] = {}
        """Start and name of the breaches that last, by task."""
        self._longest = (0, "")
        self._outage_since_ms: int | None = None
        self._away_ms = 0

    def add(self, event: Event) -> None:
        match event.kind:
            case EventKind.STATUS:
                self._add_status(event)
            case EventKind.RPO_MISSED | EventKind.RPO_MET:
                self._add_breach(event)
            case EventKind.PLAN_LEVEL:
                level = event_number(event.new)
                self._count("full" if level >= _FULL else "nearly_full" if level >= _NEARLY_FULL else "changes")
            case EventKind.OUTAGE_BEGAN | EventKind.OUTAGE_ENDED:
                self._add_outage(event)
            case kind if kind in _NAMED:
                self._count(_NAMED[kind])
            case kind if kind not in _NO_NEWS:
                self._count("changes")

    def _add_status(self, event: Event) -> None:
        was_bad = status_severity(event.old or "", "") >= Severity.WARNING
        if event.severity >= Severity.NOTICE:
            self._count("stopped" if event.new == "Stopped" else "failed")
            self._unprotected.add(event.task_uuid)
        elif event.severity is Severity.HEALTHY:
            if was_bad or event.task_uuid in self._unprotected:
                self._count("recovered")
            self._unprotected.discard(event.task_uuid)
        elif was_bad:
            self._unprotected.add(event.task_uuid)

    def _add_breach(self, event: Event) -> None:
        if event.kind is EventKind.RPO_MISSED:
            self._count("breaches")
            excess_ms = max(0, event_number(event.new) - event_number(event.old))
            self._breaches[event.task_uuid] = (event.at_ms - excess_ms, event.name)
            return
        if self._breaches.pop(event.task_uuid, None) is None:
            # It began before.
            self._count("breaches")
        self._note_breach(event_number(event.new), event.name)

    def _add_outage(self, event: Event) -> None:
        if event.kind is EventKind.OUTAGE_BEGAN:
            self._outage_since_ms = event.at_ms if event.new not in _SESSION_FAILURES else None
            return
        self._outage_since_ms = None
        if event.old not in _SESSION_FAILURES:
            began_ms = event.at_ms - event_number(event.new)
            self._away_ms += event.at_ms - max(began_ms, self._since_ms)

    def summary(self, until_ms: int) -> EventSummary:
        for start_ms, name in self._breaches.values():
            self._note_breach(until_ms - start_ms, name)
        away_ms = self._away_ms
        if self._outage_since_ms is not None:
            away_ms += max(0, until_ms - self._outage_since_ms)
        longest_ms, name = self._longest
        return EventSummary(**self._counts, longest_breach_ms=longest_ms, longest_breach_name=name, away_ms=away_ms)

    def _count(self, name: str) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1

    def _note_breach(self, duration_ms: int, name: str) -> None:
        if duration_ms > self._longest[0]:
            self._longest = (duration_ms, name)


_NAMED: Final = {
    EventKind.STORAGE_DISCONNECTED: "storages_disconnected",
    EventKind.SESSION_TAKEN_OVER: "takeovers",
    EventKind.APPEARED: "appeared",
    EventKind.VANISHED: "vanished",
}
