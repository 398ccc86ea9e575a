"""Web hooks: the result of a job is posted to the URL of the request's `X-Web-Hook` header.

As on the real server, a POST that fails or is not answered with 2xx is repeated, 15 times in all, 2 s apart. Deliveries
are tasks of the server's event loop, so they block no request, and they end with the server.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11

from cdptui.simulator import errors
from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.java_json import encode
from cdptui.simulator.jobs import Job
from cdptui.simulator.node import ManagementNode

_TRIES: Final = 15
_TIMEOUT_S: Final = 10.0
"""For one POST; the default of the real server's HTTP client for each of its phases."""
_POLL_S: Final = 0.05
_READ_BYTES: Final = 1 << 16

_log = logging.getLogger(__name__)


class WebHooks:
    """Delivers the results of jobs that have a web hook. Use it in the thread of one event loop."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node
        self._deliveries: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Deliver the results of jobs that are accepted from now on."""
        self._node.jobs.on_web_hook = self._schedule

    async def stop(self) -> None:
        """Cancel the deliveries that are not complete."""
        self._node.jobs.on_web_hook = None
        deliveries = list(self._deliveries)
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)

    def _schedule(self, job: Job) -> None:
        delivery = asyncio.create_task(self._deliver(job))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)

    async def _deliver(self, job: Job) -> None:
        url = _parse_url(job.web_hook or "")
        if url is None:
            _log.info("web hook of job %s ignored: not an http or https URL", job.uuid)
            return
        left_s = self._node.seconds_until_finished(job)
        while left_s is not None:
            await asyncio.sleep(max(_POLL_S, left_s))
            left_s = self._node.seconds_until_finished(job)
        request, body = _request(url, job, self._body(job))
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(self._node.settings.web_hook_retry_s)
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    status = await _send(url, request, body)
            except (OSError, UnicodeError, h11.ProtocolError) as error:
                _log.info("web hook of job %s failed: %s", job.uuid, error)
                continue
            if 200 <= status < 300:
                return
            _log.info("web hook of job %s was answered with %d", job.uuid, status)
        _log.info("web hook of job %s given up after %d tries", job.uuid, _TRIES)

    def _body(self, job: Job) -> bytes:
        if isinstance(job.result, ErrorCode):
            return errors.body(job.result, self._node.settings.dialect, accept_language="")
        return encode(job.result)


def _parse_url(text: str) -> SplitResult | None:
    """Parse an http or https URL with a host; None for any other text."""
    if not text.isascii() or not text.isprintable() or " " in text:
        return None
    try:
        url = urlsplit(text)
        is_valid = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        return None
    return url if is_valid else None


def _request(url: SplitResult, job: Job, body: bytes) -> tuple[h11.Request, bytes]:
    is_success = not isinstance(job.result, ErrorCode)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = [
        ("Host", url.netloc.rpartition("@")[2]),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        ("X-Job-UUID", job.uuid),
        ("X-Job-Success", "true" if is_success else "false"),
    ]
    return h11.Request(method="POST", target=target, headers=headers), body


async def _send(url: SplitResult, request: h11.Request, body: bytes) -> int:
    """Send one POST and return the status of the answer. Redirects are not followed."""
    is_tls = url.scheme == "https"
    port = url.port or (443 if is_tls else 80)
    context = ssl.create_default_context() if is_tls else None
    reader, writer = await asyncio.open_connection(url.hostname, port, ssl=context)
    try:
        connection = h11.Connection(h11.CLIENT)
        for sent in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(connection.send(sent) or b"")
        await writer.drain()
        while True:
            received = connection.next_event()
            if isinstance(received, h11.Response):
                return received.status_code
            if isinstance(received, h11.ConnectionClosed):
                message = "the connection was closed without an answer"
                raise ConnectionResetError(message)
            if received is h11.NEED_DATA:
                connection.receive_data(await reader.read(_READ_BYTES))
    finally:
        writer.close()
