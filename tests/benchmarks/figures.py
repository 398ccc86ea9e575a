"""Benchmarks and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """The result of a benchmark."""

    value: float
    """The value that is compared with the budget."""
    ours: str
    """The value as text."""
    peer: str = ""
    """The value of a peer in the same run, as text, or that the peer is missing."""
    ratio: float | None = None
    """Our value divided by that of the peer."""
    note: str = ""
    """Further observations."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table. The docstring of `measure` describes what is measured, and how."""

    name: str
    title: str
    budget: str
    limit: float
    """The largest permitted value."""
    measure: Callable[[], Measured]

    def is_met(self, measured: Measured) -> bool:
        """Return whether the value is within the budget."""
        return measured.value <= self.limit

    def is_selected(self, names: tuple[str, ...]) -> bool:
        """Return whether the name begins with one of `names`."""
        return not names or any(self.name == name or self.name.startswith(f"{name}-") for name in names)


def compared(ours: float, peer: float) -> float | None:
    """Return our value divided by that of the peer; None without a peer.

    >>> compared(3.0, 2.0), compared(3.0, 0.0)
    (1.5, None)
    """
    return ours / peer if peer else None
