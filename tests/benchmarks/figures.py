"""What a benchmark is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """What one benchmark found."""

    value: float
    """What is held against the budget."""
    ours: str
    """The same for people."""
    peer: str = ""
    """What stands beside it, measured in the same run; or that it is missing."""
    ratio: float | None = None
    """Ours to the peer's."""
    note: str = ""
    """Whatever else was seen."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. The docstring of `measure` says what is measured, and how."""

    name: str
    title: str
    budget: str
    limit: float
    """The largest value that is permitted."""
    measure: Callable[[], Measured]

    def is_met(self, measured: Measured) -> bool:
        """Whether what was measured is inside the budget."""
        return measured.value <= self.limit

    def is_asked(self, names: tuple[str, ...]) -> bool:
        """Whether one of `names` is this one's, or begins it."""
        return not names or any(self.name == name or self.name.startswith(f"{name}-") for name in names)


def compared(ours: float, peer: float) -> float | None:
    """How many times the peer's; None beside nothing.

    >>> compared(3.0, 2.0), compared(3.0, 0.0)
    (1.5, None)
    """
    return ours / peer if peer else None
