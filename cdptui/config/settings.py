"""One monitor's settings, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from cdptui.config.errors import ConfigError

DEFAULT_INTERVAL_S: Final = 10.0
"""The server itself refreshes latency once a minute and capacity every five; only status moves in between."""

MIN_INTERVAL_S: Final = 1.0
MAX_INTERVAL_S: Final = 3600.0
DEFAULT_TIMEOUT_S: Final = 15.0
MIN_TIMEOUT_S: Final = 0.1
MAX_TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """Which node, as whom, how often."""

    base_url: str
    """Ends in `/zstack/v1`."""
    account: str | None = None
    password: str | None = field(default=None, repr=False)
    session_id: str | None = field(default=None, repr=False)
    """Set instead of account and password."""
    interval_s: float = DEFAULT_INTERVAL_S
    timeout_s: float = DEFAULT_TIMEOUT_S


def check_seconds(name: str, value: float, low: float, high: float) -> float:
    """Return a number of seconds that makes sense. Raises ConfigError.

    >>> check_seconds("--interval", 10, 1, 3600)
    10
    """
    if not math.isfinite(value) or not low <= value <= high:
        message = f"{name} must be from {low:g} to {high:g} seconds, not {value:g}"
        raise ConfigError(message)
    return value
