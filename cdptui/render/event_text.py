"""Text of events: whole sentences with the old and the new value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cdptui.models.event import Event, EventKind
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
    EventKind.LIMIT: "{name}: limit {old} → {new} per second",
    EventKind.POLICY: "{name}: policy {old} → {new}",
    EventKind.STORAGE: "{name}: backup storage {old} → {new}",
    EventKind.RPO_TARGET: "{name}: RPO target {old} → {new}",
    EventKind.RPO_MISSED: "{name}: RPO {new}, over its target of {old}",
    EventKind.RPO_MET: "{name}: RPO within its target again after {new}, worst {old}",
    EventKind.PLAN_LEVEL: "{name}: {new}% of the plan used",
    EventKind.FREED: "{name}: used capacity fell from {old} to {new}",
    EventKind.MONITOR_STARTED: "monitor started",
    EventKind.OUTAGE_BEGAN: "the node could not be read: {new}",
    EventKind.OUTAGE_ENDED: "the node could be read again after {new}: {old}",
    EventKind.GAP: "no monitor ran for {new}",
}

_WITH_CAUSE: Final = "{name}: {old} → {new}, {cause}"

_NONE: Final = "none"


def event_text(event: Event) -> str:
    """Return an event as one line.

    >>> from cdptui.models.severity import Severity
    >>> event_text(Event(0, EventKind.RPO_MET, Severity.HEALTHY, "u", "db", "800000", "7200000"))
    'db: RPO within its target again after 2 h, worst 13m20s'
    """
    as_old, as_new = _UNITS.get(event.kind, (_text, _text))
    new = as_new(event.new)
    if event.kind is EventKind.GAP:
        new = formatting.duration((int(event.new or 0) - int(event.old or 0)) / 1000)
    template = _WITH_CAUSE if event.kind is EventKind.STATUS and event.cause else _TEMPLATES[event.kind]
    return template.format(name=sanitize(event.name), old=as_old(event.old), new=new, cause=_cause(event.cause))


def _cause(value: str) -> str:
    kind = next((kind for kind in STOP_CAUSES if kind.value == value), None)
    return problem_phrase(kind).removeprefix("stopped, ") if kind is not None else ""


def _text(value: str | None) -> str:
    return sanitize(value) if value else _NONE


def _bytes(value: str | None) -> str:
    return _NONE if value in {None, "0"} else formatting.size(int(value or 0))


def _latency(value: str | None) -> str:
    return _NONE if value is None else formatting.latency(int(value))


def _duration(value: str | None) -> str:
    return formatting.duration(int(value or 0) / 1000)


_UNITS: Final[dict[EventKind, tuple[Callable[[str | None], str], Callable[[str | None], str]]]] = {
    EventKind.PLAN: (_bytes, _bytes),
    EventKind.LIMIT: (_bytes, _bytes),
    EventKind.FREED: (_bytes, _bytes),
    EventKind.RPO_TARGET: (_latency, _latency),
    EventKind.RPO_MISSED: (_latency, _latency),
    EventKind.RPO_MET: (_latency, _duration),
    EventKind.OUTAGE_ENDED: (_text, _duration),
    EventKind.GAP: (_text, _text),
}
"""How the old and the new value are written, for those that are no text."""
