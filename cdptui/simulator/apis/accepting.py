"""How an asynchronous API answers: 202 with the place where its job can be asked after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cdptui.simulator.exchange import Reply, TextRefusal
from cdptui.simulator.jobs import Result
from cdptui.simulator.routing import Call
from cdptui.simulator.wire import encode

if TYPE_CHECKING:
    from cdptui.simulator.node import ManagementNode

_TIMEOUT_MS = 1_800_000


def accepted(node: ManagementNode, call: Call, finish: Callable[[], Result], wanted: str | None = None) -> Reply:
    """Take a job on, under the id `wanted` or one of the node's own; `finish` ends it."""
    job = node.jobs.accept(finish, wanted)
    host = call.request.headers.get("host", "127.0.0.1:8080")
    location = f"http://{host}/zstack/v1/api-jobs/{job.uuid}"
    return Reply(202, encode({"location": location, "apiTimeout": _TIMEOUT_MS}))


def wanted_uuid(node: ManagementNode, call: Call) -> str | None:
    """The job's id that the client chose, if it did. Raises TextRefusal 400 for a bad one."""
    wanted = call.request.headers.get("x-job-uuid")
    if wanted is not None and len(wanted) != 32:
        raise TextRefusal(400, "Invalid header[X-Job-UUID], it must be a UUID with '-' stripped")
    if wanted is not None and node.jobs.find(wanted) is not None:
        raise TextRefusal(400, f"Duplicate job uuid[{wanted}]")
    return wanted
