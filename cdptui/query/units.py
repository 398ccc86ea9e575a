"""Numbers with units: parsing and conversion to base units."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import Final

from msgspec import Struct

from cdptui.query.expression import Quantity


class Dimension(Enum):
    """A dimension, within which numbers can be compared; the value is an example."""

    SIZE = "50GiB"
    SHARE = "80%"
    TIME = "3d"
    MULTIPLE = "2x"
    RATE = "10GiB/h"
    COUNT = "2"


class Unit(Struct, frozen=True):
    """A unit in its canonical spelling."""

    symbol: str
    dimension: Dimension
    factor: float
    """In the base unit: bytes, seconds, bytes per second, or the whole."""


_SIZES: Final = {"B": ("",), **{f"{letter}iB": (letter, f"{letter}B") for letter in "KMGTP"}}
_TIMES: Final = {
    "ms": (0.001, ()),
    "s": (1.0, ("sec",)),
    "min": (60.0, ("m",)),
    "h": (3600.0, ()),
    "d": (86400.0, ()),
    "w": (604800.0, ()),
    "y": (31536000.0, ()),
}
_PER: Final = ("s", "min", "h", "d")
_PER_TIME: Final = frozenset(f"/{written}" for per in _PER for written in (per, *_TIMES[per][1]))


def _unit_spellings() -> Iterator[tuple[str, Unit]]:
    for power, (size, short) in enumerate(_SIZES.items()):
        factor = 1024.0**power
        for spelling in (size, *filter(None, short)):
            yield spelling, Unit(size, Dimension.SIZE, factor)
            for per in _PER:
                seconds, shorter = _TIMES[per]
                for written in (per, *shorter):
                    yield f"{spelling}/{written}", Unit(f"{size}/{per}", Dimension.RATE, factor / seconds)
    for time, (seconds, shorter) in _TIMES.items():
        for spelling in (time, *shorter):
            yield spelling, Unit(time, Dimension.TIME, seconds)
    yield "%", Unit("%", Dimension.SHARE, 0.01)
    yield "x", Unit("x", Dimension.MULTIPLE, 1.0)
    yield "", Unit("", Dimension.COUNT, 1.0)


UNITS: Final = {(unit.dimension, spelling.lower()): unit for spelling, unit in _unit_spellings()}
"""Units by dimension and lower-case spelling: `m` is a minute as a time and a mebibyte as a size."""

_NUMBER: Final = re.compile(r"\+?(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(.*)", re.ASCII | re.DOTALL)
_PARTS: Final = re.compile(r"(?:\d+[a-z]+)+\d+(?:\.\d+)?[a-z]+", re.ASCII)
_PART: Final = re.compile(r"([\d.]+)([a-z]+)", re.ASCII)

_MAX_LISTED: Final = 8
"""From this many units on only the first and the last are listed."""


def parse_quantity(text: str, dimensions: Sequence[Dimension]) -> Quantity | None:
    """Parse a number in one of `dimensions`, in any format that the screen shows; None when it is not one.

    Zero needs no unit, and a plus sign is allowed, as in growth.

    >>> parse_quantity("1.5tb", [Dimension.SIZE]), parse_quantity("80%", [Dimension.SIZE])
    (Quantity(number=1.5, unit='TiB'), None)
    >>> parse_quantity("2m07s", [Dimension.TIME]), parse_quantity("0/h", [Dimension.RATE])
    (Quantity(number=127.0, unit='s'), Quantity(number=0.0, unit=''))
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    number = float(match[1])
    if not math.isfinite(number):
        return None
    if number == 0 and (not match[2] or (Dimension.RATE in dimensions and match[2].lower() in _PER_TIME)):
        return Quantity(number)
    for dimension in dimensions:
        unit = UNITS.get((dimension, match[2].lower()))
        if unit is not None:
            return Quantity(number, unit.symbol)
    return _parse_compound_time(text.lower()) if Dimension.TIME in dimensions else None


def _parse_compound_time(text: str) -> Quantity | None:
    """Parse a time such as 1h06m to a number of its smallest unit. Units are in descending order, each at most once."""
    if _PARTS.fullmatch(text) is None:
        return None
    parts = [(float(number), UNITS.get((Dimension.TIME, unit))) for number, unit in _PART.findall(text)]
    units = [unit for _, unit in parts if unit is not None]
    if len(units) < len(parts) or any(smaller.factor >= unit.factor for unit, smaller in pairwise(units)):
        return None
    smallest = units[-1]
    # Whole factors, so that 1s500ms does not become 1500.0000000000002ms.
    number = sum(count * round(unit.factor / smallest.factor) for (count, _), unit in zip(parts, units, strict=True))
    return Quantity(number, smallest.symbol) if math.isfinite(number) else None


def is_number(text: str) -> bool:
    """Return whether a word is a number without a unit."""
    match = _NUMBER.fullmatch(text)
    return match is not None and not match[2]


def is_unit(text: str, dimensions: Sequence[Dimension]) -> bool:
    """Return whether a word is a unit of one of `dimensions`."""
    return any((dimension, text.lower()) in UNITS for dimension in dimensions)


def describe_units(dimensions: Sequence[Dimension]) -> str:
    """Return the units of these dimensions for messages; empty for plain numbers.

    >>> describe_units([Dimension.SIZE, Dimension.SHARE]), describe_units([Dimension.RATE])
    ('B KiB MiB GiB TiB PiB or %', 'B/s … PiB/d')
    """
    lists = []
    for dimension in dimensions:
        symbols = list(dict.fromkeys(unit.symbol for unit in UNITS.values() if unit.dimension is dimension))
        lists.append(" ".join(symbols) if len(symbols) < _MAX_LISTED else f"{symbols[0]} … {symbols[-1]}")
    return " or ".join(lists)


def get_unit(quantity: Quantity, dimensions: Sequence[Dimension]) -> Unit:
    """Return the unit of a quantity that was parsed with these dimensions; a zero without a unit is of the first."""
    for dimension in dimensions:
        unit = UNITS.get((dimension, quantity.unit.lower()))
        if unit is not None:
            return unit
    return Unit("", dimensions[0], 1.0)


def format_number(number: float) -> str:
    """Format a number as short as possible without changing its value.

    >>> format_number(80.0), format_number(0.5)
    ('80', '0.5')
    """
    return f"{number:.0f}" if number.is_integer() and number < 1e15 else repr(number)
