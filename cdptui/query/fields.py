"""The one registry of fields: how they are called, what they are compared with, and how they read in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import Struct

from cdptui.models.reasons import ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.query.units import Dimension


class QueryContext(Struct, frozen=True):
    """The moment, and what is known about other things than tasks."""

    now: datetime
    """Wall clock of the data: ages move with it, not with every second."""
    names: Mapping[str, str] = {}
    """Names of machines, storages and policies by uuid, as far as they are known."""
    changed_at: Mapping[str, datetime] = {}
    """When a notable change of a task was last seen, by uuid."""

    def age_s(self, then: datetime | None) -> float | None:
        """Seconds since a moment; one that lies ahead was just now."""
        return None if then is None else max(0.0, (self.now - then).total_seconds())


Texts = Callable[[TaskRow, QueryContext], tuple[str, ...]]
Number = Callable[[TaskRow, QueryContext], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that a field stands for; which one, the unit of the value decides."""

    dimension: Dimension
    label: str
    """In words: "used of plan" in "used of plan over 80%"."""
    read: Number
    """In the base unit of the dimension; None when nobody knows."""
    suffix: str = ""
    """What stands behind the value in words: " its target" in "RPO over 2 times its target"."""


@dataclass(frozen=True, slots=True)
class QueryField:
    """Something about a task that can be compared. It is a text, or numbers, or the severity."""

    name: str
    aliases: tuple[str, ...]
    help: str
    example: str
    label: str = ""
    """In words, for texts: "name" in "name contains erp"."""
    texts: Texts | None = None
    """Its texts; none when it is not known. Equal to one of them is equal."""
    words: tuple[str, ...] = ()
    """All that its texts can be; empty where nobody can know."""
    uuids: Callable[[TaskRow], tuple[str, ...]] | None = None
    """Uuids of things that have names, instead of `texts`."""
    measures: tuple[Measure, ...] = ()
    is_level: bool = False
    depends_on_time: bool = False
    """Whether it changes while the task does not."""

    @property
    def is_text(self) -> bool:
        """Whether it is compared with texts."""
        return self.texts is not None or self.uuids is not None

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What its values may be."""
        return tuple(measure.dimension for measure in self.measures)


def _one(read: Callable[[TaskRow], str | None]) -> Texts:
    def texts(row: TaskRow, _: QueryContext) -> tuple[str, ...]:
        text = read(row)
        return () if text is None else (text,)

    return texts


def vm_uuids(row: TaskRow) -> tuple[str, ...]:
    """Uuids of what a task protects."""
    return tuple([ref.resource_uuid for ref in row.task.resource_refs])


def _of(read: Callable[[TaskRow], float | None]) -> Number:
    return lambda row, _: read(row)


def _free(row: TaskRow) -> float | None:
    task = row.task
    return None if task.used_bytes is None or not task.plan_bytes else task.plan_bytes - task.used_bytes


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _changed_s(row: TaskRow, context: QueryContext) -> float | None:
    return context.age_s(context.changed_at.get(row.task.uuid, row.task.last_op_at))


_NO_REASON: Final = ("none",)


def _reasons(row: TaskRow, _: QueryContext) -> tuple[str, ...]:
    return tuple([reason.kind.value for reason in row.reasons]) if row.reasons else _NO_REASON


LEVELS: Final = {severity.name.lower(): severity for severity in Severity}

FIELDS: Final = (
    QueryField(
        "name", ("n",), "name of the task", 'name~erp   name="two words"', "name", _one(lambda row: row.task.name)
    ),
    QueryField("uuid", ("id",), "uuid of the task", "uuid~cfcb3c", "uuid", _one(lambda row: row.task.uuid)),
    QueryField(
        "status",
        ("st",),
        "what it does, in the server's word",
        "status!=Running",
        "status",
        _one(lambda row: row.task.status),
    ),
    QueryField("state", ("s",), "the switch", "state=Disabled", "state", _one(lambda row: row.task.state)),
    QueryField(
        "severity",
        ("sev", "health"),
        f"our verdict: {', '.join(LEVELS)}",
        "severity>=warning",
        "severity",
        is_level=True,
    ),
    QueryField(
        "reason",
        ("why",),
        "what is to be said of it, by kind; none where all is well",
        "reason=rpo   reason!=none",
        "reason",
        _reasons,
        words=(*(kind.value for kind in ReasonKind), *_NO_REASON),
    ),
    QueryField(
        "vm",
        ("machine",),
        "name or uuid of a machine that it protects",
        "vm~erp",
        "VM",
        uuids=vm_uuids,
    ),
    QueryField(
        "bs",
        ("b", "storage"),
        "name or uuid of its backup storage",
        "bs=backup-server-1",
        "backup storage",
        uuids=lambda row: (row.task.backup_storage_uuid,) if row.task.backup_storage_uuid else (),
    ),
    QueryField(
        "policy",
        ("pol",),
        "name or uuid of its policy",
        "policy~gold",
        "policy",
        uuids=lambda row: (row.task.policy_uuid,) if row.task.policy_uuid else (),
    ),
    QueryField("type", (), "what kind of task it is", "type=VM", "type", _one(lambda row: row.task.task_type)),
    QueryField(
        "text", ("desc",), "its description", "text~audit", "description", _one(lambda row: row.task.description)
    ),
    QueryField(
        "used",
        ("u", "use"),
        "used capacity; in percent: of the plan",
        "used>50GiB   used>80%",
        measures=(
            Measure(Dimension.SIZE, "used", _of(lambda row: row.task.used_bytes)),
            Measure(Dimension.SHARE, "used of plan", _of(lambda row: row.task.used_ratio)),
        ),
    ),
    QueryField(
        "plan",
        ("p",),
        "planned capacity; 0 means that none was set",
        "plan=0",
        measures=(Measure(Dimension.SIZE, "plan", _of(lambda row: row.task.plan_bytes)),),
    ),
    QueryField(
        "free",
        (),
        "what is left of the plan",
        "free<10GiB",
        measures=(Measure(Dimension.SIZE, "left of plan", _of(_free)),),
    ),
    QueryField(
        "rpo",
        ("r",),
        "recovery point offset as last measured; with x: times its target; in percent: of it",
        "rpo>2m07s   rpo>2x   rpo>80%",
        measures=(
            Measure(Dimension.TIME, "RPO", _of(lambda row: _seconds(row.task.rpo_ms))),
            Measure(Dimension.MULTIPLE, "RPO", _of(lambda row: row.task.rpo_ratio), " its target"),
            Measure(Dimension.SHARE, "RPO", _of(lambda row: row.task.rpo_ratio), " of its target"),
        ),
    ),
    QueryField(
        "target",
        (),
        "the RPO that is permitted",
        "target<=10m",
        measures=(Measure(Dimension.TIME, "RPO target", _of(lambda row: _seconds(row.task.rpo_target_ms))),),
    ),
    QueryField(
        "growth",
        ("g",),
        "new data over time",
        "growth>10GiB/h",
        measures=(Measure(Dimension.RATE, "growth", _of(lambda row: row.growth.bytes_per_s if row.growth else None)),),
    ),
    QueryField(
        "full",
        ("f",),
        "time until used reaches the plan; 0 when it has",
        "full<3d",
        measures=(Measure(Dimension.TIME, "time until full", _of(lambda row: row.full_in_s)),),
    ),
    QueryField(
        "age",
        ("a", "created"),
        "time since it was created",
        "age>1d",
        measures=(Measure(Dimension.TIME, "age", lambda row, context: context.age_s(row.task.created_at)),),
        depends_on_time=True,
    ),
    QueryField(
        "changed",
        ("c",),
        "time since status, state or settings were seen to change, else since the last operation",
        "changed<1h",
        measures=(Measure(Dimension.TIME, "time since a change", _changed_s),),
        depends_on_time=True,
    ),
    QueryField(
        "vms",
        ("machines",),
        "how many machines it protects",
        "vms=0",
        measures=(Measure(Dimension.COUNT, "number of VMs", _of(lambda row: len(row.task.resource_refs))),),
    ),
    QueryField(
        "limit",
        (),
        "bandwidth limit of each volume; 0 means none",
        "limit>50MiB/s",
        measures=(Measure(Dimension.RATE, "bandwidth limit", _of(lambda row: row.task.bandwidth_limit_bps)),),
    ),
)
"""In the order of the help page."""

BY_NAME: Final = {name: field for field in FIELDS for name in (field.name, *field.aliases)}


SYNTAX_EXAMPLES: Final = (
    ("erp", "a word in the name, the uuid, the status, or the name of a VM or of the storage"),
    ('"two words"', r"quoted: blanks and signs as they stand; \" is a quote"),
    ("~erpdb", "these letters in this order, with others between them"),
    (r"re:^cdp-\d+$", "a regular expression (RE2); letter case never counts"),
    ("!erp", "all others; the same as: not erp"),
    ("erp used>80%", "both; and, & and && are the same"),
    ("plan=0 or full<3d", "one of them at least; | and || are the same"),
    ("(erp or oa) !running", "brackets; and binds closer than or"),
    ("vm~erp", "contains; !~ does not, = is, != is not; letter case does not count"),
    ("used>=1.5 TiB", "> >= < <= = !=, with units: B KiB MiB GiB TiB PiB (K, KB … are the same)"),
    ("changed<1h30m", "times: ms s min (or m) h d w y, the larger ones first"),
    ("rpo=?", "unknown; what is unknown compares with nothing else, not even with !="),
)
"""Examples, and what they mean. Every one of them can be read."""
