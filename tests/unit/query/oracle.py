"""A reference implementation of the filter language: simple and slow."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cdptui.models.problem_labels import LABELS
from cdptui.models.task_row import TaskRow
from cdptui.query.expression import (
    And,
    Comparison,
    Expression,
    Fuzzy,
    Not,
    Or,
    Pattern,
    Quantity,
    SeverityValue,
    TextValue,
    UnknownValue,
    Word,
)
from cdptui.query.fields import QueryContext

SIZES = {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}
TIMES = {"": 1, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


def matches(expression: Expression, row: TaskRow, context: QueryContext) -> bool:
    if isinstance(expression, And):
        return all(matches(part, row, context) for part in expression.parts)
    if isinstance(expression, Or):
        return any(matches(part, row, context) for part in expression.parts)
    if isinstance(expression, Not):
        return not matches(expression.part, row, context)
    if isinstance(expression, Comparison):
        return compares(expression, row, context)
    return finds(expression, searched(row, context))


def finds(expression: Word | Pattern | Fuzzy, candidates: Iterable[str]) -> bool:
    if isinstance(expression, Word):
        return any(expression.text.casefold() in text.casefold() for text in candidates)
    if isinstance(expression, Pattern):
        return any(re.search(expression.text, text, re.IGNORECASE) for text in candidates)
    fuzzy = ".*".join(map(re.escape, expression.text.casefold()))
    return any(re.search(fuzzy, text.casefold(), re.DOTALL) for text in candidates)


def searched(row: TaskRow, context: QueryContext) -> list[str]:
    task = row.task
    uuids = [ref.resource_uuid for ref in task.resource_refs] + [task.backup_storage_uuid or ""]
    problems = [re.sub(r" \{.*\}", "", LABELS[reason.kind]) for reason in row.reasons]
    if task.state == "Disabled" and not row.reasons:
        problems.append("disabled")
    return [task.name, task.uuid, task.status, *problems, *(context.names.get(uuid, uuid) for uuid in uuids if uuid)]


def compares(clause: Comparison, row: TaskRow, context: QueryContext) -> bool:
    how, value = clause.operator.value, clause.value
    if isinstance(value, SeverityValue):
        return ordered(int(row.severity), how, int(value.severity))
    if isinstance(value, TextValue):
        return textual(clause.field, how, value.text.casefold(), row, context)
    unit = value.unit if isinstance(value, Quantity) else ""
    if isinstance(value, UnknownValue):
        known = any(text_of(clause.field, row, context)) if is_text(clause.field) else False
        known = known or clause.field == "severity" or number(clause.field, "", row, context) is not None
        return known is (how == "!=")
    found, bound = number(clause.field, unit, row, context), value.number * factor(unit)
    return found is not None and ordered(found, how, bound)


def factor(unit: str) -> float:
    if unit in {"%", "x"}:
        return {"%": 0.01, "x": 1.0}[unit]
    if "/" in unit:
        size, per = unit.split("/")
        return SIZES[size] / TIMES[per]
    return SIZES[unit] if unit in SIZES else TIMES[unit]


def ordered(left: float, how: str, right: float) -> bool:
    return {
        "=": left == right,
        "!=": left != right,
        ">": left > right,
        ">=": left >= right,
        "<": left < right,
        "<=": left <= right,
    }[how]


def is_text(field: str) -> bool:
    return field in {"name", "uuid", "status", "state", "vm", "bs", "policy", "type", "text", "reason"}


def text_of(field: str, row: TaskRow, context: QueryContext) -> list[str]:
    task = row.task
    plain = {
        "name": task.name,
        "uuid": task.uuid,
        "status": task.status,
        "state": task.state,
        "type": task.task_type,
        "text": task.description,
    }
    if field == "reason":
        return [reason.kind.value for reason in row.reasons] or ["none"]
    if field in plain:
        found = plain[field]
        return [] if found is None else [found]
    things: list[str | None] = {  # type: ignore[assignment]  # some UUIDs may be None
        "vm": [ref.resource_uuid for ref in task.resource_refs],
        "bs": [task.backup_storage_uuid],
        "policy": [task.policy_uuid],
    }.get(field, [])
    return [text for uuid in things if uuid for text in (context.names.get(uuid, ""), uuid)]


def textual(field: str, how: str, value: str, row: TaskRow, context: QueryContext) -> bool:
    found = text_of(field, row, context)
    has_names = field in {"vm", "bs", "policy"}
    is_uuid = re.fullmatch("[0-9a-f]{32}", value) is not None
    is_known = is_uuid or not has_names or "" not in found
    if has_names and is_uuid:
        how = {"~": "=", "!~": "!="}.get(how, how)
    elif has_names and how in {"~", "!~"}:
        found = [found[at] or found[at + 1] for at in range(0, len(found), 2)]
    texts = [text.casefold() for text in found if text or not has_names]
    is_equal = any(value == text if how in {"=", "!="} else value in text for text in texts)
    if how in {"=", "~"}:
        return is_equal
    return bool(found) and is_known and not is_equal


def number(field: str, unit: str, row: TaskRow, context: QueryContext) -> float | None:
    task = row.task
    used, plan, rpo, target = task.used_bytes, task.plan_bytes, task.rpo_ms, task.rpo_target_ms
    if field == "used" and unit == "%":
        return used / plan if used is not None and plan else None
    if field == "rpo" and unit in {"%", "x"}:
        return rpo / target if rpo is not None and target else None
    if field == "free":
        return plan - used if used is not None and plan else None
    if field in {"age", "changed"}:
        then = task.created_at if field == "age" else context.changed_at.get(task.uuid, task.last_op_at)
        return max(0.0, (context.now - then).total_seconds()) if then is not None else None
    return {
        "used": used,
        "plan": plan,
        "rpo": rpo / 1000 if rpo is not None else None,
        "target": target / 1000 if target is not None else None,
        "growth": row.growth.bytes_per_s if row.growth is not None else None,
        "full": row.trusted_full_in_s,
        "vms": len(task.resource_refs),
        "limit": task.bandwidth_limit_bps,
    }.get(field)
