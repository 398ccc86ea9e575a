"""Reproducible random numbers from a seed and an index."""

from __future__ import annotations

import math

_MASK = (1 << 64) - 1


def hash64(seed: int, index: int) -> int:
    """Hash two integers to a 64-bit number (the finalizer of splitmix64)."""
    value = (seed + index * 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & _MASK
    return value ^ value >> 31


def uniform(seed: int, index: int) -> float:
    """Return a number in [0, 1) from two integers."""
    return hash64(seed, index) / 18446744073709551616.0


def between(seed: int, index: int, low: float, high: float) -> float:
    """Return a number in [low, high)."""
    return low + (high - low) * uniform(seed, index)


def exponential(seed: int, index: int, mean: float) -> float:
    """Return an exponentially distributed time with the given mean, as between independent failures."""
    return -mean * math.log(1.0 - uniform(seed, index))
