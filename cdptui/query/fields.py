"""The one registry of fields: how they are called, what they are compared with, and how they read in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cdptui.models.reasons import ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.query.context import Context
from cdptui.query.units import Dimension

Texts = Callable[[TaskRow, Context], tuple[str, ...]]
Number = Callable[[TaskRow, Context], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that a field stands for; which one, the unit of the value decides."""

    dimension: Dimension
    noun: str
    """In words: "used of plan" in "used of plan over 80%"."""
    read: Number
    """In the base unit of the dimension; None when nobody knows."""
    of: str = ""
    """What stands behind the value in words: " its target" in "RPO over 2 times its target"."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something about a task that can be compared. It is a text, or numbers, or the severity."""

    name: str
    aliases: tuple[str, ...]
    help: str
    example: str
    noun: str = ""
    """In words, for texts: "name" in "name contains erp"."""
    texts: Texts | None = None
    """Its texts; none when it is not known. Equal to one of them is equal."""
    words: tuple[str, ...] = ()
    """All that its texts can be; empty where nobody can know."""
    uuids: Callable[[TaskRow], tuple[str, ...]] | None = None
    """Uuids of things that have names, instead of `texts`."""
    measures: tuple[Measure, ...] = ()
    is_level: bool = False
    is_timed: bool = False
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
    def texts(row: TaskRow, _: Context) -> tuple[str, ...]:
        text = read(row)
        return () if text is None else (text,)

    return texts


def machines(row: TaskRow) -> tuple[str, ...]:
    """Uuids of what a task protects."""
    return tuple([ref.resource_uuid for ref in row.task.resource_refs])


def _of(read: Callable[[TaskRow], float | None]) -> Number:
    return lambda row, _: read(row)


def _free(row: TaskRow) -> float | None:
    task = row.task
    return None if task.used_bytes is None or not task.plan_bytes else task.plan_bytes - task.used_bytes


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _changed_s(row: TaskRow, context: Context) -> float | None:
    return context.age_s(context.changed_at.get(row.task.uuid, row.task.last_op_at))


_NO_REASON: Final = ("none",)


def _reasons(row: TaskRow, _: Context) -> tuple[str, ...]:
    return tuple([reason.kind.value for reason in row.reasons]) if row.reasons else _NO_REASON


LEVELS: Final = {severity.name.lower(): severity for severity in Severity}

FIELDS: Final = (
    Field("name", ("n",), "name of the task", 'name~erp   name="two words"', "name", _one(lambda row: row.task.name)),
    Field("uuid", ("id",), "uuid of the task", "uuid~cfcb3c", "uuid", _one(lambda row: row.task.uuid)),
    Field(
        "status",
        ("st",),
        "what it does, in the server's word",
        "status!=Running",
        "status",
        _one(lambda row: row.task.status),
    ),
    Field("state", ("s",), "the switch", "state=Disabled", "state", _one(lambda row: row.task.state)),
    Field(
        "severity",
        ("sev", "health"),
        f"our verdict: {', '.join(LEVELS)}",
        "severity>=warning",
        "severity",
        is_level=True,
    ),
    Field(
        "reason",
        ("why",),
        "what is to be said of it, by kind; none where all is well",
        "reason=rpo   reason!=none",
        "reason",
        _reasons,
        words=(*(kind.value for kind in ReasonKind), *_NO_REASON),
    ),
    Field(
        "vm",
        ("machine",),
        "name or uuid of a machine that it protects",
        "vm~erp",
        "VM",
        uuids=machines,
    ),
    Field(
        "bs",
        ("b", "storage"),
        "name or uuid of its backup storage",
        "bs=backup-server-1",
        "backup storage",
        uuids=lambda row: (row.task.backup_storage_uuid,) if row.task.backup_storage_uuid else (),
    ),
    Field(
        "policy",
        ("pol",),
        "name or uuid of its policy",
        "policy~gold",
        "policy",
        uuids=lambda row: (row.task.policy_uuid,) if row.task.policy_uuid else (),
    ),
    Field("type", (), "what kind of task it is", "type=VM", "type", _one(lambda row: row.task.task_type)),
    Field("text", ("desc",), "its description", "text~audit", "description", _one(lambda row: row.task.description)),
    Field(
        "used",
        ("u", "use"),
        "used capacity; in percent: of the plan",
        "used>50GiB   used>80%",
        measures=(
            Measure(Dimension.SIZE, "used", _of(lambda row: row.task.used_bytes)),
            Measure(Dimension.SHARE, "used of plan", _of(lambda row: row.task.used_ratio)),
        ),
    ),
    Field(
        "plan",
        ("p",),
        "planned capacity; 0 means that none was set",
        "plan=0",
        measures=(Measure(Dimension.SIZE, "plan", _of(lambda row: row.task.plan_bytes)),),
    ),
    Field(
        "free",
        (),
        "what is left of the plan",
        "free<10GiB",
        measures=(Measure(Dimension.SIZE, "left of plan", _of(_free)),),
    ),
    Field(
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
    Field(
        "target",
        (),
        "the RPO that is permitted",
        "target<=10m",
        measures=(Measure(Dimension.TIME, "RPO target", _of(lambda row: _seconds(row.task.rpo_target_ms))),),
    ),
    Field(
        "growth",
        ("g",),
        "new data over time",
        "growth>10GiB/h",
        measures=(Measure(Dimension.RATE, "growth", _of(lambda row: row.growth.bytes_per_s if row.growth else None)),),
    ),
    Field(
        "full",
        ("f",),
        "time until used reaches the plan; 0 when it has",
        "full<3d",
        measures=(Measure(Dimension.TIME, "time until full", _of(lambda row: row.full_in_s)),),
    ),
    Field(
        "age",
        ("a", "created"),
        "time since it was created",
        "age>1d",
        measures=(Measure(Dimension.TIME, "age", lambda row, context: context.age_s(row.task.created_at)),),
        is_timed=True,
    ),
    Field(
        "changed",
        ("c",),
        "time since status, state or settings were seen to change, else since the last operation",
        "changed<1h",
        measures=(Measure(Dimension.TIME, "time since a change", _changed_s),),
        is_timed=True,
    ),
    Field(
        "vms",
        ("machines",),
        "how many machines it protects",
        "vms=0",
        measures=(Measure(Dimension.COUNT, "number of VMs", _of(lambda row: len(row.task.resource_refs))),),
    ),
    Field(
        "limit",
        (),
        "bandwidth limit of each volume; 0 means none",
        "limit>50MiB/s",
        measures=(Measure(Dimension.RATE, "bandwidth limit", _of(lambda row: row.task.bandwidth_limit_bps)),),
    ),
)
"""In the order of the help page."""

BY_NAME: Final = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
