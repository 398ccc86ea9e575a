"""Long jobs: VMs that were created or reverted from CDP recovery points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from cdptui.simulator.world.resources import Machine, hex_uuid

_CREATE = "APICreateVmFromCdpBackupMsg"
_REVERT = "APIRevertVmFromCdpBackupMsg"
_HOUR_S = 3600.0
_JOBS = (
    (_CREATE, 60.0, 40, False),
    (_REVERT, 31.0, 25, False),
    (_CREATE, 26.0, 5, True),
    (_REVERT, 5.0, 30, False),
    (_CREATE, 0.5, 50, False),
)
"""Name, start in hours before that of the node, minutes, and whether it failed. Small fleets have fewer jobs."""


@dataclass(frozen=True, slots=True)
class LongJob:
    """A long job. Times are epoch seconds; it runs from `created` to `ends`."""

    uuid: str
    api_id: str
    name: str
    job_name: str
    machine_uuid: str
    created: float
    ends: float
    is_failure: bool

    def state_at(self, now: float) -> str:
        """Return the state at a time."""
        if now < self.ends:
            return "Running"
        return "Failed" if self.is_failure else "Succeeded"

    def percent_at(self, now: float) -> int:
        """Return the progress at a time."""
        return max(0, min(100, int(100 * (now - self.created) / (self.ends - self.created))))


def make_long_jobs(seed: int, machines: Sequence[Machine], start: float) -> list[LongJob]:
    """Return five jobs of the days before the start, the last of them running for another 20 minutes."""
    rng = Random(f"long jobs {seed}")  # noqa: S311 - simulated data, not a secret
    jobs = []
    for (job_name, hours_ago, minutes, is_failure), machine in zip(_JOBS, machines, strict=False):
        created = start - hours_ago * _HOUR_S
        action = "create VM from" if job_name == _CREATE else "revert"
        jobs.append(
            LongJob(
                uuid=hex_uuid(rng),
                api_id=hex_uuid(rng),
                name=f"{action} {machine.name}",
                job_name=job_name,
                machine_uuid=machine.uuid,
                created=created,
                ends=created + minutes * 60,
                is_failure=is_failure,
            )
        )
    return jobs
