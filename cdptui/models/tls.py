"""What is asked of a TLS connection: whom to trust, and what to show."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from msgspec import Struct


class TransportSecurity(Enum):
    """Who on the way to a node could listen, or answer in its place."""

    SECURE = "kept"
    """Nobody: TLS with a certificate that is checked, or a way that does not leave this machine."""
    PLAINTEXT = "none"
    """Everybody on the way."""
    UNVERIFIED = "unverified"
    """Whoever takes the trouble: any certificate is taken."""


class TlsSettings(Struct, frozen=True, kw_only=True):
    """Without a word: trust whom the system trusts, show nothing."""

    ca_path: Path | None = None
    """A file of certificates, or a folder of them, that is trusted instead of what the system trusts."""
    is_verified: bool = True
    """False takes any certificate, which anybody on the way can make."""
    client_certificate: Path | None = None
    client_key: Path | None = None
    """None when the key is in the same file as the certificate."""
    key_passphrase: str | None = None

    def __repr__(self) -> str:
        return f"Tls(ca_path={self.ca_path}, is_verified={self.is_verified}, client={self.client_certificate})"
