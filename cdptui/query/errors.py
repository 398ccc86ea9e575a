"""Errors of the filter language."""

from __future__ import annotations


class QueryError(Exception):
    """The text is not a valid filter. Has a one-line message and the position of the error for a caret."""

    def __init__(
        self, message: str, position: int, length: int = 1, *, suggestion: str = "", is_unfinished: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Offset of the error in characters; the length of the text when something is missing at its end."""
        self.length = length
        """Number of wrong characters; 0 when something is missing."""
        self.suggestion = suggestion
        """A replacement for the wrong text; empty without one."""
        self.is_unfinished = is_unfinished
        """Whether typing more characters can fix the error."""

    def __str__(self) -> str:
        return f"{self.message}; did you mean {self.suggestion}?" if self.suggestion else self.message


class RegexTimeoutError(Exception):
    """A regular expression exceeded the time budget of one evaluation of the list."""

    def __init__(self, pattern: str) -> None:
        super().__init__("regular expression timed out on these names; simplify it")
        self.pattern = pattern
