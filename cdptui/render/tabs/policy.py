"""The tab Policy: how often a recovery point is taken and how long they are kept, in words."""

from __future__ import annotations

from typing import Final

from cdptui.models.inventory import Policy
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import BLANK, fetch_status, has_value, heading, labeled, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext

_DAY_S: Final = 86_400
_CAVEAT: Final = "the vendor tells the ranges of these settings, not what they mean: if in doubt, see the web console"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """All lines."""
    task, part = row.task, context.policies
    uuid = task.policy_uuid
    top = [title_line(row, context.policies, context.at), *spacer(height)]
    if uuid is None:
        return [*top, (Span("the server named no policy", Role.WARN),)]
    policy = (part.value or {}).get(uuid)
    body: list[Line] = []
    if policy is not None:
        body = [*_head(policy, width), *fetch_status(part, context, "policies", width), BLANK, *_words(policy, width)]
        body += [BLANK, *_against_the_target(policy, task, width)]
    else:
        name = context.names.get(uuid)
        body = [labeled("policy", Span(name or "name not known", Role.STRONG if name else Role.DIM))]
        body += [labeled("uuid", Span(uuid, Role.DIM)), *fetch_status(part, context, "policies", width)]
        if has_value(part) and part.failure is None:
            seen = "that this account sees"
            listed = f"that the server listed ({len(part.value or {})}); it has, or may have, more"
            body += wrap(f"it is not among the policies {listed if part.is_partial else seen}", width, Role.WARN)
    return [*top, *body]


def _head(policy: Policy, width: int) -> list[Line]:
    is_on = policy.state in {"Enabled", None}
    lines = [
        labeled("policy", Span(policy.name or "(no name)", Role.STRONG)),
        labeled("state", Span(policy.state or formatting.UNKNOWN, Role.TEXT if is_on else Role.WARN)),
        labeled("uuid", Span(policy.uuid, Role.DIM)),
    ]
    return [*lines, *(wrap(policy.description, width, Role.DIM) if policy.description else [])]


def _words(policy: Policy, width: int) -> list[Line]:
    lines = [heading("In words", width)]
    for sentence in _sentences(policy):
        lines += wrap(f"· {sentence}", width)
    if policy.hourly_since_day is not None or policy.daily_since_day is not None:
        lines += wrap(_CAVEAT, width, Role.DIM)
    if len(lines) == 1:
        lines.append((Span("the server says nothing of its settings", Role.DIM),))
    return lines


def _sentences(policy: Policy) -> list[str]:
    sentences: list[str] = []
    if policy.interval_s:
        a_day = f"{_DAY_S // policy.interval_s:,}".replace(",", " ")
        sentences.append(f"a recovery point every {_every(policy.interval_s)}, {a_day} a day")
    if policy.retention_days is not None:
        sentences.append(f"all of them are kept for {_days(policy.retention_days)}")
    if policy.hourly_since_day is not None:
        sentences.append(f"one an hour is kept for {_days(policy.hourly_since_day)}")
    if policy.daily_since_day is not None:
        sentences.append(f"one a day is kept for {_days(policy.daily_since_day)}")
    if policy.full_backup_days is not None:
        sentences.append(f"a full backup every {_days(policy.full_backup_days)}")
    if policy.expire_days:
        sentences.append(f"everything expires after {_days(policy.expire_days)}")
    return sentences


def _against_the_target(policy: Policy, task: Task, width: int) -> list[Line]:
    """Whether the policy can keep what the task promises."""
    target_ms, interval_s = task.rpo_target_ms, policy.interval_s
    if not target_ms or not interval_s:
        return []
    target = formatting.latency(target_ms)
    lines = [heading("Against the task's RPO target", width)]
    if interval_s * 1000 > target_ms:
        words = f"a point every {_every(interval_s)} is rarer than the target of {target} asks for"
        return [*lines, *wrap(words, width, Role.BAD)]
    room = target_ms // (interval_s * 1000)
    words = (
        f"the target is {target}, {room} times the interval" if room > 1 else f"the target is {target}: no room at all"
    )
    return [*lines, *wrap(words, width, Role.TEXT if room > 1 else Role.WARN)]


def _every(seconds: int) -> str:
    """An interval, short.

    >>> _every(3), _every(600), _every(3600)
    ('3 s', '10 min', '1 h')
    """
    return formatting.duration(seconds)


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
