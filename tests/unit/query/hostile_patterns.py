"""Random regular expressions that are expensive by design, and the names on which they take longest."""

from __future__ import annotations

from random import Random
from typing import Final

from cdptui.query.regex import MAX_PATTERN

KNOWN: Final = (
    "(a|aa)" * 28,
    "a*a*a{0,16}a{0,16}b",
    "(a+)+$",
    "(a|a)*b",
    "(a*)*(a*)*b",
    "(.*.*.*.*.*)*z",
    "(a?){99}a{99}b",
    "(a{0,200}){0,5}b",
    "(.{0,30}){0,10}z",
    r"([^a]{30}|.{30}){5}b",
    r"\w{250}z",
    "(a|b|ab)*c",
    "[ab]*a[ab]{15}c",
)
"""Patterns on which a backtracking engine takes for ever or an automaton has very many states."""

_ATOMS: Final = (
    "a",
    "b",
    "ab",
    ".",
    r"\w",
    r"\d",
    "[ab]",
    "[^a]",
    r"\s",
    "中",
    r"\pL",
    r"\PN",
    "[a-y]",
    r"\b",
    "^",
    "$",
)
_REPEATS: Final = ("*", "+", "?", "*?", "+?", "{0,16}", "{2}", "{3,}", "{1,30}", "{99}", "{0,250}")


def random_pattern(random: Random) -> str:
    """Return a random regular expression within the length limit of filters."""
    while True:
        pattern = _random_part(random, random.randint(1, 5)) + random.choice(("", "", "$", "z", "b"))
        if len(pattern) <= MAX_PATTERN:
            return pattern


def _random_part(random: Random, depth: int) -> str:
    if depth == 0:
        part = random.choice(_ATOMS)
    else:
        parts = [_random_part(random, depth - 1) for _ in range(random.randint(1, 3))]
        part = f"({random.choice(('', '|')).join(parts)})"
    if random.random() < 0.6:
        part += random.choice(_REPEATS)
    # Now and then repeat the whole pattern twenty times.
    return part * random.choice((1,) * 12 + (2, 20))


def hostile_names(count: int) -> list[str]:
    """Return names of 255 characters with few different ones, so that most patterns almost match."""
    random = Random(11)
    kinds = [
        "a" * 255,
        "ab" * 127,
        "a" * 254 + "!",
        " " * 255,
        "中" * 255,
        ("a" * 16 + "é") * 15,
        "a" * 254 + "z",
        ("a" * 27 + "b") * 9,
    ]
    names = [kinds[number] if number < len(kinds) else "" for number in range(count)]
    return [name or "".join(random.choices("ab", k=255)) for name in names]
