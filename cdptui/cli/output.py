"""The only module that writes to stdout."""

from __future__ import annotations

import click


def say(line: str) -> None:
    """One line, at once: a script may wait for it."""
    click.echo(line)
