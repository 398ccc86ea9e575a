"""Errors of the configuration."""

from __future__ import annotations

from collections.abc import Sequence


class ConfigError(Exception):
    """A setting that cannot be used. The text is one line for the user and contains no secret."""


class InvalidConfigError(ConfigError):
    """Invalid configuration files; the text has one line per problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
