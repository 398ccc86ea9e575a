"""The only module that writes to stdout, and that starts a pager."""

from __future__ import annotations

import signal
import sys

import click

from cdptui.cli.output_boundary import printable


def print_line(line: str) -> None:
    """Print a line and flush: a script may wait for it."""
    click.echo(printable(line, sys.stdout))


def show_in_pager(text: str) -> None:
    """Show `text` in $PAGER, or in less; print it when stdin or stdout is not a terminal, or $PAGER cannot be parsed.

    Until the pager ends, Ctrl+C is its key: less cancels a search with it, and must not lose its terminal to the shell.
    """
    # A handler and not SIG_IGN, which the pager would inherit.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        click.echo_via_pager(printable(text, sys.stdout))
    except ValueError:  # an unbalanced quote in $PAGER; nothing has been written
        print_line(text)
    finally:
        signal.signal(signal.SIGINT, before)


def write_sequences(sequences: str) -> None:
    """Write control sequences for the terminal unchanged."""
    click.echo(sequences, nl=False)
