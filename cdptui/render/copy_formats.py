"""Formats in which tasks and events can be copied: sanitized text, without control characters but the ends of lines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from cdptui.models.event import Event
from cdptui.models.sanitize import sanitize
from cdptui.models.task_row import TaskRow
from cdptui.render.event_text import EventContext, event_line
from cdptui.render.export import event_json
from cdptui.render.reason_messages import LEVELS, ReasonContext, describe_reason


class CopyFormat(Struct, frozen=True):
    """A format in which tasks or events can be copied."""

    id: str
    key: str
    """The key that selects it."""
    label: str
    text: str


def copy_formats(
    rows: Sequence[TaskRow], records: Sequence[str], base_url: str, context: ReasonContext
) -> tuple[CopyFormat, ...]:
    """Return the formats for `rows`; `records` are their JSON, sanitized, and `base_url` is that of the API."""
    count = len(rows)
    is_one = count == 1
    json = records[0] if is_one else f"[{', '.join(records)}]"
    uuids = [row.task.uuid for row in rows]
    why = "\n\n".join(problems_text(row, context) for row in rows)
    return (
        CopyFormat("name", "n", "name" if is_one else f"{count} names", "\n".join(row.task.name for row in rows)),
        CopyFormat("uuid", "u", "UUID" if is_one else f"{count} UUIDs", " ".join(map(sanitize, uuids))),
        CopyFormat("why", "w", "Why as text" if is_one else f"Why of {count} tasks", why),
        CopyFormat("json", "j", "row as JSON" if is_one else f"{count} rows as JSON", json),
        CopyFormat("curl", "c", "curl command", curl_command(uuids, base_url)),
    )


def event_copy_formats(
    events: Sequence[Event], current: Event, base_url: str, context: EventContext
) -> tuple[CopyFormat, ...]:
    """Return the formats for events that are listed, and for the one under the cursor."""
    count = len(events)
    uuids = list(dict.fromkeys(event.task_uuid for event in events if event.task_uuid))
    names = list(dict.fromkeys(sanitize(event.name) for event in events if event.name))
    text = "\n".join(event_line(event, context.zone, context.names) for event in events)
    json = ", ".join(event_json(event, context) for event in events)
    formats = [
        CopyFormat("event", "e", "event as text", event_line(current, context.zone, context.names)),
        CopyFormat("text", "t", f"{count} {_plural('event', count)} as text", text),
        CopyFormat("json", "j", f"{count} {_plural('event', count)} as JSON", f"[{json}]"),
    ]
    if names:
        formats.append(CopyFormat("name", "n", f"{len(names)} {_plural('name', len(names))}", "\n".join(names)))
    if uuids:
        label = f"{len(uuids)} {_plural('UUID', len(uuids))}"
        formats.append(CopyFormat("uuid", "u", label, " ".join(map(sanitize, uuids))))
        formats.append(CopyFormat("curl", "c", "curl command", curl_command(uuids, base_url)))
    return tuple(formats)


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def problems_text(row: TaskRow, context: ReasonContext) -> str:
    """Return the problems of a task as the Why tab has them: evidence, level, start and next step, for a ticket."""
    task = row.task
    lines = [f"{task.name or '(no name)'} ({sanitize(task.uuid)}): {task.status}, {task.state}"]
    for reason in row.reasons:
        text, level = describe_reason(reason, row, context), LEVELS[reason.severity]
        lines += [
            f"- {text.sentence}",
            f"  {level}, {text.since}" if text.since else f"  {level}",
            f"  → {text.next_step}",
        ]
    return "\n".join(lines if row.reasons else [*lines, "No problems found"])


def curl_command(uuids: Sequence[str], base_url: str) -> str:
    """Return a curl command that reads tasks. It names the session by a variable, as a copy may be pasted anywhere.

    >>> curl_command(["0a1b"], "http://10.0.0.5:8080/zstack/v1")
    'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" http://10.0.0.5:8080/zstack/v1/cdp-task/0a1b'
    >>> curl_command(["0a1b"], "http://[fe80::1%25eth0]:8080/zstack/v1").rpartition(" ")[2]
    "'http://[fe80::1%25eth0]:8080/zstack/v1/cdp-task/0a1b'"
    """
    urls = (shlex.quote(f"{base_url}/cdp-task/{quote(uuid, safe='')}") for uuid in uuids)
    return f'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" {" ".join(urls)}'
