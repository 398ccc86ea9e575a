"""Formats in which tasks can be copied: each is one sanitized line that is safe to paste into a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from cdptui.models.sanitize import sanitize
from cdptui.models.task import Task


class CopyFormat(Struct, frozen=True):
    """A format in which tasks can be copied."""

    id: str
    key: str
    """The key that selects it."""
    label: str
    text: str


def copy_formats(tasks: Sequence[Task], records: Sequence[str], base_url: str) -> tuple[CopyFormat, ...]:
    """Return the formats for `tasks`; `records` are their JSON, sanitized, and `base_url` is that of the API."""
    count = len(tasks)
    is_one = count == 1
    json = records[0] if is_one else f"[{', '.join(records)}]"
    uuids = [task.uuid for task in tasks]
    return (
        CopyFormat("uuid", "u", "UUID" if is_one else f"{count} UUIDs", " ".join(map(sanitize, uuids))),
        CopyFormat("name", "n", "name" if is_one else f"{count} names", ", ".join(task.name for task in tasks)),
        CopyFormat("json", "j", "row as JSON" if is_one else f"{count} rows as JSON", json),
        CopyFormat("curl", "c", "curl command", curl_command(uuids, base_url)),
    )


def curl_command(uuids: Sequence[str], base_url: str) -> str:
    """Return a curl command that reads tasks. It names the session by a variable, as a copy may be pasted anywhere.

    >>> curl_command(["0a1b"], "http://10.0.0.5:8080/zstack/v1")
    'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" http://10.0.0.5:8080/zstack/v1/cdp-task/0a1b'
    >>> curl_command(["0a1b"], "http://[fe80::1%25eth0]:8080/zstack/v1").rpartition(" ")[2]
    "'http://[fe80::1%25eth0]:8080/zstack/v1/cdp-task/0a1b'"
    """
    urls = (shlex.quote(f"{base_url}/cdp-task/{quote(uuid, safe='')}") for uuid in uuids)
    return f'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" {" ".join(urls)}'
