"""The resources of the fleet: policies, backup storages, VMs and their volumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from cdptui.simulator.world.seeded_random import hash64, uniform

GIB = 1 << 30
TIB = 1 << 40

ZONE_UUID = "f3fa7671894a40f6a73f5bfc7d90c126"
CLUSTER_UUID = f"{hash64(9, 1):016x}{hash64(9, 2):016x}"
HOSTS = 8
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """A CDP policy: interval and retention of recovery points."""

    uuid: str
    name: str
    retention_days: int
    hourly_since_day: int
    daily_since_day: int
    full_backup_days: int
    seconds: int
    """Interval of recovery points."""
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
    """Wall-clock time of the last change of its connection."""
    host_name: str = "10.0.0.100"
    tasks: dict[str, None] = field(default_factory=dict)
    """UUIDs of its tasks in the order of creation. Not a set: the order of a set of strings is not reproducible."""


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


@dataclass(frozen=True, slots=True)
class Host:
    """A hypervisor host."""

    uuid: str
    name: str
    address: str
    created: float


@dataclass(slots=True, eq=False)
class Machine:
    """A virtual machine, which may be switched off.

    Its volumes are computed from its seed, so that 100,000 VMs need no memory for them.
    """

    uuid: str
    name: str
    seed: int
    state: str
    created: float
    kind: str = "UserVm"

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """Its volumes, root volume first."""
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
        """UUID of its host."""
        return host_uuid(self.seed % HOSTS)


def host_uuid(index: int) -> str:
    """Return the UUID of one of the hosts."""
    return f"{hash64(8, index):016x}{hash64(80, index):016x}"


def hex_uuid(rng: Random) -> str:
    """Return 32 hexadecimal digits without dashes."""
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
    """Return the edge storage and at least two large storages, one more for every 250 tasks, up to 40."""
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
                host_name=f"10.0.0.{101 + i}",
            )
            for i in range(count)
        ),
    ]


def make_hosts(start: float) -> list[Host]:
    """Return the hosts of the cluster."""
    created = start - 380 * _DAY_S
    return [Host(host_uuid(i), f"kvm-host-{i + 1}", f"10.0.0.{11 + i}", created + 60 * i) for i in range(HOSTS)]


_UNPROTECTED = ("jump-host", "build-agent", "sandbox", "licence-server", "template-test", "old-wiki")


def make_unprotected_machines(seed: int, tasks: int, start: float) -> list[Machine]:
    """Return VMs without a task: user VMs, the last of them destroyed, and a virtual router, which cannot have one.

    They have a random sequence of their own, so that the fleet of a seed does not depend on them.
    """
    if not tasks:
        return []
    rng = Random(f"unprotected {seed}")  # noqa: S311 - simulated data, not a secret
    count = 3 + tasks // 30
    states = ["Running"] * (count - 2) + ["Stopped", "Destroyed"]
    created = start - 200 * _DAY_S
    machines = [
        Machine(
            hex_uuid(rng), f"{_UNPROTECTED[i % len(_UNPROTECTED)]}-{i + 1:02d}", rng.getrandbits(62), state, created
        )
        for i, state in enumerate(states)
    ]
    router = Machine(hex_uuid(rng), "virtual-router", rng.getrandbits(62), "Running", created, kind="ApplianceVm")
    return [*machines, router]
