"""Messages between parts of the app. Some replace older ones in the queue: under load only the newest is handled."""

from __future__ import annotations

from textual.message import Message

from cdptui.monitor.update import Update


class MonitorUpdated(Message, bubble=False):
    """The monitor has a new update."""

    def __init__(self, update: Update) -> None:
        super().__init__()
        self.update = update

    def can_replace(self, message: Message) -> bool:
        """Replace older updates: each one holds the complete state."""
        return isinstance(message, MonitorUpdated)


class FirstFrameShown(Message):
    """The first frame was written to the terminal."""


class RetryRequested(Message):
    """The user asked for an immediate retry."""


class CopyRequested(Message):
    """The user asked to copy `text`; `label` names it in the notice."""

    def __init__(self, label: str, text: str) -> None:
        super().__init__()
        self.label = label
        self.text = text


class NamesUpdated(Message, bubble=False):
    """Names of resources arrived, or could not be fetched."""

    def __init__(self, known: int) -> None:
        """`known` is the number of names that are known."""
        super().__init__()
        self.known = known

    def can_replace(self, message: Message) -> bool:
        """The newest number of names replaces all before it."""
        return isinstance(message, NamesUpdated)
