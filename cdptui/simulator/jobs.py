"""Asynchronous jobs: accepted with a location, queried without authentication, kept for some hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.http_types import PlainTextError, Response
from cdptui.simulator.java_json import encode
from cdptui.simulator.routing import Call

Result = dict[str, object] | ErrorCode

_EXPIRY_S = 10_800.0
"""The vendor's `rest.completedApi.expiredPeriod`."""
_DURATION_S = 1.0


@dataclass(slots=True)
class Job:
    """A job. Times are epoch seconds."""

    uuid: str
    ready_at: float
    finish: Callable[[], Result]
    web_hook: str | None = None
    """URL that gets the result, as the client sent it."""
    result: Result | None = None


class Jobs:
    """The jobs of the node. A job that is due is finished when the next request arrives."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.duration_s = _DURATION_S
        """Duration of a job in seconds."""
        self.on_web_hook: Callable[[Job], None] | None = None
        """Called for each accepted job with a web hook."""
        self._now = now
        self._jobs: dict[str, Job] = {}

    def accept(self, finish: Callable[[], Result], uuid: str | None = None, *, web_hook: str | None = None) -> Job:
        """Accept a job; `finish` completes it and returns its result."""
        job = Job(uuid or uuid4().hex, self._now() + self.duration_s, finish, web_hook)
        self._jobs[job.uuid] = job
        if web_hook is not None and self.on_web_hook is not None:
            self.on_web_hook(job)
        return job

    def seconds_left(self, job: Job) -> float | None:
        """Return the seconds until a job is due; None if it is finished."""
        return None if job.result is not None else max(0.0, job.ready_at - self._now())

    def finish_due(self) -> None:
        """Finish due jobs and delete expired ones."""
        now = self._now()
        for job in list(self._jobs.values()):
            if job.result is None and job.ready_at <= now:
                job.result = job.finish()
            elif job.ready_at + _EXPIRY_S <= now:
                del self._jobs[job.uuid]

    def find(self, uuid: str) -> Job | None:
        """Return a running or finished job."""
        return self._jobs.get(uuid)


_TIMEOUT_MS = 1_800_000


def accept_job(jobs: Jobs, call: Call, finish: Callable[[], Result], job_uuid: str | None = None) -> Response:
    """Accept a job under the client's id `job_uuid` or a new one, and return the 202; `finish` completes the job."""
    job = jobs.accept(finish, job_uuid, web_hook=call.request.headers.get("x-web-hook"))
    host = call.request.headers.get("host", "127.0.0.1:8080")
    location = f"http://{host}/zstack/v1/api-jobs/{job.uuid}"
    return Response(202, encode({"location": location, "apiTimeout": _TIMEOUT_MS}), job_uuid=job.uuid)


def requested_job_uuid(jobs: Jobs, call: Call) -> str | None:
    """Return the job id chosen by the client, if any. Raises PlainTextError 400 for an invalid one."""
    job_uuid = call.request.headers.get("x-job-uuid")
    if job_uuid is not None and len(job_uuid) != 32:
        raise PlainTextError(400, "Invalid header[X-Job-UUID], it must be a UUID with '-' stripped")
    if job_uuid is not None and jobs.find(job_uuid) is not None:
        raise PlainTextError(400, f"Duplicate job uuid[{job_uuid}]")
    return job_uuid
