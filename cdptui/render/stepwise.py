"""Long work in steps of a few milliseconds, between which keys are answered."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain
from typing import Any, Final, TypeVar

_Item = TypeVar("_Item")

_STEP: Final = 2000
"""Rows in one step."""


def pieces(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items, as many at a time as one step may take."""
    return (items[at : at + _STEP] for at in range(0, len(items), _STEP))


def merged(
    runs: Sequence[list[_Item]], key: Callable[[_Item], Any] | None = None
) -> Generator[None, None, list[_Item]]:
    """Merge sorted lists into one, a pair at a time."""
    while len(runs) > 1:
        pairs = []
        for at in range(0, len(runs), 2):
            # The built-in sort finds the two runs and merges them.
            both = [*chain.from_iterable(runs[at : at + 2])]
            both.sort(key=key)
            pairs.append(both)
            yield
        runs = pairs
    return runs[0] if runs else []
