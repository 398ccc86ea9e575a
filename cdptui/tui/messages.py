"""What happened, as messages. Those that replace each other say so: under load only the newest is handled."""

from __future__ import annotations

from textual.message import Message

from cdptui.monitor.update import Update


class MonitorUpdated(Message, bubble=False):
    """The monitor took a step."""

    def __init__(self, update: Update) -> None:
        super().__init__()
        self.update = update

    def can_replace(self, message: Message) -> bool:
        """An update holds everything that is known, so it stands for all before it."""
        return isinstance(message, MonitorUpdated)


class FirstFrameShown(Message):
    """The first frame was written to the terminal."""


class RetryRequested(Message):
    """The user asked to try again, whether the node can be reached or not."""


class CopyRequested(Message):
    """Somebody wants a text in the clipboard."""

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
