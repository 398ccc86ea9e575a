"""TLS settings, and how secure a connection is."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from msgspec import Struct


class TransportSecurity(Enum):
    """How well a connection is protected against eavesdropping and interception."""

    SECURE = "kept"
    """TLS with a verified certificate, or a connection that does not leave this machine."""
    PLAINTEXT = "none"
    """Not encrypted."""
    UNVERIFIED = "unverified"
    """Encrypted, but the certificate is not verified: open to active interception."""


class TlsSettings(Struct, frozen=True, kw_only=True):
    """TLS settings. The defaults trust the CAs of the system and send no client certificate."""

    ca_path: Path | None = None
    """A file or a folder of CA certificates, trusted instead of those of the system."""
    is_verified: bool = True
    """False accepts any certificate, so that the connection can be intercepted."""
    client_certificate: Path | None = None
    client_key: Path | None = None
    """None when the key is in the certificate file."""
    key_passphrase: str | None = None

    def __repr__(self) -> str:
        return f"TlsSettings(ca_path={self.ca_path}, is_verified={self.is_verified}, client={self.client_certificate})"
