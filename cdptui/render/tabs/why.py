"""The tab Why: everything that is said of the task, on what evidence, and what to do; and what was found in order."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, Final

from msgspec import Struct

from cdptui.models.inventory import FetchState
from cdptui.models.reasons import ReasonKind
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.reason_messages import LEVELS, describe_reason
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SEVERITY_TEXT
from cdptui.render.tabs.blocks import BLANK, heading, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext

_OF_STATUS: Final = frozenset(
    {
        ReasonKind.FAILED,
        ReasonKind.UNKNOWN,
        ReasonKind.STOPPED,
        ReasonKind.STARTING,
        ReasonKind.ACTIVE_WHILE_DISABLED,
        ReasonKind.UNKNOWN_STATUS,
        ReasonKind.LONG_DISABLED,
    }
)
_OF_PLAN: Final = frozenset({ReasonKind.FULL, ReasonKind.FULL_SOON, ReasonKind.NEAR_FULL})


class _Check(Struct, frozen=True):
    kinds: Set[ReasonKind]
    """What would have been said, had it gone badly."""
    is_known: bool
    words: str


def _known_check(kinds: Set[ReasonKind], words: str) -> _Check:
    return _Check(kinds, is_known=True, words=words)


def _unknown_check(kinds: Set[ReasonKind], words: str) -> _Check:
    return _Check(kinds, is_known=False, words=words)


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """All lines."""
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
        return [(Span("✔ nothing speaks against this task", Role.OK),), BLANK]
    found: list[Line] = []
    for reason in row.reasons:
        words = describe_reason(reason, row, context.reason_context)
        role = ROLES[reason.severity]
        sentence = wrap(f"{words.sentence[0].upper()}{words.sentence[1:]}.", width - 2, Role.STRONG)
        found += [(Span("▌ ", role), *line) for line in sentence]
        level = f"{LEVELS[reason.severity]}{f', {words.since}' if words.since else ''}"
        found.append((Span("▌ ", role), Span(level, role)))
        for index, line in enumerate(wrap(words.next_step, width - 4)):
            found.append((Span("▌ ", role), Span("→ " if index == 0 else "  ", Role.ACCENT), *line))
        found.append(BLANK)
    return found


def _checks(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    said = {reason.kind for reason in row.reasons}
    found: list[Line] = [heading("Checked as well" if said else "What was checked", width)]
    for check in _all_checks(row, context):
        if not check.kinds & said:
            sign = Span("✔ ", Role.OK) if check.is_known else Span("? ", Role.DIM)
            found += [
                (sign if index == 0 else Span("  "), *line)
                for index, line in enumerate(wrap(check.words, width - 2, Role.TEXT if check.is_known else Role.DIM))
            ]
    return found


def _all_checks(row: TaskRow, context: DetailContext) -> Iterator[_Check]:
    task = row.task
    switch = "off" if task.state == "Disabled" else "on"
    yield _known_check(_OF_STATUS, f"status {task.status}, and switched {switch}")
    yield _rpo(row)
    yield _plan(row)
    yield _growth(row)
    refs = len(task.resource_refs)
    yield _known_check({ReasonKind.NO_VM}, f"{refs} VM is attached" if refs == 1 else f"{refs} resources are attached")
    yield from _machine(context)
    yield _known_check({ReasonKind.TWO_TASKS}, "no other task protects the same VM")
    yield _storage(row, context)
    yield _policy(row, context)
    if task.last_op_at is None:
        yield _unknown_check({ReasonKind.CLOCK_SKEW}, "the time of its last operation is not known")
    else:
        ago = formatting.ago(task.last_op_at, context.now)
        yield _known_check({ReasonKind.CLOCK_SKEW}, f"its last operation was {ago}, not ahead of this machine's clock")
    yield _known_check({ReasonKind.UNREADABLE}, "every field of its record could be read")


def _rpo(row: TaskRow) -> _Check:
    task = row.task
    if task.rpo_ratio is None:
        words = (
            "no RPO was measured" if task.rpo_ms is None else f"RPO {formatting.latency(task.rpo_ms)}, no target is set"
        )
        return _unknown_check({ReasonKind.RPO}, words)
    words = f"RPO {formatting.latency(task.rpo_ms)}, {formatting.latency(task.rpo_target_ms)} are permitted"
    if task.state == "Disabled":
        words += "; not judged while it is off"
    return _Check({ReasonKind.RPO}, is_known=task.state != "Disabled", words=words)


def _plan(row: TaskRow) -> _Check:
    task = row.task
    if task.used_ratio is None:
        is_none = task.plan_bytes == 0
        return _unknown_check(_OF_PLAN, "no plan is set, so it is never full" if is_none else "the plan is not known")
    when = f", full in {formatting.duration(row.full_in_s)}" if row.full_in_s is not None else ""
    words = f"{formatting.percent(task.used_ratio)} of the plan of {formatting.size(task.plan_bytes)}{when}"
    return _known_check(_OF_PLAN, words)


def _growth(row: TaskRow) -> _Check:
    rate = row.growth
    if rate is None:
        return _unknown_check({ReasonKind.STALLED}, "growth is not known yet: it takes two changes of used capacity")
    words = f"grows by {formatting.rate(rate.bytes_per_s)}, seen over {formatting.duration(rate.span_s)}"
    return _known_check({ReasonKind.STALLED}, words)


def _machine(context: DetailContext) -> Iterator[_Check]:
    """What the VM does; while it is off it is well that nothing moves."""
    machine = context.machine.value
    if machine is not None and machine.state is not None:
        still = "" if machine.state == "Running" else ", so nothing is written and used capacity may stand still"
        yield _known_check(frozenset(), f"the VM {machine.name or machine.uuid} is {machine.state}{still}")
    elif context.machine.failure is not None:
        yield _unknown_check(frozenset(), f"what the VM does is not known{_why_not(context.machine)}")


def _storage(row: TaskRow, context: DetailContext) -> _Check:
    uuid, part = row.task.backup_storage_uuid or "", context.storages
    storage = (part.value or {}).get(uuid)
    name = context.reason_context.name(uuid)
    if storage is None or storage.status is None:
        return _unknown_check(
            {ReasonKind.STORAGE}, f"whether {name} is connected is not known{_why_not(context.storages)}"
        )
    return _known_check({ReasonKind.STORAGE}, f"backup storage {name} is {storage.status}")


def _policy(row: TaskRow, context: DetailContext) -> _Check:
    uuid = row.task.policy_uuid or ""
    name, is_there = context.reason_context.name(uuid), uuid in (context.policies.value or {})
    if not is_there:
        return _unknown_check(
            {ReasonKind.POLICY}, f"whether the policy {name} exists is not known{_why_not(context.policies)}"
        )
    return _known_check({ReasonKind.POLICY}, f"its policy {name} exists")


def _why_not(part: FetchState[Any]) -> str:
    if part.failure is not None:
        return f": {part.failure.kind.value}"
    return ": the server did not list all of them" if part.is_partial else ""
