"""A CDP policy: how often a recovery point is taken, and how long they are kept."""

from __future__ import annotations

from msgspec import Struct


class Policy(Struct, frozen=True, kw_only=True):
    """One policy. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    state: str | None = None
    description: str | None = None
    interval_s: int | None = None
    """A recovery point every so many seconds."""
    retention_days: int | None = None
    hourly_since_day: int | None = None
    """`hourlyRpSinceDay`; read as the days for which one an hour is kept, which the vendor does not document."""
    daily_since_day: int | None = None
    """`dailyRpSinceDay`; read as the days for which one a day is kept, which the vendor does not document."""
    expire_days: int | None = None
    full_backup_days: int | None = None
    """Days between two full backups."""
