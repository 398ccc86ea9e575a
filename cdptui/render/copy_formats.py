"""What can be copied of tasks: whatever they hold, one line that does nothing to a terminal into which it is pasted."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from cdptui.models.sanitize import sanitize
from cdptui.models.task import Task


class CopyFormat(Struct, frozen=True):
    """One thing to copy."""

    id: str
    key: str
    """The letter that chooses it."""
    label: str
    text: str


def copy_formats(tasks: Sequence[Task], records: Sequence[str], base_url: str) -> tuple[CopyFormat, ...]:
    """Everything that can be copied of `tasks`; `records` are their JSON, inert, `base_url` is that of the API."""
    count = len(tasks)
    is_one = count == 1
    json = records[0] if is_one else f"[{', '.join(records)}]"
    uuids = [task.uuid for task in tasks]
    return (
        CopyFormat("uuid", "u", "uuid" if is_one else f"{count} uuids", " ".join(map(sanitize, uuids))),
        CopyFormat("name", "n", "name" if is_one else f"{count} names", ", ".join(task.name for task in tasks)),
        CopyFormat("json", "j", "row as JSON" if is_one else f"{count} rows as JSON", json),
        CopyFormat("curl", "c", "curl command", curl_command(uuids, base_url)),
    )


def curl_command(uuids: Sequence[str], base_url: str) -> str:
    """A command that asks the node for tasks. The session stays in a variable: a copy may be pasted anywhere.

    >>> curl_command(["0a1b"], "http://10.0.0.5:8080/zstack/v1")
    'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" http://10.0.0.5:8080/zstack/v1/cdp-task/0a1b'
    >>> curl_command(["0a1b"], "http://[fe80::1%25eth0]:8080/zstack/v1").rpartition(" ")[2]
    "'http://[fe80::1%25eth0]:8080/zstack/v1/cdp-task/0a1b'"
    """
    urls = (shlex.quote(f"{base_url}/cdp-task/{quote(uuid, safe='')}") for uuid in uuids)
    return f'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" {" ".join(urls)}'
