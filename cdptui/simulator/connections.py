"""Access to the server's connections, for resets and truncated bodies, which ASGI cannot express."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Connections(Protocol):
    """The open connections of the server."""

    @property
    def rules_changed(self) -> asyncio.Event:
        """Set when the rules change or the server stops."""

    def find(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """Return the transport of a client's connection; None if it is closed."""

    def exempt(self, client: tuple[str, int]) -> None:
        """Keep a connection open when the node stops listening or the connection is idle."""

    async def apply_rules(self) -> None:
        """Start or stop listening according to the rules; return when done."""
