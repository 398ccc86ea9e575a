"""What the application asks of the server under it: resets, cut bodies and the like are beneath what ASGI can say."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Connections(Protocol):
    """The open connections."""

    @property
    def rules_changed(self) -> asyncio.Event:
        """Set at the next change of the rules, or when the server stops."""

    def find(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """The transport of the connection from that client, None when it is gone."""

    def exempt(self, client: tuple[str, int]) -> None:
        """Spare that connection when the node stops listening, and however long it is idle."""

    async def apply_rules(self) -> None:
        """Listen or not, as the rules are now. Returns when it is so."""
