from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cdptui.models.capacity import GrowthRate
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.sanitize import sanitize
from cdptui.models.severity import Severity
from cdptui.models.task import ResourceRef
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS
from cdptui.render.export import iter_csv, iter_json
from cdptui.render.task_cells import CellContext
from tests.doubles import EPOCH, GIB
from tests.unit.render.rows import a_row

CONTEXT = CellContext(EPOCH, {"vm-1": "erp-db-01", "s-1": "backup-server-1"}, UTC)
ROW = a_row(
    growth=GrowthRate(1024.5, 600.0),
    seconds_until_full=3600.0,
    resource_refs=(ResourceRef("vm-1", "VmInstanceVO"), ResourceRef("vm-2", "VmInstanceVO")),
    backup_storage_uuid="s-1",
)


AILING = replace(
    a_row("b", uuid="0b", status="Failed"),
    reasons=(Reason(ReasonKind.FAILED, Severity.CRITICAL, EPOCH), Reason(ReasonKind.NO_VM, Severity.WARNING)),
)


def written(rows: list[TaskRow], keys: list[str] | None = None) -> list[dict[str, str]]:
    columns = COLUMNS if keys is None else [BY_KEY[key] for key in keys]
    return list(csv.DictReader(io.StringIO("".join(iter_csv(rows, columns, CONTEXT)), newline="")))


def test_csv_has_base_units() -> None:
    (row,) = written([ROW])
    assert row == {
        "name": "cdp-erp-db",
        "status": "Running",
        "state": "Enabled",
        "used_bytes": str(40 * GIB),
        "plan_bytes": str(100 * GIB),
        "used_ratio": "0.4",
        "rpo_ms": "1830",
        "rpo_target_ms": "600000",
        "growth_bytes_per_s": "1024.5",
        "full_in_s": "3600.0",
        "full_in_doubt": "short",
        "resource_names": "erp-db-01; ",
        "resource_uuids": "vm-1; vm-2",
        "last_op_at": "2025-12-31T22:00:00Z",
        "trend_used_bytes": "",
        "growth_of_day_bytes": "",
        "severity": "healthy",
        "problems": "",
        "since": "",
        "storage_name": "backup-server-1",
        "storage_uuid": "s-1",
        "policy_name": "",
        "policy_uuid": "",
        "limit_bytes_per_s_a_volume": "",
        "created_at": "",
        "uuid": "uuid-of-cdp-erp-db",
        "description": "",
    }


def test_csv_has_all_problems_and_the_start_of_the_most_severe_one() -> None:
    (row,) = written([AILING], ["problem"])
    assert row == {"severity": "critical", "problems": "failed; no-vm", "since": "2026-01-01T00:00:00Z"}


def test_csv_has_the_chosen_columns_in_their_order() -> None:
    text = "".join(iter_csv([ROW], [BY_KEY["uuid"], BY_KEY["rpo"]], CONTEXT))
    assert text == "uuid,rpo_ms,rpo_target_ms\r\nuuid-of-cdp-erp-db,1830,600000\r\n"


def test_csv_of_an_empty_list_is_its_header() -> None:
    assert "".join(iter_csv([], [BY_KEY["name"]], CONTEXT)) == "name\r\n"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", '=1,"2"'])
def test_csv_text_is_not_a_spreadsheet_formula(name: str) -> None:
    (row,) = written([a_row(name)], ["name"])
    assert row["name"] == f"'{name}"


@settings(max_examples=100)
@given(st.lists(st.text().map(sanitize), max_size=8))
def test_any_name_is_one_cell_of_one_csv_line(names: list[str]) -> None:
    rows = written([a_row(name, uuid=f"u-{at}") for at, name in enumerate(names)], ["name", "uuid"])
    assert [row["uuid"] for row in rows] == [f"u-{at}" for at in range(len(names))]
    assert [row["name"].removeprefix("'") for row in rows] == [name.removeprefix("'") for name in names]


def test_long_list_is_yielded_in_chunks() -> None:
    rows = [a_row(f"task-{at}") for at in range(1000)]
    chunks = list(iter_csv(rows, DEFAULT_COLUMNS, CONTEXT))
    assert len(chunks) == 6
    assert "".join(chunks).count("\r\n") == 1001


@pytest.mark.parametrize(
    "records", [[], ['{"uuid": "a"}'], ['{"uuid": "a"}', '{"uuid": "b", "n": 12345678901234567890}']]
)
def test_json_is_an_object_with_the_unchanged_records(records: list[str]) -> None:
    about = {
        "node": "http://näh\x1b",
        "taken_at": datetime(2026, 1, 2, tzinfo=UTC),
        "filter": None,
        "is_complete": False,
    }
    text = "".join(iter_json(about, records, [ROW, AILING]))
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text) == {
        "node": "http://näh\x1b",
        "taken_at": "2026-01-02T00:00:00Z",
        "filter": None,
        "is_complete": False,
        "tasks": [json.loads(record) for record in records],
        "problems": {
            "0b": [
                {"problem": "failed", "severity": "critical", "since": "2026-01-01T00:00:00Z"},
                {"problem": "no-vm", "severity": "warning", "since": None},
            ]
        },
    }
    assert all(record in text for record in records)


def test_times_are_in_the_zone_of_the_screen_with_its_offset() -> None:
    zone = timezone(timedelta(hours=8))
    text = "".join(iter_csv([ROW], [BY_KEY["last-op"]], CellContext(EPOCH, {}, zone)))
    assert text == "last_op_at\r\n2026-01-01T06:00:00+08:00\r\n"
    about = json.loads("".join(iter_json({"taken_at": EPOCH}, [], [], zone)))
    assert about["taken_at"] == "2026-01-01T08:00:00+08:00"
