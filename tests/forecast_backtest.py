"""Back-test of forecasts: eight synthetic fleets, the methods that are compared, and their error and coverage."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from cdptui.models.capacity import DAY_S, median
from cdptui.models.forecast import MAX_HOURS, forecast_growth

DAYS: Final = 14
HOURS: Final = DAYS * 24
GIB: Final = 1 << 30

Series = list[int]
"""Used bytes at `HOURS` + 25 whole hours: the last day is what is forecast."""

_Written = Callable[[random.Random, float, int], float]
"""Bytes written in an hour (number since the start), of a task that writes so many bytes in a usual hour."""


def _noise(chance: random.Random) -> float:
    return max(0.0, chance.gauss(1.0, 0.2))


def _linear(chance: random.Random, rate: float, hour: int) -> float:
    return rate * _noise(chance)


def _quiet_nights(chance: random.Random, rate: float, hour: int) -> float:
    return rate * _noise(chance) * chance.uniform(0.8, 1.2) * (2.0 if 8 <= hour % 24 < 20 else 0.1)


def _nightly_burst(chance: random.Random, rate: float, hour: int) -> float:
    return rate * _noise(chance) * (18.0 * chance.uniform(0.7, 1.3) if hour % 24 == 2 else 0.3)


def _random_bursts(chance: random.Random, rate: float, hour: int) -> float:
    return rate * (0.5 * _noise(chance) + (chance.expovariate(1 / 8.0) if chance.random() < 0.06 else 0.0))


def _weekends_quiet(chance: random.Random, rate: float, hour: int) -> float:
    return rate * _noise(chance) * (0.15 if hour // 24 % 7 >= 5 else 1.3) * (1.5 if 8 <= hour % 24 < 20 else 0.5)


def _accumulate(written: _Written) -> Callable[[random.Random], Series]:
    def series(chance: random.Random) -> Series:
        rate, offset = chance.uniform(0.1, 10.0) * GIB, chance.randrange(7 * 24)
        used = [100.0 * GIB]
        for hour in range(HOURS + 24):
            used.append(used[-1] + written(chance, rate, hour + offset))
        return [round(value) for value in used]

    return series


def _sawtooth(chance: random.Random) -> Series:
    """Data are merged every few hours, which frees most of what was written since."""
    rate, period, kept = chance.uniform(0.1, 10.0) * GIB, chance.choice((4, 6, 8, 12)), chance.uniform(0.2, 0.5)
    used, since_merge = [100.0 * GIB], 0.0
    for hour in range(HOURS + 24):
        step = rate * _noise(chance)
        since_merge += step
        freed = 0.0
        if hour % period == period - 1:
            freed, since_merge = (1 - kept) * since_merge, 0.0
        used.append(used[-1] + step - freed)
    return [round(value) for value in used]


def _rate_step(chance: random.Random) -> Series:
    """The rate is six times the usual one from 3 to 20 hours before the forecast on."""
    rate, since = chance.uniform(0.1, 10.0) * GIB, HOURS - chance.randint(3, 20)
    used = [100.0 * GIB]
    for hour in range(HOURS + 24):
        used.append(used[-1] + rate * _noise(chance) * (6.0 if hour >= since else 1.0))
    return [round(value) for value in used]


def _one_drop(chance: random.Random) -> Series:
    """Capacity is freed once, in the last 20 hours before the forecast."""
    rate, at = chance.uniform(0.1, 10.0) * GIB, HOURS - chance.randint(2, 20)
    used = [1000.0 * GIB]
    for hour in range(HOURS + 24):
        used.append(used[-1] + rate * _noise(chance) - (rate * 24 * chance.uniform(1.0, 3.0) if hour == at else 0.0))
    return [round(value) for value in used]


FLEETS: Final[dict[str, Callable[[random.Random], Series]]] = {
    "linear": _accumulate(_linear),
    "quiet nights": _accumulate(_quiet_nights),
    "nightly burst": _accumulate(_nightly_burst),
    "random bursts": _accumulate(_random_bursts),
    "sawtooth merge": _sawtooth,
    "rate x6": _rate_step,
    "one drop": _one_drop,
    "quiet weekends": _accumulate(_weekends_quiet),
}


def last_hour(history: Sequence[int]) -> float:
    """Return the growth of a day at the rate of the last hour."""
    return 24.0 * (history[-1] - history[-2])


def last_day(history: Sequence[int]) -> float:
    """Return the growth of the last 24 hours."""
    return float(history[-1] - history[-25])


def week_mean(history: Sequence[int]) -> float:
    """Return the mean daily growth of the last seven days."""
    return (history[-1] - history[-169]) / 7


def daily_median(history: Sequence[int]) -> float:
    """Return the median of the last seven whole-day differences."""
    return median([history[-1 - 24 * day] - history[-25 - 24 * day] for day in range(7)])


def shifted_median(history: Sequence[int]) -> float:
    """Return the growth that `forecast_growth` expects."""
    forecast = forecast_growth(history[-MAX_HOURS:])
    assert forecast is not None
    return forecast.bytes_per_s * DAY_S


METHODS: Final[dict[str, Callable[[Sequence[int]], float]]] = {
    "last-hour slope": last_hour,
    "last 24 hours": last_day,
    "mean of 7 days": week_mean,
    "median of 7 days": daily_median,
    "median and shifts": shifted_median,
}


class Coverage(NamedTuple):
    """How often the range had the growth of the next day, and how wide it was."""

    share: float
    width: float
    """Median width as a share of the bytes moved in a day."""


class BackTest(NamedTuple):
    """Errors of methods by fleet as shares of the bytes moved in a day, and the coverage of the range by fleet."""

    errors: dict[str, dict[str, float]]
    coverage: dict[str, Coverage]

    def mean_error(self, method: str) -> float:
        """Return the geometric mean of a method's errors over the fleets."""
        errors = self.errors[method].values()
        return math.exp(sum([math.log(error) for error in errors]) / len(errors))


def run_backtest(series_count: int, seed: int = 1) -> BackTest:
    """Forecast the last day of `series_count` series of each fleet."""
    errors: dict[str, dict[str, float]] = {name: {} for name in METHODS}
    coverage = {}
    for fleet, create in FLEETS.items():
        chance = random.Random(f"{fleet} {seed}")
        found: dict[str, list[float]] = {name: [] for name in METHODS}
        covered, widths = 0, []
        for _ in range(series_count):
            series = create(chance)
            history, growth = series[: HOURS + 1], series[HOURS + 24] - series[HOURS]
            moved = sum([abs(after - before) for before, after in itertools.pairwise(history)]) / DAYS
            for name, method in METHODS.items():
                found[name].append(abs(method(history) - growth) / moved)
            forecast = forecast_growth(history[-MAX_HOURS:])
            assert forecast is not None
            slowest, fastest = forecast.slowest_bytes_per_s, forecast.fastest_bytes_per_s
            assert slowest is not None
            assert fastest is not None
            covered += slowest * DAY_S <= growth <= fastest * DAY_S
            widths.append((fastest - slowest) * DAY_S / moved)
        for name in METHODS:
            errors[name][fleet] = median(found[name])
        coverage[fleet] = Coverage(covered / series_count, median(widths))
    return BackTest(errors, coverage)


def format_backtest(result: BackTest) -> str:
    """Return the table: errors in % of the bytes moved in a day, coverage and width of the range in %."""
    lines = [f"{'method':18}" + "".join([f"{fleet:>16}" for fleet in FLEETS]) + f"{'geo. mean':>16}"]
    for method, by_fleet in result.errors.items():
        cells = [f"{by_fleet[fleet] * 100:>16.1f}" for fleet in FLEETS]
        lines.append(f"{method:18}" + "".join(cells) + f"{result.mean_error(method) * 100:>16.1f}")
    ranges = [f"{f'{result.coverage[fleet].share:.0%} / {result.coverage[fleet].width:.0%}':>16}" for fleet in FLEETS]
    return "\n".join([*lines, f"{'range: held/width':18}" + "".join(ranges)])
