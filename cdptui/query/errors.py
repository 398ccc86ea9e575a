"""What can go wrong with a filter."""

from __future__ import annotations


class QueryError(Exception):
    """The text is no expression. Says where, so that a caret can point there, and is one line for a person."""

    def __init__(
        self, message: str, position: int, length: int = 1, *, suggestion: str = "", is_unfinished: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Characters before the place; the length of the text when something is missing at its end."""
        self.length = length
        """Characters that are wrong; 0 when something is missing."""
        self.suggestion = suggestion
        """What may have been meant, to put in place of what is wrong."""
        self.is_unfinished = is_unfinished
        """True for a text that more typing can make right."""

    def __str__(self) -> str:
        return f"{self.message}; did you mean {self.suggestion}?" if self.suggestion else self.message


class RegexTimeoutError(Exception):
    """A regular expression used up the time that one evaluation of a list may take."""

    def __init__(self, pattern: str) -> None:
        super().__init__("this regular expression takes too long on these names; make it simpler")
        self.pattern = pattern
