"""The errors of this room."""

from __future__ import annotations

from collections.abc import Sequence


class ConfigError(Exception):
    """What was asked for cannot be; the text is one line for a person and holds no secret."""


class InvalidConfigError(ConfigError):
    """Configuration files that cannot be used, with everything that is wrong in them, a line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
