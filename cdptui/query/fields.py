"""The fields of the filter language: names, values and descriptions; and the examples of its syntax for help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from cdptui.models.reasons import EXPLAINED, STOP_CAUSES, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.query.units import Dimension


class QueryContext(Struct, frozen=True):
    """What a filter needs besides the rows: the time, resource names and times of changes."""

    now: datetime
    """Time of the data; ages change with each poll, not every second."""
    names: Mapping[str, str] = {}
    """Known names of VMs, storages and policies, by UUID."""
    changed_at: Mapping[str, datetime] = {}
    """Time of the last observed significant change, by task UUID."""
    is_rough_known: bool = False
    """Whether estimates that are not trusted are compared too, to count what a filter leaves out."""

    def age_s(self, then: datetime | None) -> float | None:
        """Return the seconds since `then`, 0 for a time in the future."""
        return None if then is None else max(0.0, (self.now - then).total_seconds())


R = TypeVar("R")
"""What a filter selects: rows of tasks, or events."""

Texts = Callable[[R, QueryContext], tuple[str, ...]]
Number = Callable[[R, QueryContext], float | None]


@dataclass(frozen=True, slots=True)
class Measure(Generic[R]):
    """One of the numbers of a field; the unit of the compared value selects it."""

    dimension: Dimension
    label: str
    """Name in explanations: "used" in "used over 80% of plan"."""
    read: Number[R]
    """Returns the number in the base unit of the dimension; None when unknown."""
    suffix: str = ""
    """Text behind the value in explanations: " its target" in "RPO over 2 times its target"."""


@dataclass(frozen=True, slots=True)
class QueryField(Generic[R]):
    """A field of a task or an event that a filter can compare: text, numbers, or the severity."""

    name: str
    aliases: tuple[str, ...]
    help: str
    example: str
    label: str = ""
    """Name of a text field in explanations: "name" in "name contains erp"."""
    texts: Texts[R] | None = None
    """Returns its texts, none when unknown. A value equals the field if it equals any of them."""
    allowed: tuple[str, ...] = ()
    """All possible texts; empty when the set is open."""
    uuids: Callable[[R], tuple[str, ...]] | None = None
    """Returns UUIDs of resources that are compared by name or UUID, instead of `texts`."""
    measures: tuple[Measure[R], ...] = ()
    level: Callable[[R], Severity] | None = None
    depends_on_time: bool = False
    """Whether the value changes while the task does not."""

    @property
    def is_level(self) -> bool:
        """Whether values are severities."""
        return self.level is not None

    @property
    def is_text(self) -> bool:
        """Whether values are compared as text."""
        return self.texts is not None or self.uuids is not None

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions of its numbers."""
        return tuple(measure.dimension for measure in self.measures)


Vocabulary = Mapping[str, QueryField[R]]
"""Fields by their names and aliases."""

AnyVocabulary = Mapping[str, QueryField[Any]]
"""What the parser needs, which reads no rows."""


def by_name(fields: Iterable[QueryField[R]]) -> Vocabulary[R]:
    """Return fields by their names and aliases."""
    return {name: field for field in fields for name in (field.name, *field.aliases)}


def single_text(read: Callable[[R], str | None]) -> Texts[R]:
    """Return the reader of a field that has one text, or None."""

    def texts(row: R, _: QueryContext) -> tuple[str, ...]:
        text = read(row)
        return () if text is None else (text,)

    return texts


def vm_uuids(row: TaskRow) -> tuple[str, ...]:
    """Return the UUIDs of the resources that a task protects."""
    return tuple([ref.resource_uuid for ref in row.task.resource_refs])


def _task_number(read: Callable[[TaskRow], float | None]) -> Number[TaskRow]:
    return lambda row, _: read(row)


def _free(row: TaskRow) -> float | None:
    task = row.task
    return None if task.used_bytes is None or not task.plan_bytes else task.plan_bytes - task.used_bytes


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _full_in_s(row: TaskRow, context: QueryContext) -> float | None:
    return row.seconds_until_full if context.is_rough_known else row.trusted_full_in_s


def _changed_s(row: TaskRow, context: QueryContext) -> float | None:
    return context.age_s(context.changed_at.get(row.task.uuid, row.task.last_op_at))


_NO_REASON: Final = ("none",)


def _reasons(row: TaskRow, _: QueryContext) -> tuple[str, ...]:
    """Return the words of all problems; a stop with a cause is a stop and, if it is certain, that problem as well."""
    if not row.reasons:
        return _NO_REASON
    words = [reason.kind.value for reason in row.reasons]
    for reason in row.reasons:
        if reason.kind in STOP_CAUSES:
            words.append(ReasonKind.STOPPED.value)
            if reason.kind in EXPLAINED and not reason.is_likely:
                words.append(EXPLAINED[reason.kind].value)
    return tuple(words)


LEVELS: Final = {severity.name.lower(): severity for severity in Severity}

FIELDS: Final[tuple[QueryField[TaskRow], ...]] = (
    QueryField(
        "name", ("n",), "Task name", 'name~erp   name="two words"', "name", single_text(lambda row: row.task.name)
    ),
    QueryField("uuid", ("id",), "Task UUID", "uuid~cfcb3c", "uuid", single_text(lambda row: row.task.uuid)),
    QueryField(
        "status",
        ("st",),
        "Task status as reported by the server",
        "status!=Running",
        "status",
        single_text(lambda row: row.task.status),
    ),
    QueryField(
        "state", ("s",), "Enabled or Disabled", "state=Disabled", "state", single_text(lambda row: row.task.state)
    ),
    QueryField(
        "severity",
        ("sev", "health"),
        f"Severity: {', '.join(LEVELS)}",
        "severity>=warning",
        "severity",
        level=lambda row: row.severity,
    ),
    QueryField(
        "reason",
        ("why", "problem"),
        "Problem type; none for tasks without problems",
        "reason=rpo   reason!=none",
        "reason",
        _reasons,
        allowed=(*(kind.value for kind in ReasonKind), *_NO_REASON),
    ),
    QueryField(
        "vm",
        ("machine",),
        "Name or UUID of a protected VM",
        "vm~erp",
        "VM",
        uuids=vm_uuids,
    ),
    QueryField(
        "bs",
        ("b", "storage"),
        "Name or UUID of the backup storage",
        "bs=backup-server-1",
        "backup storage",
        uuids=lambda row: (row.task.backup_storage_uuid,) if row.task.backup_storage_uuid else (),
    ),
    QueryField(
        "policy",
        ("pol",),
        "Name or UUID of the policy",
        "policy~gold",
        "policy",
        uuids=lambda row: (row.task.policy_uuid,) if row.task.policy_uuid else (),
    ),
    QueryField("type", (), "Task type", "type=VM", "type", single_text(lambda row: row.task.task_type)),
    QueryField(
        "text", ("desc",), "Description", "text~audit", "description", single_text(lambda row: row.task.description)
    ),
    QueryField(
        "used",
        ("u", "use"),
        "Used capacity; with %: share of the plan",
        "used>50GiB   used>80%",
        measures=(
            Measure(Dimension.SIZE, "used", _task_number(lambda row: row.task.used_bytes)),
            Measure(Dimension.SHARE, "used", _task_number(lambda row: row.task.used_ratio), " of plan"),
        ),
    ),
    QueryField(
        "plan",
        ("p",),
        "Planned capacity; 0 means not set",
        "plan=0",
        measures=(Measure(Dimension.SIZE, "plan", _task_number(lambda row: row.task.plan_bytes)),),
    ),
    QueryField(
        "free",
        (),
        "Unused capacity of the plan",
        "free<10GiB",
        measures=(Measure(Dimension.SIZE, "unused capacity", _task_number(_free)),),
    ),
    QueryField(
        "rpo",
        ("r",),
        "Last measured RPO; with x: multiple of the target; with %: share of the target",
        "rpo>2m07s   rpo>2x   rpo>80%",
        measures=(
            Measure(Dimension.TIME, "RPO", _task_number(lambda row: _seconds(row.task.rpo_ms))),
            Measure(Dimension.MULTIPLE, "RPO", _task_number(lambda row: row.task.rpo_ratio), " its target"),
            Measure(Dimension.SHARE, "RPO", _task_number(lambda row: row.task.rpo_ratio), " of its target"),
        ),
    ),
    QueryField(
        "target",
        (),
        "RPO target",
        "target<=10m",
        measures=(Measure(Dimension.TIME, "RPO target", _task_number(lambda row: _seconds(row.task.rpo_target_ms))),),
    ),
    QueryField(
        "growth",
        ("g",),
        "Growth rate of the used capacity",
        "growth>10GiB/h",
        measures=(
            Measure(Dimension.RATE, "growth", _task_number(lambda row: row.growth.bytes_per_s if row.growth else None)),
        ),
    ),
    QueryField(
        "full",
        ("f",),
        "Time until the plan is full; 0 when it is full; rough estimates, marked ~, are not compared",
        "full<3d",
        measures=(Measure(Dimension.TIME, "time until full", _full_in_s),),
    ),
    QueryField(
        "age",
        ("a", "created"),
        "Time since creation",
        "age>1d",
        measures=(Measure(Dimension.TIME, "age", lambda row, context: context.age_s(row.task.created_at)),),
        depends_on_time=True,
    ),
    QueryField(
        "changed",
        ("c",),
        "Time since status, state or settings changed, else since the last operation",
        "changed<1h",
        measures=(Measure(Dimension.TIME, "time since a change", _changed_s),),
        depends_on_time=True,
    ),
    QueryField(
        "vms",
        ("machines",),
        "Number of protected VMs",
        "vms=0",
        measures=(Measure(Dimension.COUNT, "number of VMs", _task_number(lambda row: len(row.task.resource_refs))),),
    ),
    QueryField(
        "limit",
        (),
        "Bandwidth limit per volume; 0 means none",
        "limit>50MiB/s",
        measures=(Measure(Dimension.RATE, "bandwidth limit", _task_number(lambda row: row.task.bandwidth_limit_bps)),),
    ),
)
"""All fields, in the order of the help screen."""

BY_NAME: Final = by_name(FIELDS)


SYNTAX_EXAMPLES: Final = (
    ("erp", "Text in the name, UUID, status or problem of the task, or in the name of a VM or the storage"),
    ('"two words"', r"Quoted text, with blanks and symbols; \" is a quote"),
    ("~erpdb", "These letters in this order, with any letters between them"),
    (r"re:^cdp-\d+$", "Regular expression (RE2); case is ignored"),
    ("!erp", "All other tasks; same as: not erp"),
    ("erp used>80%", "Both conditions; and, & and && are the same"),
    ("plan=0 or full<3d", "At least one condition; | and || are the same"),
    ("(erp or oa) !running", "Brackets; and binds more tightly than or"),
    ("vm~erp", "~ contains, !~ does not contain, = equals, != differs; case is ignored"),
    ("used>=1.5 TiB", "> >= < <= = != with units: B KiB MiB GiB TiB PiB (K, KB … are the same)"),
    ("changed<1h30m", "Times: ms s min (or m) h d w y, largest unit first"),
    ("rpo=?", "Unknown; all other comparisons with an unknown value are false, even !="),
)
"""Examples of the syntax with their meaning. All of them are valid filters."""
