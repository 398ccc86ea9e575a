"""The only module that writes to stdout."""

from __future__ import annotations

import sys

import click

from cdptui.cli.output_boundary import printable


def print_line(line: str) -> None:
    """Print one line on stdout, unbuffered, as a script may wait for it."""
    click.echo(printable(line, sys.stdout))


def write_sequences(sequences: str) -> None:
    """Write escape sequences to stdout, unsanitized."""
    click.echo(sequences, nl=False)
