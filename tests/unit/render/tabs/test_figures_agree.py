"""The figures of one pane agree with one another, whatever the history of the task."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.capacity import DAY_S, CapacityHistory, CapacitySample, growth_rate
from cdptui.models.estimate import estimate_full_in
from cdptui.render import formatting
from cdptui.render.tabs.registry import OVERVIEW, WHY
from tests.doubles import GIB, a_task
from tests.unit.render.tabs.rows import a_row, shown

_LAST_HOUR = re.compile(r"; last hour \S+( \S+/h)?")
_PER_HOUR = re.compile(r"([\d.]+ (?:[KMGT]i)?B)/h")
_PER_DAY = re.compile(r"([\d.]+ (?:[KMGTP]i)?B)/day")
_FULL_IN = re.compile(r"full in +~?(\d+ (?:s|min|h|d|y))\b", re.IGNORECASE)

_STEPS = st.tuples(st.integers(60, 7200), st.integers(-1024, 8192))


@settings(max_examples=150)
@given(st.lists(_STEPS, min_size=3, max_size=30), st.integers(1, 500), st.integers(0, 900))
def test_one_pane_has_one_growth_and_one_time_until_full(
    steps: list[tuple[int, int]], left_gib: int, unchanged_s: int
) -> None:
    points = [CapacitySample(0.0, 100 * GIB)]
    for seconds, change in steps:
        points.append(CapacitySample(points[-1].at + seconds, max(0, points[-1].used_bytes + change * GIB // 1024)))
    track = CapacityHistory(tuple(points), until=points[-1].at + unchanged_s)
    used = points[-1].used_bytes
    capacities: dict[str, Any] = {"used_bytes": used, "plan_bytes": used + left_gib * GIB}
    rate = growth_rate(track.points, track.until)
    seconds_left = estimate_full_in(a_task(**capacities), rate)
    row = a_row(evidence={"growth": rate, "seconds_until_full": seconds_left}, **capacities)
    text = _LAST_HOUR.sub("", "\n".join([*shown(OVERVIEW, row, 300, track=track), *shown(WHY, row, 300)]))
    per_s = rate.bytes_per_s if rate is not None else 0.0
    assert set(_PER_HOUR.findall(text)) <= {formatting.rate(per_s).removeprefix("+").removesuffix("/h")}
    assert set(_PER_DAY.findall(text)) <= {
        formatting.rate(per_s, int(DAY_S), "day").removeprefix("+").removesuffix("/day")
    }
    assert set(_FULL_IN.findall(text)) <= {formatting.duration(seconds_left)}
    if seconds_left:
        assert _PER_HOUR.search(text)
        assert len(_PER_DAY.findall(text)) == 1
        assert _FULL_IN.search(text)
