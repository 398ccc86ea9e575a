"""The only module that writes to stdout."""

from __future__ import annotations

import sys

import click

from cdptui.cli.output_boundary import printable


def print_line(line: str) -> None:
    """Print a line and flush: a script may wait for it."""
    click.echo(printable(line, sys.stdout))


def write_sequences(sequences: str) -> None:
    """Write control sequences for the terminal unchanged."""
    click.echo(sequences, nl=False)
