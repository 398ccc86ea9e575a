"""Text of events: whole sentences with the old and the new value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final

from msgspec import Struct

from cdptui.models.event import RENEWED, Event, EventKind, event_number
from cdptui.models.reasons import STOP_CAUSES
from cdptui.models.sanitize import sanitize
from cdptui.render import formatting
from cdptui.render.problem_text import problem_phrase

_TEMPLATES: Final = {
    EventKind.APPEARED: "{name} appeared: {new}",
    EventKind.VANISHED: "{name} vanished, last {old}",
    EventKind.STATUS: "{name}: {old} → {new}",
    EventKind.STATE: "{name}: {old} → {new}",
    EventKind.NAME: "{old} renamed to {new}",
    EventKind.DESCRIPTION: "{name}: description {old} → {new}",
    EventKind.PLAN: "{name}: plan {old} → {new}",
    EventKind.LIMIT: "{name}: limit {old} → {new}",
    EventKind.POLICY: "{name}: policy {old} → {new}",
    EventKind.STORAGE: "{name}: backup storage {old} → {new}",
    EventKind.RPO_TARGET: "{name}: RPO target {old} → {new}",
    EventKind.RPO_MISSED: "{name}: RPO {new}, over its target of {old}",
    EventKind.RPO_MET: "{name}: RPO within its target again after {new}, worst {old}",
    EventKind.PLAN_LEVEL: "{name}: {new}% of the plan used",
    EventKind.FREED: "{name}: used capacity fell from {old} to {new}",
    EventKind.STORAGE_DISCONNECTED: "{name}: backup storage disconnected, with {new}",
    EventKind.STORAGE_CONNECTED: "{name}: backup storage connected again after {old}, with {new}",
    EventKind.SESSION_ENDED: "the session ended",
    EventKind.SESSION_TAKEN_OVER: "the session was taken over: it ended twice within a minute",
    EventKind.NOTE: "{name}: note of {old}: {new}",
    EventKind.MONITOR_STARTED: "monitor started",
    EventKind.MONITOR_STOPPED: "monitor stopped",
    EventKind.OUTAGE_BEGAN: "the node could not be read: {new}",
    EventKind.OUTAGE_ENDED: "the node could be read again after {new}: {old}",
    EventKind.GAP: "no monitor ran for {new}",
}

_WITH_CAUSE: Final = "{name}: {old} → {new}, {cause}"

_SESSION_RENEWED: Final = "the session ended; another login follows"

_NONE: Final = "none"
_NO_NAMES: Final[Mapping[str, str]] = {}

_REFERENCES: Final = frozenset({EventKind.POLICY, EventKind.STORAGE})
"""Kinds whose old and new value are UUIDs of resources."""


class EventContext(Struct, frozen=True):
    """What the text of events needs besides them."""

    zone: tzinfo | None = None
    """The zone of times; None for that of this machine."""
    names: Mapping[str, str] = {}
    """Names of policies and storages by UUID, as far as they are known."""


def event_text(event: Event, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Return an event as one line; `names` are those of policies and storages by UUID, as far as they are known.

    >>> from cdptui.models.severity import Severity
    >>> event_text(Event(0, EventKind.RPO_MET, Severity.HEALTHY, "u", "db", "800000", "7200000"))
    'db: RPO within its target again after 2 h, worst 13m20s'
    """
    as_old, as_new = _UNITS.get(event.kind, (_text, _text))
    old, new = as_old(event.old), as_new(event.new)
    if event.kind in _REFERENCES:
        old, new = _text(names.get(event.old or "", event.old)), _text(names.get(event.new or "", event.new))
    if event.kind is EventKind.GAP:
        new = formatting.duration((event_number(event.new) - event_number(event.old)) / 1000)
    return _template(event).format(name=sanitize(event.name), old=old, new=new, cause=_cause(event.cause))


def event_time(event: Event, zone: tzinfo | None) -> str:
    """Return when an event happened, in a zone; None is that of this machine."""
    return formatting.timestamp(formatting.local_time(event.at_ms, zone), zone)


def event_line(event: Event, zone: tzinfo | None, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Return when an event happened, and what."""
    return f"{event_time(event, zone)}  {event_text(event, names)}"


def _template(event: Event) -> str:
    if event.kind is EventKind.STATUS and event.cause:
        return _WITH_CAUSE
    return (
        _SESSION_RENEWED if event.kind is EventKind.SESSION_ENDED and event.new == RENEWED else _TEMPLATES[event.kind]
    )


def _cause(value: str) -> str:
    kind = next((kind for kind in STOP_CAUSES if kind.value == value), None)
    return problem_phrase(kind).removeprefix("stopped, ") if kind is not None else ""


def _text(value: str | None) -> str:
    return sanitize(value) if value else _NONE


def _bytes(value: str | None) -> str:
    return _NONE if value in {None, "0"} else formatting.size(event_number(value))


def _rate(value: str | None) -> str:
    return _NONE if value in {None, "0"} else f"{formatting.size(event_number(value))}/s"


def _latency(value: str | None) -> str:
    return _NONE if value is None else formatting.latency(event_number(value))


def _tasks(value: str | None) -> str:
    count = event_number(value)
    return f"{count} task" if count == 1 else f"{count} tasks"


def _duration(value: str | None) -> str:
    return formatting.duration(event_number(value) / 1000)


_UNITS: Final[dict[EventKind, tuple[Callable[[str | None], str], Callable[[str | None], str]]]] = {
    EventKind.PLAN: (_bytes, _bytes),
    EventKind.LIMIT: (_rate, _rate),
    EventKind.FREED: (_bytes, _bytes),
    EventKind.RPO_TARGET: (_latency, _latency),
    EventKind.RPO_MISSED: (_latency, _latency),
    EventKind.RPO_MET: (_latency, _duration),
    EventKind.OUTAGE_ENDED: (_text, _duration),
    EventKind.STORAGE_DISCONNECTED: (_text, _tasks),
    EventKind.STORAGE_CONNECTED: (_duration, _tasks),
    EventKind.GAP: (_text, _text),
}
"""How the old and the new value are written, for those that are no text."""
