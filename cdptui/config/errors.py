"""The one error of this room."""

from __future__ import annotations


class ConfigError(Exception):
    """What was asked for cannot be; the text is one line for a person and holds no secret."""
