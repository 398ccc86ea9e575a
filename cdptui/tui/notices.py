"""Which notice is shown, and for how long: answers to the user come before news of the tasks."""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct

_NOTICE_S: Final = 5.0


class NoticeKind(Enum):
    """What a notice is about."""

    ANSWER = "answer"
    """The effect of a command."""
    PROGRESS = "progress"
    """A command that runs until the next update."""
    NEWS = "news"
    """What changed without the user."""


class _Notice(Struct, frozen=True):
    text: str
    kind: NoticeKind
    until: float


class Notices:
    """The newest answer and the newest news. Times are monotonic, in seconds.

    >>> notices = Notices()
    >>> notices.add("Copied", NoticeKind.ANSWER, 0.0)
    >>> notices.add("erp: Running → Failed", NoticeKind.NEWS, 1.0)
    >>> notices.text, notices.expire(5.0), notices.text
    ('Copied', True, 'erp: Running → Failed')
    """

    def __init__(self) -> None:
        self._answer: _Notice | None = None
        self._news: _Notice | None = None

    @property
    def text(self) -> str:
        """The notice to show; empty for none."""
        notice = self._answer or self._news
        return notice.text if notice is not None else ""

    @property
    def is_news(self) -> bool:
        """Whether the notice is about what changed without the user."""
        return self._answer is None

    def add(self, text: str, kind: NoticeKind, now: float) -> None:
        """Show a notice for a few seconds; news wait for the answer that is shown."""
        if kind is NoticeKind.NEWS:
            start = self._answer.until if self._answer is not None else now
            self._news = _Notice(text, kind, start + _NOTICE_S)
        else:
            self._answer = _Notice(text, kind, now + _NOTICE_S)

    def expire(self, now: float) -> bool:
        """Drop notices whose time is over; return whether another one, or none, is shown."""
        before = self.text
        if self._answer is not None and now >= self._answer.until:
            self._answer = None
        if self._news is not None and now >= self._news.until:
            self._news = None
        return self.text != before

    def end_progress(self) -> bool:
        """Drop a notice of what an update has finished; return whether there was one."""
        is_over = self._answer is not None and self._answer.kind is NoticeKind.PROGRESS
        if is_over:
            self._answer = None
        return is_over
