"""A task of the fleet: its properties, its status, and its used capacity and latency at a given minute.

Values between two events are computed from the state at the last event, so they do not depend on how often they are
read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cdptui.simulator.world.resources import Machine, Policy, Storage
from cdptui.simulator.world.seeded_random import hash64, uniform
from cdptui.simulator.world.write_rate import WriteMeter

CAPACITY_EVERY = 5
"""Minutes between two measurements of the capacity (`monitor.interval`); the latency is measured every minute."""

_DAY = 1440
_EPISODE_CHANCE = 0.3
_EPISODE_SALT = 0x6C6167
_JITTER_SALT = 0x6A6974
_MINUTE_MS = 60_000


@dataclass(slots=True, eq=False)
class SimulatedTask:
    """The state of one task. Minutes are fleet minutes, `created` and `changed` wall-clock times, sizes bytes."""

    uuid: str
    name: str
    description: str | None
    policy: Policy
    storage: Storage
    machine: Machine | None
    bandwidth: int
    plan: int
    max_latency: int
    created: float
    changed: float
    seed: int
    rhythm: int
    pace: float
    """Mean growth in bytes per hour."""
    floor: float
    """Size of the full copy: a merge never goes below it."""
    keep: float
    """Share of the journal that remains after a merge."""
    merge_every: int
    base_latency: int

    state: str = "Enabled"
    status: str = "Running"
    since: int = 0
    """Minute in which the status began."""
    used: float = 0.0
    """Bytes at `since`."""
    until: int = 0
    used_at_end: float | None = None
    """Bytes at `until`, during a merge or the first copy."""
    meter: WriteMeter | None = None
    """Set while running."""
    merge_at: int = 0
    failure_at: int = 0
    events: int = 0
    """Number of events so far, the index into its random numbers."""
    event_version: int = 0
    """Version of the pending event; events of older versions are dropped."""
    lag_from: int = -1
    lag_until: int = -1
    """End of the time of high latency that exists from the start."""
    protected_points: dict[int, str] | None = None
    """Descriptions of the protected recovery points, by group; None until they are first read."""
    overrides: dict[str, object] = field(default_factory=dict)
    """Fields set by a test; they take precedence over computed values."""

    def used_at(self, minute: int) -> int:
        """Return `usedCapacity` as last measured by the server."""
        return int(self.used_now(max(self.since, minute - minute % CAPACITY_EVERY)))

    def used_now(self, seen: int) -> float:
        """Return the bytes in use at that minute. Minutes must not go back by an hour."""
        if self.meter is not None:
            return self.used + self.meter.bytes_written(seen)
        if self.used_at_end is not None and self.until > self.since:
            done = min(1.0, (seen - self.since) / (self.until - self.since))
            return self.used + (self.used_at_end - self.used) * done
        return self.used

    def latency_at(self, minute: int) -> int:
        """Return `lastLatency` in milliseconds as last measured by the server."""
        if self.status == "Created" or (self.status == "Stopped" and self.state == "Disabled"):
            return 0
        calm = self.calm_latency_at(minute)
        if self.status == "Running":
            begin = self._lagging_since(minute)
            return calm if begin is None else calm + (minute - begin) * _MINUTE_MS
        if self.status == "DataMerging":
            slow = 1.3 if self.seed % 5 == 0 else 0.2
            return calm + int(min((minute - self.since) * _MINUTE_MS, self.max_latency * slow))
        if self.status in ("Unknown", "Stopping"):
            return int(self.base_latency)
        # The latency of an enabled task that does not run grows to its target and stops there.
        return min(self.max_latency, calm + (minute - self.since) * _MINUTE_MS)

    def calm_latency_at(self, minute: int) -> int:
        """Return the latency in milliseconds of a task that runs without trouble."""
        return int(self.base_latency * (0.6 + 0.8 * uniform(self.seed ^ _JITTER_SALT, minute)))

    def lag_spells(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return begin and end of the times of high latency between two minutes, in the current status."""
        if self.status != "Running":
            return []
        days = range(max(first, self.since) // _DAY, last // _DAY + 1)
        spells = [(self.lag_from, self.lag_until), *(spell for day in days if (spell := self._daily_spell(day)))]
        return [(begin, end) for begin, end in spells if begin < end and begin <= last and end > self.since]

    def _lagging_since(self, minute: int) -> int | None:
        if self.lag_from < minute < self.lag_until:
            return self.lag_from
        spell = self._daily_spell(minute // _DAY)
        return spell[0] if spell is not None and spell[0] < minute < spell[1] else None

    def _daily_spell(self, day: int) -> tuple[int, int] | None:
        """Return begin and end of the time of high latency of a day, if it has one."""
        chance = hash64(self.seed ^ _EPISODE_SALT, day)
        if chance % 1000 >= _EPISODE_CHANCE * 1000:
            return None
        length = 45 + (chance >> 16) % 240
        begin = day * _DAY + (chance >> 32) % (_DAY - length)
        return max(self.since, begin), begin + length
