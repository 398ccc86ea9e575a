"""Error and cost of forecasts."""

from __future__ import annotations

import random
import time
from typing import Final

import click

from cdptui.models.forecast import MAX_HOURS, forecast_growth
from tests.benchmarks.figures import Figure, Measured
from tests.forecast_backtest import FLEETS, HOURS, format_backtest, run_backtest

_SERIES: Final = 120
_TASKS: Final = 10_000
_ROUNDS: Final = 5


def error() -> Measured:
    """Forecast the last of 15 days of 120 series of each of eight fleets.

    An error is the geometric mean of the fleets' median errors.
    """
    result = run_backtest(_SERIES)
    click.echo(f"\n{format_backtest(result)}", err=True)
    ours, peer = result.mean_error("median and shifts"), result.mean_error("last-hour slope")
    held = sum([coverage.share for coverage in result.coverage.values()]) / len(result.coverage)
    return Measured(ours / peer, f"{ours:.1%}", f"{peer:.1%}", ours / peer, f"range held {held:.0%}")


def cost() -> Measured:
    """Forecast 10,000 tasks with eight days of hours, of all eight fleets: CPU time of the fastest of five."""
    chance, creators = random.Random(1), list(FLEETS.values())
    distinct = [creators[number % len(creators)](chance)[HOURS + 1 - MAX_HOURS : HOURS + 1] for number in range(400)]
    times = []
    for _ in range(_ROUNDS):
        began = time.thread_time()
        for number in range(_TASKS):
            forecast_growth(distinct[number % len(distinct)])
        times.append(time.thread_time() - began)
    seconds = min(times)
    return Measured(seconds * 1000, f"{seconds * 1000:.0f} ms")


FIGURES = (
    Figure("forecast-error", "24 h forecast error against the last-hour slope", "<= 0.3 x", 0.3, error),
    Figure("forecast-cost", "forecast of 10,000 tasks", "<= 100 ms", 100, cost),
)
