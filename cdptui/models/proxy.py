"""The proxy of a connection."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct


class Proxy(Struct, frozen=True):
    """A proxy, and where it was configured."""

    url: str
    """May contain a password."""
    variable: str = ""
    """The environment variable that names it."""

    def __repr__(self) -> str:
        return f"Proxy({self.display!r})"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS 5 instead of HTTP."""
        return urlsplit(self.url).scheme.startswith("socks")

    @property
    def password(self) -> str:
        """Its password; empty without one."""
        return urlsplit(self.url).password or ""

    @property
    def display(self) -> str:
        """The proxy without its password, and its variable, for messages.

        >>> Proxy("http://user:secret@proxy:3128", "HTTPS_PROXY").display
        'http://proxy:3128 (HTTPS_PROXY)'
        """
        parts = urlsplit(self.url)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return f"{address} ({self.variable})" if self.variable else address
