"""The only module that writes to stdout."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from contextlib import suppress

import click

from cdptui.cli.output_boundary import printable


def print_line(line: str) -> None:
    """One line, at once: a script may wait for it."""
    click.echo(printable(line, sys.stdout))


def show_in_pager(text: str) -> None:
    """Show `text` in $PAGER, or in less; print it when stdin or stdout is not a terminal, or $PAGER cannot be parsed.

    Until the pager ends, Ctrl+C is its key: less cancels a search with it, and must not lose its terminal to the shell.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty() and _is_pager_valid()):
        print_line(text)
        return
    # A handler and not SIG_IGN, which the pager would inherit.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        with suppress(BrokenPipeError):  # the pager was left before it had read everything
            click.echo_via_pager(printable(text, sys.stdout))
    finally:
        signal.signal(signal.SIGINT, before)


def _is_pager_valid() -> bool:
    try:
        shlex.split(os.environ.get("PAGER", ""))
    except ValueError:
        return False
    return True


def write_sequences(sequences: str) -> None:
    """Tell the terminal to do something, as it is."""
    click.echo(sequences, nl=False)
