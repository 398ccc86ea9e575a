"""What is asked of a TLS connection: whom to trust, and what to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


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
