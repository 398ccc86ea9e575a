"""A relay in front of a server that records every secret it forwards."""

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
"""Credentials: headers, cookies, the body of a login and its answer, the path of a logout."""


class Wire:
    """What went over it, in either direction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._heard: list[bytearray] = []

    def listen(self) -> bytearray:
        """Where one direction of a connection is kept."""
        with self._lock:
            self._heard.append(bytearray())
            return self._heard[-1]

    @property
    def secrets(self) -> set[bytes]:
        """Everything secret that went over it."""
        with self._lock:
            heard = [bytes(part) for part in self._heard]
        return {found for part in heard for pattern in _SECRETS for found in pattern.findall(part) if found}


@contextmanager
def overheard(server_url: str) -> Iterator[Wire]:
    """Relay to a server, byte for byte."""
    address = urlsplit(server_url)
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ends: list[socket.socket] = []

    def pass_on(source: socket.socket, target: socket.socket, heard: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                heard += data
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
                    threading.Thread(target=pass_on, args=(source, target, wire.listen()), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield wire
    finally:
        for end in (listener, *ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
