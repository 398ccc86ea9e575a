from __future__ import annotations

import re
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from cdptui.models.capacity import Doubt, GrowthRate
from cdptui.models.day_trend import DayTrend
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task import ResourceRef
from cdptui.render.column_layout import fit_columns
from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS, KEEP_PRIORITY, PROBLEM, Column
from cdptui.render.reason_messages import GLOSSARY
from cdptui.render.spans import Role, plain_text
from cdptui.render.statuses import ROLES
from cdptui.render.task_cells import PROBLEM_CELLS, CellContext, bar, resource_kind, rpo_role
from tests.doubles import EPOCH, GIB
from tests.unit.render.rows import a_row

CONTEXT = CellContext(now=EPOCH, names={"vm-of-cdp-erp-db": "erp-db-01"})


def test_wide_terminal_shows_every_default_column() -> None:
    assert [p.column for p in fit_columns(160)] == list(DEFAULT_COLUMNS)


def test_every_column_has_a_priority_and_a_unique_key() -> None:
    assert sorted(column.key for column in KEEP_PRIORITY) == sorted({column.key for column in COLUMNS})


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_heading_fits_its_column_with_the_arrow_of_the_order(column: Column) -> None:
    assert column.min_width == cell_len(f"{column.heading}▼") <= column.width
    assert column.help


@pytest.mark.parametrize(
    ("key", "changes", "text"),
    [
        ("name", {}, "cdp-erp-db"),
        ("status", {}, "● Running"),
        ("status", {"status": "Failed"}, "✖ Failed"),
        ("status", {"status": "Levitating"}, "◇ Levitating"),
        ("state", {"state": "Disabled"}, "Disabled"),
        ("used", {}, "40 GiB"),
        ("used", {"used_bytes": None}, "–"),
        ("used", {"used_bytes": None, "unreadable_fields": frozenset({"usedCapacity"})}, "bad"),
        ("plan", {}, "100 GiB"),
        ("plan", {"plan_bytes": 0}, "none"),
        ("plan", {"plan_bytes": None}, "–"),
        ("plan", {"plan_bytes": None, "unreadable_fields": frozenset({"maxCapacity"})}, "bad"),
        ("use", {"plan_bytes": 0}, ""),
        ("use", {"used_bytes": 100 * GIB}, " 100% ██████"),
        ("rpo", {}, "1.8s/10m"),
        ("rpo", {"rpo_target_ms": 0}, "1.8s"),
        ("rpo", {"status": "Stopped"}, "last 1.8s"),
        ("rpo", {"status": "Stopped", "rpo_ms": 0}, "–"),
        ("rpo", {"rpo_ms": 0}, "0ms/10m"),
        ("rpo", {"rpo_ms": None}, ""),
        ("rpo", {"rpo_ms": None, "unreadable_fields": frozenset({"lastLatency"})}, "bad"),
        ("growth", {}, ""),
        ("growth", {"growth": GrowthRate(0.0, 600)}, "0/h"),
        ("growth", {"growth": GrowthRate(GIB / 3600, 600)}, "+1 GiB/h"),
        ("full-in", {}, ""),
        ("full-in", {"seconds_until_full": 0.0}, "full"),
        ("full-in", {"seconds_until_full": 7200.0}, "2 h"),
        ("full-in", {"seconds_until_full": 7200.0, "growth": GrowthRate(1.0, 1799.0)}, "~2 h"),
        ("full-in", {"seconds_until_full": 7200.0, "growth": GrowthRate(1.0, 9000.0, Doubt.FREED)}, "~2 h"),
        ("full-in", {"seconds_until_full": 1e12}, "> 1 y"),
        ("protects", {}, "erp-db-01"),
        ("protects", {"resource_refs": ()}, "none"),
        ("protects", {"resource_refs": (ResourceRef("x", "VmInstanceVO"),)}, "VM"),
        ("protects", {"resource_refs": (ResourceRef("x", "VmInstanceVO"), ResourceRef("y", "V"))}, "2 resources"),
        ("last-op", {}, "2 h"),
        ("last-op", {"last_op_at": None}, "–"),
    ],
)
def test_default_column_cells(key: str, changes: dict[str, object], text: str) -> None:
    assert plain_text(BY_KEY[key].cell(a_row(**changes), CONTEXT)) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "state", "severity", "role"),
    [
        ("Running", "Enabled", Severity.HEALTHY, Role.OK),
        ("DataMerging", "Enabled", Severity.HEALTHY, Role.OK),
        *(("Running", "Enabled", worse, Role.DIM) for worse in Severity if worse > Severity.HEALTHY),
        ("DataMerging", "Enabled", Severity.WARNING, Role.DIM),
        ("Stopped", "Enabled", Severity.CRITICAL, Role.BAD),
        ("Stopped", "Enabled", Severity.NOTICE, Role.ACCENT),
        ("Starting", "Enabled", Severity.WARNING, Role.BUSY),
        ("Stopped", "Disabled", Severity.NOTICE, Role.CALM),
    ],
)
def test_status_is_not_greener_or_louder_than_its_task(status: str, state: str, severity: Severity, role: Role) -> None:
    row = replace(a_row(status=status, state=state), severity=severity)
    assert BY_KEY["status"].cell(row, CONTEXT)[0].role is role


@pytest.mark.parametrize("kind", GLOSSARY, ids=lambda kind: kind.value)
@pytest.mark.parametrize("others", [0, 1, 9])
def test_every_problem_fits_its_column_and_the_number_of_others_gives_way_first(kind: ReasonKind, others: int) -> None:
    worst = Reason(kind, Severity.WARNING, EPOCH - timedelta(days=729))
    row = a_row(status="DataMerging", rpo_ms=10**9, seconds_until_full=172_799.0)
    text, label = (
        plain_text(BY_KEY["problem"].cell(replace(row, reasons=(worst,) * count), CONTEXT)) for count in (1 + others, 1)
    )
    assert cell_len(label) <= PROBLEM_CELLS
    more = f"{label} +{others}"
    assert text == (more if others and cell_len(more) <= PROBLEM_CELLS else label)


def test_task_without_name_is_marked() -> None:
    assert plain_text(BY_KEY["name"].cell(a_row(""), CONTEXT)) == "(no name)"


@settings(max_examples=100)
@given(
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.floats(0, 1e15).map(lambda rate: GrowthRate(rate, 600.0)),
    st.none() | st.floats(0, 1e15),
    st.none() | st.integers(-(10**8), 10**8).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
)
def test_figures_fit_their_columns(
    used: int | None, plan: int | None, growth: GrowthRate | None, seconds_until_full: float | None, last_op: object
) -> None:
    row = a_row(
        used_bytes=used, plan_bytes=plan, growth=growth, seconds_until_full=seconds_until_full, last_op_at=last_op
    )
    for key in ("used", "plan", "use", "growth", "full-in", "last-op"):
        assert cell_len(plain_text(BY_KEY[key].cell(row, CONTEXT))) <= BY_KEY[key].width


@pytest.mark.parametrize("status", ["Failed", "Unknown", "Stopped", "Stopping", "Starting", "Created", "DataMerging"])
def test_every_known_status_fits_its_column(status: str) -> None:
    assert cell_len(plain_text(BY_KEY["status"].cell(a_row(status=status), CONTEXT))) <= BY_KEY["status"].width


@pytest.mark.parametrize(
    ("ratio", "role"), [(0.0, Role.TEXT), (0.89, Role.TEXT), (0.9, Role.ACCENT), (1.0, Role.BAD), (2.0, Role.BAD)]
)
def test_used_share_of_the_plan_has_the_role_of_its_problem(ratio: float, role: Role) -> None:
    row = a_row(used_bytes=int(ratio * 1000), plan_bytes=1000)
    assert BY_KEY["use"].cell(row, CONTEXT)[0].role is role


@pytest.mark.parametrize(
    ("rpo", "state", "role"),
    [
        (400_000, "Enabled", Role.TEXT),
        (500_000, "Enabled", Role.WARN),
        (700_000, "Enabled", Role.WARN),
        (700_000, "Disabled", Role.DIM),
    ],
)
def test_rpo_warns_before_a_breach_only_while_enabled(rpo: int, state: str, role: Role) -> None:
    assert BY_KEY["rpo"].cell(a_row(rpo_ms=rpo, state=state), CONTEXT)[0].role is role


@settings(max_examples=100)
@given(st.floats(0, 5), st.integers(1, 40))
def test_bar_has_its_length_and_shows_any_ratio_above_zero(ratio: float, cells: int) -> None:
    text = plain_text(bar(ratio, cells))
    assert len(text) == cells
    assert (text == "░" * cells) == (ratio == 0)
    assert ratio < 1 or text == "█" * cells


@pytest.mark.parametrize(
    ("resource_type", "kind"),
    [("VmInstanceVO", "VM"), ("org.zstack.VolumeVO", "org.zstack.Volume"), ("VolumeVO", "Volume"), ("?", "?")],
)
def test_resource_type_is_shown_in_a_readable_form(resource_type: str, kind: str) -> None:
    assert resource_kind(resource_type) == kind


@pytest.mark.parametrize(
    ("key", "changes", "text"),
    [
        ("uuid", {"uuid": "u-1"}, "u-1"),
        ("policy", {}, "none"),
        ("policy", {"policy_uuid": "p"}, "p"),
        ("policy", {"policy_uuid": "gold-uuid"}, "gold"),
        ("storage", {"backup_storage_uuid": "s"}, "s"),
        ("vm", {}, "erp-db-01"),
        ("vm", {"resource_refs": ()}, "none"),
        ("vm", {"resource_refs": (ResourceRef("gold-uuid", "V"), ResourceRef("y", "V"))}, "gold, y"),
        ("limit", {}, ""),
        ("limit", {"bandwidth_limit_bps": 0}, "none"),
        ("limit", {"bandwidth_limit_bps": 100 * 2**20}, "100 MiB/s"),
        ("created", {}, "–"),
        ("created", {"created_at": EPOCH}, "2026-01-01 00:00:00 UTC"),
        ("last-op-date", {}, "2025-12-31 22:00:00 UTC"),
        ("description", {}, ""),
        ("description", {"description": "ours"}, "ours"),
    ],
)
def test_optional_column_cells(key: str, changes: dict[str, object], text: str) -> None:
    context = CellContext(EPOCH, {"vm-of-cdp-erp-db": "erp-db-01", "gold-uuid": "gold"}, UTC)
    assert plain_text(BY_KEY[key].cell(a_row(**changes), context)) == text  # type: ignore[arg-type]


GROWING = (1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize(
    ("used", "text"),
    [
        (GROWING, "▁▂▃▄▅▆▇█"),
        (tuple(10**15 + value for value in GROWING), "▁▂▃▄▅▆▇█"),
        ((8, 8, 8, 8, 1, 1, 1, 1), "████▁▁▁▁"),
        ((5,) * 8, "────────"),
        ((None, None, 0, 0, None, 2, 2, None), "  ▁▁ ██ "),
        ((None,) * 7 + (3,), "       ─"),
    ],
)
def test_trend_is_scaled_to_what_moves_and_blank_where_nothing_is_known(
    used: tuple[int | None, ...], text: str
) -> None:
    context = replace(CONTEXT, day_trend=lambda _: DayTrend(used, None))
    assert plain_text(BY_KEY["trend"].cell(a_row(), context)) == text
    assert cell_len(text) <= BY_KEY["trend"].width


def test_trend_exports_numbers() -> None:
    column, context = BY_KEY["trend"], replace(CONTEXT, day_trend=lambda _: DayTrend((None, *GROWING[1:]), -7))
    values = {field.name: field.value(a_row(), context) for field in column.data}
    assert values == {"trend_used_bytes": ("", "2", "3", "4", "5", "6", "7", "8"), "growth_of_day_bytes": -7}
    unknown = {field.name: field.value(a_row(), CONTEXT) for field in column.data}
    assert unknown == {"trend_used_bytes": (), "growth_of_day_bytes": None}
    assert plain_text(column.cell(a_row(), CONTEXT)) == ""


def test_trend_sorts_as_growth_does() -> None:
    row = a_row(growth=GrowthRate(5.0, 600))
    assert BY_KEY["trend"].sort_value(row) == BY_KEY["growth"].sort_value(row)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_every_column_exports_fields_named_with_their_unit(column: Column) -> None:
    assert column.data
    for datum in column.data:
        assert re.fullmatch(r"[a-z][a-z_]*", datum.name)
        value = datum.value(a_row(), CONTEXT)
        assert not isinstance(value, float) or datum.name.endswith(("_s", "_ratio"))


@pytest.mark.parametrize(("state", "text"), [("Disabled", "disabled"), ("Enabled", "")])
def test_disabled_task_without_a_problem_says_so_quietly(state: str, text: str) -> None:
    cell = PROBLEM.cell(a_row(status="Stopped", state=state), CONTEXT)
    assert plain_text(cell) == text
    assert all(span.role is Role.DIM for span in cell)


@pytest.mark.parametrize("ratio", [0.9, 1.17])
def test_rpo_has_the_role_of_its_problem(ratio: float) -> None:
    assert rpo_role(ratio) is ROLES[Severity.WARNING]
