"""`python -m tests.benchmarks [NAME...] [--json F]`: measure, print a table, exit 1 when a budget is exceeded."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import click

from tests.benchmarks import (
    bytes_written,
    ending,
    expressions,
    forecast,
    headless,
    idle,
    latency,
    memory,
    polling,
    recording,
    recording_on,
    regex_fuzz,
    startup,
    time_machine,
)
from tests.benchmarks.figures import Figure, Measured

FIGURES: tuple[Figure, ...] = (
    *startup.FIGURES,
    *ending.FIGURES,
    *idle.FIGURES,
    *bytes_written.FIGURES,
    *latency.FIGURES,
    *expressions.FIGURES,
    *forecast.FIGURES,
    *regex_fuzz.FIGURES,
    *headless.FIGURES,
    *polling.FIGURES,
    *memory.FIGURES,
    *recording.FIGURES,
    *recording_on.FIGURES,
    *time_machine.FIGURES,
)

_HEADINGS = ("figure", "ours", "peer", "ratio", "budget", "ok")


class _Line(NamedTuple):
    """A figure and its result; None when it could not be measured."""

    figure: Figure
    measured: Measured | None
    problem: str = ""

    @property
    def is_ok(self) -> bool:
        return self.measured is not None and self.figure.is_met(self.measured)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="F", help="Also write the results to F.")
@click.option("--list", "is_list", is_flag=True, help="List the benchmarks and how they measure.")
def benchmarks(names: tuple[str, ...], json_file: Path | None, is_list: bool) -> None:
    """Run the benchmarks whose names begin with one of NAMES, or all of them."""
    selected = [figure for figure in FIGURES if figure.is_selected(names)]
    unknown = [name for name in names if not any(figure.is_selected((name,)) for figure in FIGURES)]
    if unknown:
        known = ", ".join(figure.name for figure in FIGURES)
        message = f"no such benchmark: {', '.join(unknown)}; there are {known}"
        raise click.UsageError(message)
    if is_list:
        for figure in selected:
            click.echo(f"{figure.name}: {figure.title}; {figure.budget}\n\n    {figure.measure.__doc__}\n")
        return
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cdptui-benchmarks-", ignore_cleanup_errors=True) as state:
        # The programs that are measured read no configuration, and record to a folder that is removed.
        os.environ.update(XDG_STATE_HOME=state, XDG_CONFIG_HOME=state)
        lines = [_measure(figure) for figure in selected]
    click.echo(_table(lines))
    click.echo(f"{len(lines)} figures in {time.monotonic() - started:.0f} s", err=True)
    if json_file is not None:
        json_file.write_text(json.dumps([_as_json(line) for line in lines], indent=1), encoding="utf-8")
    sys.exit(0 if all(line.is_ok for line in lines) else 1)


def _measure(figure: Figure) -> _Line:
    click.echo(f"{figure.name} …", err=True, nl=False)
    started = time.monotonic()
    try:
        line = _Line(figure, figure.measure())
    except (AssertionError, OSError, ValueError) as error:
        # A benchmark that fails must not end the others; it counts as exceeding its budget.
        line = _Line(figure, None, str(error))
    found = line.problem if line.measured is None else f"{line.measured.ours}  ({line.measured.note or 'no more'})"
    click.echo(f" {'ok' if line.is_ok else 'NOT OK'}  {found}  [{time.monotonic() - started:.0f} s]", err=True)
    return line


def _table(lines: Iterable[_Line]) -> str:
    rows = [_HEADINGS, *(_row(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    padded = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([padded[0], rule, *padded[1:]])


def _row(line: _Line) -> tuple[str, ...]:
    figure, measured = line.figure, line.measured
    if measured is None:
        return (figure.title, "not measured", "", "", figure.budget, "NO")
    ratio = "" if measured.ratio is None else f"{measured.ratio:.2f}"
    return (figure.title, measured.ours, measured.peer, ratio, figure.budget, "yes" if line.is_ok else "NO")


def _as_json(line: _Line) -> dict[str, object]:
    figure = line.figure
    measured = None if line.measured is None else asdict(line.measured)
    return {
        "name": figure.name,
        "title": figure.title,
        "budget": figure.budget,
        "limit": figure.limit,
        "measured": measured,
        "problem": line.problem,
        "ok": line.is_ok,
    }


if __name__ == "__main__":
    benchmarks(prog_name="python -m tests.benchmarks")
