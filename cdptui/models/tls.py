"""What is asked of a TLS connection: whom to trust, and what to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Secrecy(Enum):
    """Who on the way to a node could listen, or answer in its place."""

    KEPT = "kept"
    """Nobody: TLS with a certificate that is checked, or a way that does not leave this machine."""
    NONE = "none"
    """Everybody on the way."""
    UNVERIFIED = "unverified"
    """Whoever takes the trouble: any certificate is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Without a word: trust whom the system trusts, show nothing."""

    ca_path: Path | None = None
    """A file of certificates, or a folder of them, that is trusted instead of what the system trusts."""
    is_verified: bool = True
    """False takes any certificate, which anybody on the way can make."""
    client_certificate: Path | None = None
    client_key: Path | None = None
    """None when the key is in the same file as the certificate."""
    key_passphrase: str | None = field(default=None, repr=False)
