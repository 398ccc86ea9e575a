"""What the app can be connected to: a value from the command line, without its machinery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from cdptui.models.tls import TransportSecurity

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection


class Target(Struct, frozen=True):
    """A management node: what the screen says of it, and how it is reached."""

    connect: Callable[[], Awaitable[NodeConnection]]
    """Builds the link; called after the first frame is on screen."""
    node: str
    account: str
    interval_s: float
    profile: str = ""
    """Its name in the configuration; empty when it has none."""
    accent: str = ""
    """What its name is coloured with; empty for no colour of its own."""
    secrecy: TransportSecurity = TransportSecurity.SECURE
    view: int | str | None = None
    """The saved view to begin with, by number or name."""
    redact: Callable[[str], str] = str
    """Takes secrets out of the text of an error."""
