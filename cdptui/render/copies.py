"""What can be copied of a task: whatever it holds, one line that does nothing to a terminal into which it is pasted."""

from __future__ import annotations

import shlex
from typing import NamedTuple
from urllib.parse import quote

from cdptui.models.task import Task
from cdptui.models.text import inert


class Copy(NamedTuple):
    """One thing to copy."""

    id: str
    key: str
    """The letter that chooses it."""
    label: str
    text: str


def copies(task: Task, record: str, base_url: str) -> tuple[Copy, ...]:
    """Everything that can be copied of `task`; `record` is its JSON, inert, `base_url` that of the API."""
    return (
        Copy("uuid", "u", "uuid", inert(task.uuid)),
        Copy("name", "n", "name", task.name),
        Copy("json", "j", "row as JSON", record),
        Copy("curl", "c", "curl command", curl_line(task.uuid, base_url)),
    )


def curl_line(uuid: str, base_url: str) -> str:
    """A command that asks the node for this task. The session stays in a variable: a copy may be pasted anywhere.

    >>> curl_line("0a1b", "http://10.0.0.5:8080/zstack/v1")
    'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" http://10.0.0.5:8080/zstack/v1/cdp-task/0a1b'
    """
    url = f"{base_url}/cdp-task/{quote(uuid, safe='')}"
    return f'curl -sS -H "Authorization: OAuth $ZSTACK_SESSION" {shlex.quote(url)}'
