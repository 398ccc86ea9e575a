from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cdptui.models.capacity import Doubt, GrowthRate
from cdptui.models.estimate import find_doubt
from cdptui.models.inventory import BackupStorage
from cdptui.models.severity import Severity
from cdptui.models.storages import StorageSummary, summarize_storage, summarize_storages
from tests.doubles import GIB
from tests.unit.render.rows import a_row

TRUSTED_S = 7200.0
SHORT_S = 60.0
HOUR_S = 3600.0


CONNECTED = BackupStorage(
    uuid="s-1", state="Enabled", status="Connected", total_bytes=1000 * GIB, available_bytes=500 * GIB
)


def a_storage(name: str = "backup-1", **changes: Any) -> BackupStorage:
    return structs.replace(CONNECTED, name=name, **changes)


def growing(gib_per_h: float, span_s: float, **changes: Any) -> StorageSummary:
    row = a_row(growth=GrowthRate(gib_per_h * GIB / HOUR_S, span_s), plan_bytes=100 * GIB, used_bytes=80 * GIB)
    return summarize_storage("s-1", [row], a_storage(**changes))


def test_task_over_its_plan_needs_no_more_capacity() -> None:
    rows = [a_row("over", used_bytes=12 * GIB, plan_bytes=10 * GIB), a_row("b", used_bytes=GIB, plan_bytes=4 * GIB)]
    summary = summarize_storage("s", rows, BackupStorage(uuid="s", available_bytes=GIB))
    assert (summary.tasks.count, summary.tasks.remaining_planned_bytes) == (2, 3 * GIB)
    assert summary.spare_bytes == -2 * GIB


@pytest.mark.parametrize("storage", [None, BackupStorage(uuid="s")])
def test_unknown_capacity_gives_no_figures_that_depend_on_it(storage: BackupStorage | None) -> None:
    summary = summarize_storage("s", [a_row(growth=GrowthRate(1.0, TRUSTED_S))], storage)
    assert summary.available_bytes is summary.used_ratio is summary.spare_bytes is summary.full_in_s is None


def test_growth_is_the_sum_of_the_trusted_growths_and_marked_while_others_are_missing() -> None:
    trusted, short = GrowthRate(GIB / HOUR_S, TRUSTED_S), GrowthRate(50 * GIB / HOUR_S, SHORT_S)
    rows = [a_row("a", growth=trusted), a_row("b", growth=trusted), a_row("c", growth=short)]
    everything = summarize_storage("s", rows).tasks
    assert everything.growth_bytes_per_s == pytest.approx(2 * GIB / HOUR_S)
    assert not everything.is_growth_trusted
    assert summarize_storage("s", rows[:2]).tasks.is_growth_trusted


@pytest.mark.parametrize(("changing_gib_per_h", "is_trusted"), [(0, True), (2, True), (3, False)])
def test_small_growth_in_doubt_leaves_the_total_trusted(changing_gib_per_h: int, *, is_trusted: bool) -> None:
    steady = GrowthRate(10 * GIB / HOUR_S, TRUSTED_S)
    changing = GrowthRate(changing_gib_per_h * GIB / HOUR_S, TRUSTED_S, Doubt.CHANGING)
    tasks = summarize_storage("s", [a_row("a", growth=steady), a_row("b", growth=changing)]).tasks
    assert tasks.is_growth_trusted is is_trusted
    assert tasks.growth_bytes_per_s == pytest.approx(10 * GIB / HOUR_S)


def test_growth_that_is_not_known_yet_leaves_the_total_in_doubt() -> None:
    rows = [a_row("a", growth=GrowthRate(1.0, TRUSTED_S)), a_row("new")]
    assert not summarize_storage("s", rows).tasks.is_growth_trusted


def test_growth_without_any_trusted_one_is_the_sum_of_all_and_marked() -> None:
    tasks = growing(50, SHORT_S).tasks
    assert tasks.growth_bytes_per_s == pytest.approx(50 * GIB / HOUR_S)
    assert not tasks.is_growth_trusted


@pytest.mark.parametrize("growth", [None, GrowthRate(5.0, SHORT_S), GrowthRate(5.0, TRUSTED_S)])
@pytest.mark.parametrize(("status", "state"), [("Running", "Disabled"), ("Stopped", "Enabled"), ("Failed", "Enabled")])
def test_tasks_that_record_nothing_add_no_growth_and_no_doubt(
    status: str, state: str, growth: GrowthRate | None
) -> None:
    rows = [a_row("a", growth=GrowthRate(1.0, TRUSTED_S)), a_row("b", growth=growth, status=status, state=state)]
    tasks = summarize_storage("s", rows).tasks
    assert (tasks.growth_bytes_per_s, tasks.is_growth_trusted) == (1.0, True)


@pytest.mark.parametrize("doubt", [None, *Doubt])
def test_growth_of_a_storage_is_trusted_when_that_of_the_task_is(doubt: Doubt | None) -> None:
    rate = GrowthRate(GIB / HOUR_S, SHORT_S if doubt is Doubt.SHORT else TRUSTED_S, doubt)
    summary = summarize_storage("s", [a_row(growth=rate)], a_storage())
    assert summary.is_full_in_trusted is (find_doubt(summary.full_in_s, rate) is None)


@pytest.mark.parametrize(
    ("free_gib", "gib_per_h", "full_in_h"), [(500, 10, 50.0), (0, 10, 0.0), (500, 0, None), (0, 0, 0.0)]
)
def test_storage_is_full_when_the_growth_has_used_up_its_free_capacity(
    free_gib: int, gib_per_h: float, full_in_h: float | None
) -> None:
    seconds = growing(gib_per_h, TRUSTED_S, available_bytes=free_gib * GIB).full_in_s
    assert (None if seconds is None else round(seconds / HOUR_S, 3)) == full_in_h


@pytest.mark.parametrize(
    ("summary", "severity"),
    [
        (growing(1, TRUSTED_S), Severity.HEALTHY),
        (growing(1, TRUSTED_S, status="Disconnected"), Severity.CRITICAL),
        (growing(1, TRUSTED_S, available_bytes=0), Severity.CRITICAL),
        (growing(10, TRUSTED_S), Severity.WARNING),
        (growing(10, SHORT_S), Severity.HEALTHY),
        (growing(0, TRUSTED_S, available_bytes=10 * GIB), Severity.WARNING),
        (growing(0, TRUSTED_S, status="Connecting"), Severity.WARNING),
        (growing(0, TRUSTED_S, state="Disabled"), Severity.WARNING),
        (growing(0, TRUSTED_S, total_bytes=None, available_bytes=None), Severity.HEALTHY),
        (summarize_storage("s-1", [a_row()]), Severity.NOTICE),
        (summarize_storage("s-1", [], a_storage()), Severity.CALM),
        (summarize_storage("s-1", [], a_storage(status="Disconnected")), Severity.NOTICE),
    ],
)
def test_severity_of_a_storage(summary: StorageSummary, severity: Severity) -> None:
    assert summary.severity is severity


def test_every_storage_has_a_summary_listed_or_not_and_the_tasks_without_one_too() -> None:
    totals = {uuid: summarize_storage(uuid, [a_row()]).tasks for uuid in ("s-1", "gone", "")}
    listed = {"s-1": a_storage(), "empty": a_storage("empty")}
    found = summarize_storages(totals, listed)
    assert {uuid: (summary.tasks.count, summary.storage is not None) for uuid, summary in found.items()} == {
        "s-1": (1, True),
        "empty": (0, True),
        "gone": (1, False),
        "": (1, False),
    }


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 10**15), st.none() | st.integers(0, 10**15)), max_size=8),
    st.none() | st.integers(0, 10**15),
)
def test_plans_of_any_tasks_cover_what_is_used(tasks: list[tuple[int | None, int | None]], free: int | None) -> None:
    rows = [a_row(f"t{at}", used_bytes=used, plan_bytes=plan) for at, (used, plan) in enumerate(tasks)]
    summary = summarize_storage("s", rows, a_storage(available_bytes=free))
    assert summary.tasks.remaining_planned_bytes >= 0
    spare = summary.spare_bytes
    assert spare == (None if free is None else free - summary.tasks.remaining_planned_bytes)


def test_storages_are_not_missing_while_nothing_was_listed() -> None:
    totals = {"s-1": summarize_storage("s-1", [a_row()]).tasks}
    for listed, is_known, severity in (({}, True, Severity.NOTICE), (None, False, Severity.CALM)):
        (summary,) = summarize_storages(totals, listed).values()
        assert (summary.is_list_known, summary.severity) == (is_known, severity)
