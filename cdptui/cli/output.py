"""The only module that writes to stdout."""

from __future__ import annotations

import sys

import click

from cdptui.cli.output_boundary import printable


def print_line(line: str) -> None:
    """One line, at once: a script may wait for it."""
    click.echo(printable(line, sys.stdout))


def write_sequences(sequences: str) -> None:
    """Tell the terminal to do something, as it is."""
    click.echo(sequences, nl=False)
