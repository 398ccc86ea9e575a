"""The validated settings of one monitor."""

from __future__ import annotations

import math
from datetime import tzinfo
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from cdptui.config.errors import ConfigError
from cdptui.config.recording import RecordSettings
from cdptui.config.url import is_loopback
from cdptui.models.auth import Credentials
from cdptui.models.proxy import Proxy
from cdptui.models.tls import TlsSettings, TransportSecurity

DEFAULT_INTERVAL_S: Final = 10.0
"""The server refreshes latency every minute and capacity every five minutes; only the status changes in between."""

MIN_INTERVAL_S: Final = 1.0
MAX_INTERVAL_S: Final = 3600.0
DEFAULT_TIMEOUT_S: Final = 15.0
MIN_TIMEOUT_S: Final = 0.1
MAX_TIMEOUT_S: Final = 300.0


class MonitorSettings(Struct, frozen=True, kw_only=True):
    """Node, credentials, transport and intervals of one monitor."""

    base_url: str
    """Ends in `/zstack/v1`."""
    auth: Credentials
    tls: TlsSettings = TlsSettings()
    proxy: Proxy | None = None
    """None for a direct connection."""
    server_zone: tzinfo | None = None
    """The node's time zone; None to query it, if possible."""
    interval_s: float = DEFAULT_INTERVAL_S
    timeout_s: float = DEFAULT_TIMEOUT_S
    record: RecordSettings | None = None
    """None to record nothing."""
    label: str = ""
    """What kind of node it is, for the header; empty for a management node."""

    def __repr__(self) -> str:
        return f"MonitorSettings({self.base_url!r}, {self.auth!r}, {self.tls!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not appear in logs."""
        password = self.proxy.password if self.proxy is not None else ""
        more = (self.tls.key_passphrase, self.proxy.url if self.proxy is not None and password else None, password)
        return (*self.auth.secrets, *(secret for secret in more if secret))

    @property
    def secrecy(self) -> TransportSecurity:
        """Whether the connection is encrypted and verified."""
        return transport_security(self.base_url, is_verified=self.tls.is_verified)


def transport_security(base_url: str, *, is_verified: bool) -> TransportSecurity:
    """Return whether a connection is encrypted and verified."""
    node = urlsplit(base_url)
    if node.scheme == "https":
        # Not secure on this machine either without verification: it may be the end of a tunnel.
        return TransportSecurity.SECURE if is_verified else TransportSecurity.UNVERIFIED
    return TransportSecurity.SECURE if is_loopback(node.hostname or "") else TransportSecurity.PLAINTEXT


def validate_seconds(name: str, value: float, low: float, high: float) -> float:
    """Return `value` if it is between `low` and `high`. Raises ConfigError.

    >>> validate_seconds("--interval", 10, 1, 3600)
    10
    """
    if not math.isfinite(value) or not low <= value <= high:
        message = f"{name} must be from {low:g} to {high:g} seconds, not {value:g}"
        raise ConfigError(message)
    return value
