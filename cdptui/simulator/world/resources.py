"""The resources of the fleet: policies, backup storages, VMs and their volumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from cdptui.simulator.world.seeded_random import hash64, uniform

GIB = 1 << 30
TIB = 1 << 40

ZONE_UUID = "f3fa7671894a40f6a73f5bfc7d90c126"
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How long recovery points are kept."""

    uuid: str
    name: str
    retention_days: int
    hourly_since_day: int
    daily_since_day: int
    full_backup_days: int
    seconds: int
    """A recovery point every so many seconds."""
    created: float


@dataclass(slots=True, eq=False)
class Storage:
    """A backup server."""

    uuid: str
    name: str
    url: str
    total: int
    created: float
    is_edge: bool
    """Whether it is in a branch office with a bad connection, and often disconnected."""
    connected: bool = True
    changed: float = 0.0
    """Wall moment of the last change of its connection."""
    tasks: dict[str, None] = field(default_factory=dict)
    """Uuids of its tasks, in the order in which they came: sets of text have no order that a seed could keep."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk of a machine."""

    uuid: str
    name: str
    machine_uuid: str
    kind: str
    device_id: int
    size: int
    actual_size: int
    created: float


@dataclass(slots=True, eq=False)
class Machine:
    """A virtual machine, which may be switched off.

    Its volumes follow from its seed, so that a hundred thousand of them cost nothing.
    """

    uuid: str
    name: str
    seed: int
    state: str
    created: float

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """Root volume first."""
        count = 1 + hash64(self.seed, 100) % 3
        sizes = (40 * GIB, 100 * GIB, 200 * GIB, 500 * GIB, TIB)
        built = []
        for i in range(count):
            size = sizes[hash64(self.seed, 110 + i) % len(sizes)]
            built.append(
                Volume(
                    uuid=f"{hash64(self.seed, 120 + i):016x}{hash64(self.seed, 140 + i):016x}",
                    name=f"ROOT-for-{self.name}" if i == 0 else f"DATA-for-{self.name}-{i}",
                    machine_uuid=self.uuid,
                    kind="Root" if i == 0 else "Data",
                    device_id=i,
                    size=size,
                    actual_size=int(size * (0.1 + 0.8 * uniform(self.seed, 160 + i))),
                    created=self.created,
                )
            )
        return tuple(built)

    @property
    def host_uuid(self) -> str:
        """One of eight hosts."""
        return f"{hash64(8, self.seed % 8):016x}{hash64(80, self.seed % 8):016x}"

    @property
    def cluster_uuid(self) -> str:
        """The one cluster."""
        return f"{hash64(9, 1):016x}{hash64(9, 2):016x}"


def hex_uuid(rng: Random) -> str:
    """32 hexadecimal digits without dashes, from the seed."""
    return f"{rng.getrandbits(128):032x}"


def make_policies(rng: Random, start: float) -> list[Policy]:
    """Return the policies gold, silver and bronze, and one without tasks."""
    numbers = (
        ("gold", 7, 3, 7, 7, 3),
        ("silver", 3, 2, 14, 5, 60),
        ("bronze", 1, 1, 30, 10, 600),
        ("默认策略", 7, 3, 7, 1, 30),
    )
    created = start - 370 * _DAY_S
    return [Policy(hex_uuid(rng), *rest, created=created + 600 * i) for i, rest in enumerate(numbers)]


def make_storages(rng: Random, tasks: int, start: float) -> list[Storage]:
    """The edge storage first, then one big storage for every few hundred tasks, two at least."""
    created = start - 372 * _DAY_S
    edge = Storage(hex_uuid(rng), "edge-backup-wenzhou", "/zstack_bs", 8 * TIB, created, is_edge=True, changed=created)
    count = min(40, 2 + tasks // 250)
    return [
        edge,
        *(
            Storage(
                hex_uuid(rng),
                f"backup-server-{i + 1}",
                "/zstack_bs",
                8 * TIB,
                created + 300 * i,
                is_edge=False,
                changed=created,
            )
            for i in range(count)
        ),
    ]
