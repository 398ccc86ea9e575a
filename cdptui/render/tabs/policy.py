"""The Policy tab: schedule, retention, and how the interval compares with the RPO target."""

from __future__ import annotations

from typing import Final

from cdptui.models.inventory import Policy
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import (
    BLANK,
    fetch_status,
    has_value,
    heading,
    labeled,
    marked_lines,
    spacer,
    title_line,
    wrap,
)
from cdptui.render.tabs.context import DetailContext

_DAY_S: Final = 86_400
_CAVEAT: Final = "Our reading of the settings; the web console is authoritative"
"""The vendor documents the ranges of these settings; what they mean is only in comments of its Go SDK."""
_RETENTION_TIME: Final = (
    "Retention time {days}; how it combines with the above is not documented, see Recovery points for what is kept"
)
_NOT_VISIBLE: Final = "Policy not found among the policies visible to this account"
_NOT_LISTED: Final = "Policy not found among the {count} policies that the server listed; the list may be incomplete"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines."""
    task, part = row.task, context.policies
    uuid = task.policy_uuid
    top = [title_line(row, context.policies, context.at), *spacer(height)]
    if uuid is None:
        return [*top, (Span("The server reports no policy for this task", Role.WARN),)]
    policy = (part.value or {}).get(uuid)
    body: list[Line] = []
    if policy is not None:
        body = [
            *_head(policy, width),
            *fetch_status(part, context, "policies", width),
            BLANK,
            *_schedule(policy, width),
            BLANK,
            *_rpo_target(policy, task, width),
            labeled("UUID", Span(policy.uuid, Role.DIM)),
        ]
    else:
        name = context.names.get(uuid)
        body = [labeled("policy", Span(name or "name not known", Role.STRONG if name else Role.DIM))]
        body += [labeled("UUID", Span(uuid, Role.DIM)), *fetch_status(part, context, "policies", width)]
        if has_value(part) and part.failure is None:
            message = _NOT_LISTED.format(count=len(part.value or {})) if part.is_partial else _NOT_VISIBLE
            body += wrap(message, width, Role.WARN)
    return [*top, *body]


def _head(policy: Policy, width: int) -> list[Line]:
    is_on = policy.state in {"Enabled", None}
    lines = [
        labeled("policy", Span(policy.name or "(no name)", Role.STRONG)),
        labeled("state", Span(policy.state or formatting.UNKNOWN, Role.TEXT if is_on else Role.WARN)),
    ]
    return [*lines, *(wrap(policy.description, width, Role.DIM) if policy.description else [])]


def _schedule(policy: Policy, width: int) -> list[Line]:
    lines = [heading("Schedule and retention", width)]
    for sentence in _sentences(policy):
        lines += marked_lines(Span("· "), sentence, width)
    if policy.hourly_since_day or policy.daily_since_day:
        lines += wrap(_CAVEAT, width, Role.DIM)
    if len(lines) == 1:
        lines.append((Span("The server reports no settings of this policy", Role.DIM),))
    return lines


def _sentences(policy: Policy) -> list[str]:
    sentences: list[str] = []
    if policy.interval_s:
        per_day = f"{_DAY_S // policy.interval_s:,}".replace(",", " ")
        sentences.append(f"Recovery point every {formatting.duration(policy.interval_s)} ({per_day} per day)")
    sentences += _retention(policy)
    if policy.full_backup_days is not None:
        sentences.append(f"Full backup every {_days(policy.full_backup_days)}")
    return sentences


def _retention(policy: Policy) -> list[str]:
    """Return which points are kept for how long; no sentences when nothing is known.

    Points are thinned from an age on, which counts only until their data expires.
    """
    thinning = policy.hourly_since_day or policy.daily_since_day
    ends = [days for days in (policy.expire_days, None if thinning else policy.retention_days) if days]
    end = min(ends) if ends else None
    last = float("inf") if end is None else end
    daily = policy.daily_since_day if policy.daily_since_day and policy.daily_since_day < last else None
    hourly = policy.hourly_since_day
    hourly = hourly if hourly and hourly < (last if daily is None else daily) else None
    first = hourly or daily or end
    if first is None:
        return []
    text = f"Every point is kept for {_days(first)}"
    if hourly is not None:
        until = daily or end
        text += f", then one per hour until day {until}" if until is not None else ", then one per hour"
    if daily is not None:
        text += f", then one per day until day {end}" if end is not None else ", then one per day"
    sentences = [text if end is None else f"{text}; older points are deleted"]
    if thinning and policy.retention_days:
        sentences.append(_RETENTION_TIME.format(days=_days(policy.retention_days)))
    return sentences


def _rpo_target(policy: Policy, task: Task, width: int) -> list[Line]:
    """Return whether the interval of the policy can meet the RPO target of the task."""
    target_ms, interval_s = task.rpo_target_ms, policy.interval_s
    if not target_ms or not interval_s:
        return []
    target = formatting.latency(target_ms)
    lines = [heading("RPO target", width)]
    if interval_s * 1000 > target_ms:
        message = f"Interval of {formatting.duration(interval_s)} is longer than the RPO target of {target}"
        return [*lines, *wrap(message, width, Role.BAD), BLANK]
    factor = target_ms // (interval_s * 1000)
    if factor > 1:
        return [*lines, *wrap(f"RPO target {target} is {factor} times the interval", width), BLANK]
    return [*lines, *wrap(f"RPO target {target} is less than twice the interval: no margin", width, Role.WARN), BLANK]


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
