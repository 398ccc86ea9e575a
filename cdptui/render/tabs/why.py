"""The Why tab: every problem with its evidence and the next step, then the checks that found none."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, Final

from msgspec import Struct

from cdptui.models.inventory import FetchState
from cdptui.models.reasons import STOP_CAUSES, ReasonKind
from cdptui.models.severity import is_recording, is_rpo_measured
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.growth_text import freed_text, full_in_range_text, rate_evidence
from cdptui.render.reason_messages import LEVELS, describe_reason
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SEVERITY_TEXT, during_status
from cdptui.render.tabs.blocks import BLANK, arrow_lines, has_value, heading, marked_lines, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import DOUBT_TEXT, full_in_text, is_zero

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


_NOT_WRITING: Final = frozenset({"Stopped", "Paused", "Destroyed", "Crashed"})


class _Check(Struct, frozen=True):
    kinds: Set[ReasonKind]
    """The problems that this check can find; it is not shown when one of them was found."""
    mark: Span
    text: str


def _passed(kinds: Set[ReasonKind], text: str) -> _Check:
    """Return a check that was made, and found nothing."""
    return _Check(kinds, Span("✔ ", Role.OK), text)


def _unknown(kinds: Set[ReasonKind], text: str) -> _Check:
    """Return a check that could not be made."""
    return _Check(kinds, Span("? ", Role.DIM), text)


def _fact(kinds: Set[ReasonKind], text: str) -> _Check:
    """Return a fact that is no problem of the task, but no good sign either."""
    return _Check(kinds, Span("· ", Role.TEXT), text)


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
        step = [*arrow_lines(text.next_step, width - 2), *wrap(text.checked, width - 2, Role.DIM)]
        lines += [(Span("▌ ", role), *line) for line in step]
        lines.append(BLANK)
    return lines


def _checks(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    problems = {reason.kind for reason in row.reasons}
    lines: list[Line] = [heading("Also checked" if problems else "Checked", width)]
    for check in _all_checks(row, context):
        if not check.kinds & problems:
            role = Role.DIM if check.mark.role is Role.DIM else Role.TEXT
            lines += marked_lines(check.mark, check.text, width, role)
    return lines


def _all_checks(row: TaskRow, context: DetailContext) -> Iterator[_Check]:
    task = row.task
    state = "disabled" if task.state == "Disabled" else "enabled"
    yield _passed(_STATUS_KINDS, f"Status {task.status}, {state}")
    yield _rpo(row)
    yield _plan(row)
    yield from _growth(row, context)
    yield from _resources(row, context)
    yield _storage(row, context)
    yield _policy(row, context)
    if task.last_op_at is None:
        yield _unknown({ReasonKind.CLOCK_SKEW}, "Time of the last operation not known")
    else:
        ago = formatting.ago(task.last_op_at, context.now)
        yield _passed({ReasonKind.CLOCK_SKEW}, f"Last operation {ago}")
    yield _passed({ReasonKind.UNREADABLE}, "All fields readable")


def _rpo(row: TaskRow) -> _Check:
    task = row.task
    if task.rpo_ms is None:
        return _unknown(_RPO_KINDS, "RPO not measured")
    if not task.rpo_ms and not is_rpo_measured(task):
        return _unknown(_RPO_KINDS, f"RPO not measured {during_status(task)}")
    rpo, target = formatting.latency(task.rpo_ms), formatting.latency(task.rpo_target_ms)
    if task.rpo_ratio is None:
        return _unknown(_RPO_KINDS, f"RPO {rpo}, no target set")
    if task.state == "Disabled":
        return _unknown(_RPO_KINDS, f"RPO {rpo} (target {target}); not checked while the task is disabled")
    if not is_rpo_measured(task):
        return _unknown(_RPO_KINDS, f"RPO not measured {during_status(task)}: last {rpo} (target {target})")
    return _passed(_RPO_KINDS, f"RPO {rpo} (target {target})")


def _plan(row: TaskRow) -> _Check:
    task = row.task
    if task.used_ratio is None:
        if task.plan_bytes == 0:
            return _fact(_PLAN_KINDS, "No plan set, so it cannot fill up")
        return _unknown(_PLAN_KINDS, "Plan not known" if task.plan_bytes is None else "Used capacity not known")
    used, plan = formatting.percent(task.used_ratio), formatting.size(task.plan_bytes)
    if task.state == "Disabled":
        text = f"{used} of the {plan} plan is used; not checked while the task is disabled"
        return _unknown(_PLAN_KINDS, text)
    if row.seconds_until_full is None:
        return _passed(_PLAN_KINDS, f"{used} of the {plan} plan is used")
    doubt = row.full_in_doubt
    if doubt is not None:
        text = f"{used} of the {plan} plan is used, full in {full_in_text(row)}; not reliable: {DOUBT_TEXT[doubt]}"
        return _unknown(_PLAN_KINDS, text)
    full_in = formatting.duration(row.seconds_until_full) + full_in_range_text(row)
    return _passed(_PLAN_KINDS, f"{used} of the {plan} plan is used, full in {full_in}")


def _growth(row: TaskRow, context: DetailContext) -> Iterator[_Check]:
    """Yield the growth with its evidence, and what was freed."""
    rate, task, kinds = row.growth, row.task, {ReasonKind.STALLED}
    if task.state == "Disabled" or not is_recording(task):
        yield _unknown(kinds, f"Growth not checked {during_status(task)}")
    elif rate is None:
        yield _unknown(kinds, "Growth not known yet: two changes of used capacity are needed")
    else:
        evidence = rate_evidence(rate, context.now, context.zone)
        if is_zero(rate):
            yield _fact(kinds, f"Not growing{evidence}")
        else:
            yield _passed(kinds, f"Growing {formatting.rate(rate.bytes_per_s).removeprefix('+')}{evidence}")
        freed = freed_text(rate, context.now, context.zone)
        if freed:
            yield _fact(frozenset(), freed)


def _resources(row: TaskRow, context: DetailContext) -> Iterator[_Check]:
    """Yield what is known of the resources; there is nothing to check without any."""
    refs = len(row.task.resource_refs)
    if not refs:
        if "resourceRefs" in row.task.unreadable_fields:
            yield _unknown(frozenset(), "Attached VM not known: the field is unreadable")
        return
    yield _passed(frozenset(), "1 VM attached" if refs == 1 else f"{refs} resources attached")
    yield from _vm(context)
    yield _passed({ReasonKind.TWO_TASKS}, "No other task protects the same VM")


def _vm(context: DetailContext) -> Iterator[_Check]:
    """Yield the state of the VM; one that is off explains a used capacity that does not change."""
    part, vm = context.machine, context.machine.value
    if vm is not None and vm.state is not None:
        name = vm.name or vm.uuid
        if vm.state == "Running":
            yield _passed(frozenset(), f"VM {name} is Running")
        elif vm.state in _NOT_WRITING:
            yield _fact(frozenset(), f"VM {name} is {vm.state}: it writes nothing, so used capacity may not change")
        else:
            yield _fact(frozenset(), f"State of VM {name} is {vm.state}")
    elif part.failure is not None or not part.is_recorded:
        yield _unknown(frozenset(), _with_cause("State of the VM not known", part))
    elif has_value(part):
        yield _unknown(frozenset(), "State of the VM not known: not visible to this account")


def _storage(row: TaskRow, context: DetailContext) -> _Check:
    uuid, part = row.task.backup_storage_uuid or "", context.storages
    if not uuid:
        return _unknown(_STORAGE_KINDS, "The server reports no backup storage for this task")
    storage = (part.value or {}).get(uuid)
    name = context.reason_context.name(uuid)
    if storage is None or storage.status is None:
        return _unknown(_STORAGE_KINDS, _with_cause(f"Connection of backup storage {name} not known", part))
    if storage.state not in {"Enabled", None}:
        return _fact(_STORAGE_KINDS, f"Backup storage {name} is {storage.status}, its state is {storage.state}")
    check = _passed if storage.status == "Connected" else _fact
    return check(_STORAGE_KINDS, f"Backup storage {name} is {storage.status}")


def _policy(row: TaskRow, context: DetailContext) -> _Check:
    uuid = row.task.policy_uuid or ""
    if not uuid:
        return _unknown({ReasonKind.POLICY}, "The server reports no policy for this task")
    name = context.reason_context.name(uuid)
    if uuid not in (context.policies.value or {}):
        return _unknown({ReasonKind.POLICY}, _with_cause(f"Policy {name} not checked", context.policies))
    return _passed({ReasonKind.POLICY}, f"Policy {name} found")


def _with_cause(text: str, part: FetchState[Any]) -> str:
    """Return `text` with the reason why `part` has no answer, as far as that is known."""
    if not part.is_recorded:
        return f"{text}: not recorded"
    if part.failure is not None:
        return f"{text}: {part.failure.kind.value}"
    return f"{text}: the server's list is incomplete" if part.is_partial else text
