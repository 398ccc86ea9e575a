"""Faults as text: `hang`, `delay:seconds=3`, `hang:path=/cdp-task,times=2`, or the same as a JSON object.

    SPEC = KIND [ ":" KEY "=" VALUE { "," KEY "=" VALUE } ]
    JSON = {"kind": KIND, KEY: VALUE, …}

A comma that is not followed by `KEY=` belongs to the value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from cdptui.simulator.faults.rules import NODE_STATE_KINDS, Fault, FaultKind

_NEXT_KEY = re.compile(r",(?=[a-z]+=)")
_METHODS = ("GET", "POST", "PUT", "DELETE")
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_SECONDS = 1e6
_MOST_BYTES = 1 << 34
_MOST_DEPTH = 10_000_000
_MOST_ROWS = 1_000_000

_EVERY = ("path", "method", "times", "for")
_OWN: dict[FaultKind, tuple[str, ...]] = {
    FaultKind.DELAY: ("seconds",),
    FaultKind.TRICKLE: ("seconds",),
    FaultKind.SLOW_START: ("seconds",),
    FaultKind.ENDLESS_BODY: ("seconds",),
    FaultKind.CLOCK_SKEW: ("seconds",),
    FaultKind.CACHED: ("seconds",),
    FaultKind.CAPPED_PAGES: ("rows",),
    FaultKind.HUGE_BODY: ("bytes",),
    FaultKind.DEEP_NESTING: ("depth",),
    FaultKind.ERROR: ("code", "details"),
    FaultKind.REDIRECT: ("location", "status"),
}


class SpecError(ValueError):
    """An invalid fault; the text lists the valid options."""


def parse_fault(text: str) -> Fault:
    """Parse a SPEC or a JSON object to a fault. Raises SpecError.

    >>> fault = parse_fault("hang:path=/cdp-task,times=2")
    >>> fault.kind.value, fault.path_prefix, fault.times, fault.method
    ('hang', '/cdp-task', 2, None)
    """
    text = text.strip()
    if text.startswith("{"):
        return _of_mapping(_object(text))
    kind, _, rest = text.partition(":")
    options: dict[str, str] = {}
    for part in _NEXT_KEY.split(rest) if rest else ():
        key, found, value = part.partition("=")
        if not found:
            message = f"{part!r} is not KEY=VALUE; {_takes(_kind(kind))}"
            raise SpecError(message)
        if key in options:
            message = f"{key!r} is given twice"
            raise SpecError(message)
        options[key] = value
    return _of_mapping({"kind": kind, **options})


def to_json(fault: Fault) -> dict[str, object]:
    """Return the JSON object of a fault, without default values.

    >>> to_json(parse_fault("delay:seconds=3"))
    {'kind': 'delay', 'seconds': 3.0}
    """
    defaults = {field.name: field.default for field in fields(Fault) if field.default is not MISSING}
    values = {key: getattr(fault, _KEYS[key][0]) for key in options_of(fault.kind)}
    changed = {key: value for key, value in values.items() if value != defaults[_KEYS[key][0]]}
    return {"kind": fault.kind.value, **changed}


def options_of(kind: FaultKind) -> tuple[str, ...]:
    """Return the keys that a kind accepts."""
    return (*_OWN.get(kind, ()), *(("for",) if kind in NODE_STATE_KINDS else _EVERY))


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {error}"
        raise SpecError(message) from error
    # The text begins with a brace, so the value is an object.
    return dict(found)


def _of_mapping(values: Mapping[str, object]) -> Fault:
    options = dict(values)
    kind = _kind(str(options.pop("kind", "")))
    values_by_field: dict[str, Any] = {}
    for key, value in options.items():
        if key not in options_of(kind):
            message = f"{kind} takes no {key!r}; {_takes(kind)}"
            raise SpecError(message)
        name, read, valid = _KEYS[key]
        try:
            # JSON has numbers where text has digits. Booleans, null and lists are invalid for every key.
            values_by_field[name] = read(str(value) if type(value) in (str, int, float) else "")
        except ValueError:
            message = f"{key}={value!s} of {kind}: must be {valid}"
            raise SpecError(message) from None
    return Fault(kind=kind, **values_by_field)


def _kind(name: str) -> FaultKind:
    try:
        return FaultKind(name)
    except ValueError:
        message = f"unknown fault {name!r}; known: {', '.join(FaultKind)}"
        raise SpecError(message) from None


def _takes(kind: FaultKind) -> str:
    return f"{kind} takes: {', '.join(options_of(kind))}"


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError
        return text

    return read


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not least <= value <= most:
            raise ValueError
        return value

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return read


def _path(text: str) -> str:
    if not text.startswith("/") or text.startswith("/zstack"):
        raise ValueError
    return text


def _text(text: str) -> str:
    if not text.isprintable() or not text:
        raise ValueError
    return text


def _status(text: str) -> int:
    return int(_choice(*map(str, _REDIRECTS))(text))


_KEYS: dict[str, tuple[str, Callable[[str], object], str]] = {
    "path": ("path_prefix", _path, "what follows /zstack/v1, such as /cdp-task"),
    "method": ("method", _choice(*_METHODS), f"one of {', '.join(_METHODS)}"),
    "times": ("times", _whole(1, 1_000_000), "a whole number from 1 to 1000000"),
    "for": ("lasts_s", _number(0.001, _MOST_SECONDS), "seconds, from 0.001 to 1000000"),
    "seconds": ("seconds", _number(-_MOST_SECONDS, _MOST_SECONDS), "seconds, at most 1000000"),
    "code": ("code", _text, "an error code such as SYS.1000"),
    "details": ("details", _text, "printable text"),
    "location": ("location", _text, "an address"),
    "status": ("status", _status, f"one of {', '.join(map(str, _REDIRECTS))}"),
    "bytes": ("size_bytes", _whole(100, _MOST_BYTES), f"a whole number from 100 to {_MOST_BYTES}"),
    "rows": ("rows", _whole(1, _MOST_ROWS), f"a whole number from 1 to {_MOST_ROWS}"),
    "depth": ("depth", _whole(1, _MOST_DEPTH), f"a whole number from 1 to {_MOST_DEPTH}"),
}
"""By key: the field of Fault, the parser of its value, and the description of valid values."""
