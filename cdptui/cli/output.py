"""The only module that writes to stdout."""

from __future__ import annotations

import click


def say(line: str) -> None:
    """One line, at once: a script may wait for it."""
    click.echo(line)


def write_sequences(sequences: str) -> None:
    """Tell the terminal to do something, as it is."""
    click.echo(sequences, nl=False)
