"""The Why tab: every problem with its evidence and the next step, then the checks that found none."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, Final

from msgspec import Struct

from cdptui.models.inventory import FetchState
from cdptui.models.reasons import STOP_CAUSES, ReasonKind
from cdptui.models.severity import is_rpo_measured
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.reason_messages import LEVELS, describe_reason
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SEVERITY_TEXT
from cdptui.render.tabs.blocks import BLANK, heading, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import DOUBT_TEXT, full_in_text

_STATUS_KINDS: Final = frozenset(
    {
        ReasonKind.FAILED,
        ReasonKind.UNKNOWN,
        *STOP_CAUSES,
        ReasonKind.STARTING,
        ReasonKind.ACTIVE_WHILE_DISABLED,
        ReasonKind.UNKNOWN_STATUS,
        ReasonKind.LONG_DISABLED,
    }
)
_PLAN_KINDS: Final = frozenset(
    {ReasonKind.FULL, ReasonKind.FULL_SOON, ReasonKind.NEAR_FULL, ReasonKind.STOPPED_PLAN_FULL}
)
_RPO_KINDS: Final = frozenset({ReasonKind.RPO, ReasonKind.NEAR_RPO, ReasonKind.STOPPED_RPO})
_STORAGE_KINDS: Final = frozenset(
    {
        ReasonKind.STORAGE,
        ReasonKind.STOPPED_STORAGE_FULL,
        ReasonKind.STOPPED_STORAGE_GONE,
        ReasonKind.STOPPED_STORAGE_OFFLINE,
    }
)


class _Check(Struct, frozen=True):
    kinds: Set[ReasonKind]
    """The problems that this check can find; it is not shown when one of them was found."""
    is_known: bool
    text: str


def _passed(kinds: Set[ReasonKind], text: str) -> _Check:
    return _Check(kinds, is_known=True, text=text)


def _unknown(kinds: Set[ReasonKind], text: str) -> _Check:
    return _Check(kinds, is_known=False, text=text)


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines."""
    verdict = Span(SEVERITY_TEXT[row.severity], ROLES[row.severity])
    return [
        title_line(row),
        (verdict,),
        *spacer(height),
        *_reasons(row, context, width),
        *_checks(row, context, width),
    ]


def _reasons(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    if not row.reasons:
        return [(Span("✔ No problems found", Role.OK),), BLANK]
    lines: list[Line] = []
    for reason in row.reasons:
        text = describe_reason(reason, row, context.reason_context)
        role = ROLES[reason.severity]
        lines += [(Span("▌ ", role), *line) for line in wrap(text.sentence, width - 2, Role.STRONG)]
        level = LEVELS[reason.severity]
        lines.append((Span("▌ ", role), Span(f"{level}, {text.since}" if text.since else level, role)))
        for index, line in enumerate(wrap(text.next_step, width - 4)):
            lines.append((Span("▌ ", role), Span("→ " if index == 0 else "  ", Role.ACCENT), *line))
        lines.append(BLANK)
    return lines


def _checks(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    problems = {reason.kind for reason in row.reasons}
    lines: list[Line] = [heading("Also checked" if problems else "Checked", width)]
    for check in _all_checks(row, context):
        if not check.kinds & problems:
            glyph = Span("✔ ", Role.OK) if check.is_known else Span("? ", Role.DIM)
            lines += [
                (glyph if index == 0 else Span("  "), *line)
                for index, line in enumerate(wrap(check.text, width - 2, Role.TEXT if check.is_known else Role.DIM))
            ]
    return lines


def _all_checks(row: TaskRow, context: DetailContext) -> Iterator[_Check]:
    task = row.task
    state = "disabled" if task.state == "Disabled" else "enabled"
    yield _passed(_STATUS_KINDS, f"Status {task.status}, {state}")
    yield _rpo(row)
    yield _plan(row)
    yield _growth(row)
    refs = len(task.resource_refs)
    yield _passed({ReasonKind.NO_VM}, "1 VM attached" if refs == 1 else f"{refs} resources attached")
    yield from _vm(context)
    yield _passed({ReasonKind.TWO_TASKS}, "No other task protects the same VM")
    yield _storage(row, context)
    yield _policy(row, context)
    if task.last_op_at is None:
        yield _unknown({ReasonKind.CLOCK_SKEW}, "Time of the last operation not known")
    else:
        ago = formatting.ago(task.last_op_at, context.now)
        yield _passed({ReasonKind.CLOCK_SKEW}, f"Last operation {ago}; clocks agree")
    yield _passed({ReasonKind.UNREADABLE}, "All fields readable")


def _rpo(row: TaskRow) -> _Check:
    task = row.task
    if task.rpo_ms is None:
        return _unknown(_RPO_KINDS, "RPO not measured")
    rpo, target = formatting.latency(task.rpo_ms), formatting.latency(task.rpo_target_ms)
    if task.rpo_ratio is None:
        return _unknown(_RPO_KINDS, f"RPO {rpo}, no target set")
    if task.state == "Disabled":
        return _unknown(_RPO_KINDS, f"RPO {rpo} (target {target}); not checked while the task is disabled")
    if not is_rpo_measured(task):
        return _unknown(_RPO_KINDS, f"RPO {rpo} as last measured (target {target}); the task is not protecting")
    return _passed(_RPO_KINDS, f"RPO {rpo} (target {target})")


def _plan(row: TaskRow) -> _Check:
    task = row.task
    if task.used_ratio is None:
        is_none = task.plan_bytes == 0
        return _unknown(_PLAN_KINDS, "No plan set, so it cannot fill up" if is_none else "Plan not known")
    used, plan = formatting.percent(task.used_ratio), formatting.size(task.plan_bytes)
    if row.seconds_until_full is None:
        return _passed(_PLAN_KINDS, f"{used} of the {plan} plan is used")
    doubt = row.full_in_doubt
    if doubt is not None:
        text = f"{used} of the {plan} plan is used, full in {full_in_text(row)}; not reliable: {DOUBT_TEXT[doubt]}"
        return _unknown(_PLAN_KINDS, text)
    full_in = formatting.duration(row.seconds_until_full)
    return _passed(_PLAN_KINDS, f"{used} of the {plan} plan is used, full in {full_in}")


def _growth(row: TaskRow) -> _Check:
    rate = row.growth
    if rate is None:
        return _unknown({ReasonKind.STALLED}, "Growth not known yet: two changes of used capacity are needed")
    growth, span = formatting.rate(rate.bytes_per_s).removeprefix("+"), formatting.duration(rate.span_s)
    return _passed({ReasonKind.STALLED}, f"Growing {growth} (measured over {span})")


def _vm(context: DetailContext) -> Iterator[_Check]:
    """Yield the state of the VM; one that is off explains a used capacity that does not change."""
    vm = context.machine.value
    if vm is not None and vm.state is not None:
        name = vm.name or vm.uuid
        if vm.state == "Running":
            yield _passed(frozenset(), f"VM {name} is Running")
        else:
            yield _passed(frozenset(), f"VM {name} is {vm.state}: it writes nothing, so used capacity may not change")
    elif context.machine.failure is not None:
        yield _unknown(frozenset(), _with_cause("State of the VM not known", context.machine))


def _storage(row: TaskRow, context: DetailContext) -> _Check:
    uuid, part = row.task.backup_storage_uuid or "", context.storages
    storage = (part.value or {}).get(uuid)
    name = context.reason_context.name(uuid)
    if storage is None or storage.status is None:
        return _unknown(_STORAGE_KINDS, _with_cause(f"Connection of backup storage {name} not known", part))
    return _passed(_STORAGE_KINDS, f"Backup storage {name} is {storage.status}")


def _policy(row: TaskRow, context: DetailContext) -> _Check:
    uuid = row.task.policy_uuid or ""
    name = context.reason_context.name(uuid)
    if uuid not in (context.policies.value or {}):
        return _unknown({ReasonKind.POLICY}, _with_cause(f"Policy {name} not checked", context.policies))
    return _passed({ReasonKind.POLICY}, f"Policy {name} found")


def _with_cause(text: str, part: FetchState[Any]) -> str:
    """Return `text` with the reason why `part` has no answer, as far as that is known."""
    if part.failure is not None:
        return f"{text}: {part.failure.kind.value}"
    return f"{text}: the server's list is incomplete" if part.is_partial else text
