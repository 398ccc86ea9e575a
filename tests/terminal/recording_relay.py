"""A TCP relay in front of a server that records the secrets in the traffic."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_SECRETS = (
    re.compile(rb"(?im)^authorization: *(?:OAuth|ZStack [^:\s]+:|ZStack)? *([^\r\n]+)\r"),
    re.compile(rb"(?im)^proxy-authorization: *Basic *([^\r\n]+)\r"),
    re.compile(rb"JSESSIONID=([^;\s]+)"),
    re.compile(rb'"password": ?"([^"]+)"'),
    re.compile(rb"/accounts/sessions/([^\s/?]+) "),
    re.compile(rb'"inventory": ?\{[^{}]*"uuid": ?"([0-9a-f]{32})"[^{}]*"(?:accountUuid|expiredDate|userUuid)"'),
)
"""Patterns of credentials: headers, cookies, the body of a login and its response, the path of a logout."""


class RecordedTraffic:
    """The bytes that the relay forwarded, in both directions."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._buffers: list[bytearray] = []

    def new_buffer(self) -> bytearray:
        """Return a buffer for one direction of a connection."""
        with self._lock:
            self._buffers.append(bytearray())
            return self._buffers[-1]

    @property
    def secrets(self) -> set[bytes]:
        """All secrets in the forwarded bytes."""
        with self._lock:
            recorded = [bytes(part) for part in self._buffers]
        return {found for part in recorded for pattern in _SECRETS for found in pattern.findall(part) if found}


@contextmanager
def recording_relay(server_url: str) -> Iterator[RecordedTraffic]:
    """Forward connections to a server, and record them."""
    address = urlsplit(server_url)
    listener = socket.create_server(("127.0.0.1", 0))
    traffic = RecordedTraffic(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ends: list[socket.socket] = []

    def forward(source: socket.socket, target: socket.socket, recorded: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                recorded += data
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((address.hostname or "", address.port or 0))
                ends.extend((near, far))
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=forward, args=(source, target, traffic.new_buffer()), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield traffic
    finally:
        for end in (listener, *ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
