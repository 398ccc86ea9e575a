from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import Any

import pytest

from cdptui.models.capacity import GrowthRate
from cdptui.models.problem_labels import WORDS
from cdptui.models.reasons import STOP_CAUSES, Evidence, Reason, ReasonKind, VmCondition, find_reasons, overall_severity
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import PROBLEM
from cdptui.render.reason_messages import (
    GLOSSARY,
    LEVELS,
    ReasonContext,
    ReasonText,
    describe_reason,
    describe_start,
    reason_label,
)
from cdptui.render.spans import plain_text
from cdptui.render.task_cells import CellContext
from tests.doubles import EPOCH, GIB, a_task

NAMES = {"bs-1": "backup-server-1", "uuid-of-b": "cdp-erp-b", "vm-of-cdp-erp-db": "erp-db-01"}
CONTEXT = ReasonContext(EPOCH, timezone(timedelta(hours=8)), NAMES)
EVERYTHING: dict[str, Any] = {
    "seconds_until_full": 7200.0,
    "growth": GrowthRate(GIB / 3600, 10_800.0),
    "stalled_since": EPOCH - timedelta(hours=2),
    "duplicate_task_uuid": "uuid-of-b",
    "is_storage_disconnected": True,
    "is_policy_missing": True,
}


def build_row(evidence: dict[str, Any] | None = None, **changes: Any) -> TaskRow:
    task = a_task(**{"backup_storage_uuid": "bs-1", "policy_uuid": "p-1", **changes})
    facts = Evidence(EPOCH, **(evidence or {}))
    reasons = find_reasons(task, facts)
    return TaskRow(task, overall_severity(task, reasons), facts.growth, facts.seconds_until_full, reasons)


STOPS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"vm": VmCondition.OFF}, {}),
    ({"vm": VmCondition.DELETED}, {}),
    ({"vm": VmCondition.MISSING}, {}),
    ({}, {"used_bytes": 100 * GIB}),
    ({}, {"used_bytes": 99 * GIB}),
    ({"storage_free_percent": 0}, {}),
    ({"storage_free_percent": 4}, {}),
    ({"is_storage_missing": True}, {}),
    ({"is_storage_disconnected": True}, {}),
    ({}, {"rpo_ms": 1_500_000}),
]
CASES = [
    build_row(EVERYTHING, rpo_ms=1_500_000, last_op_at=EPOCH + timedelta(hours=8)),
    build_row({"seconds_until_full": 0.0}, status="Failed", used_bytes=101 * GIB),
    build_row(status="Stopped", resource_refs=()),
    build_row(status="Unknown", last_op_at=None),
    build_row(used_bytes=95 * GIB),
    build_row(status="Levitating", unreadable_fields=frozenset({"usedCapacity", "createDate"})),
    build_row(status="Running", state="Disabled"),
    build_row(status="Stopped", state="Disabled", last_op_at=EPOCH - timedelta(days=12)),
    build_row(status="Starting", last_op_at=EPOCH - timedelta(minutes=25)),
    build_row(rpo_ms=510_000),
    *(build_row(evidence, status="Stopped", **changes) for evidence, changes in STOPS),
]


def text_of(kind: ReasonKind) -> ReasonText:
    return next(describe_reason(reason, row, CONTEXT) for row in CASES for reason in row.reasons if reason.kind is kind)


def test_every_reason_has_label_sentence_and_next_step() -> None:
    assert {reason.kind for row in CASES for reason in row.reasons} == set(ReasonKind)
    for kind in ReasonKind:
        text = text_of(kind)
        assert text.sentence
        assert text.next_step
        assert 0 < len(text.label) <= 18
        assert not re.search(r"None|uuid-of|Severity|[{}]", text.sentence + text.next_step)


def test_texts_of_stops_name_cause_and_likelihood() -> None:
    texts: dict[str, str] = {}
    for row in CASES[-len(STOPS) :]:
        stop = next(reason for reason in row.reasons if reason.kind in STOP_CAUSES)
        text = describe_reason(stop, row, CONTEXT)
        texts[text.label] = text.sentence
        assert len(text.label) <= 18
        assert ("likely" in text.sentence) is stop.is_likely
        assert text.label.endswith("?") is stop.is_likely
    assert texts == {
        "stopped, VM off": "Stopped because its VM erp-db-01 is off",
        "VM deleted": "Stopped because its VM erp-db-01 is deleted",
        "VM deleted?": "Stopped, likely because its VM erp-db-01 is deleted: it is not visible to this account",
        "stopped, plan full": "Stopped because its plan is full: 100 GiB of 100 GiB used",
        "stopped, full?": "Stopped, likely because its plan is full: 99 GiB of 100 GiB used when last measured",
        "storage full": "Stopped because backup storage backup-server-1 is full",
        "storage full?": "Stopped, likely because backup storage backup-server-1 is full: it has little free capacity",
        "storage deleted?": "Stopped, likely because backup storage backup-server-1 is deleted: it is not visible to"
        " this account",
        "disconnected": "Stopped because backup storage backup-server-1 is disconnected",
        "stopped, RPO?": "Stopped, likely because the RPO passed its target: 25m (target 10m)",
    }


def test_stop_by_the_rpo_says_that_it_resumes_by_itself() -> None:
    row = build_row(status="Stopped", rpo_ms=60_000_000)
    for is_likely in (True, False):
        stop = Reason(ReasonKind.STOPPED_RPO, Severity.WARNING, is_likely=is_likely)
        text = describe_reason(stop, row, CONTEXT)
        assert "resumes by itself" in text.next_step
        assert len(text.label) <= 18


@pytest.mark.parametrize(
    ("evidence", "changes", "checked"),
    [
        pytest.param(
            {"vm": VmCondition.ON, "is_storage_listed": True},
            {},
            "Checked: VM erp-db-01 is on, backup storage backup-server-1 is not disconnected, 40% of the plan is used,"
            " last measured RPO 1.8s (target 10m)",
            id="all",
        ),
        pytest.param(
            {},
            {},
            "Checked: 40% of the plan is used, last measured RPO 1.8s (target 10m); not known: state of the VM,"
            " connection of the backup storage",
            id="VM and storage not known",
        ),
        pytest.param(
            {"is_storage_listed": True},
            {"plan_bytes": 0, "rpo_ms": None, "resource_refs": ()},
            "Checked: no VM is attached, backup storage backup-server-1 is not disconnected, no plan is set; not known:"
            " RPO",
            id="no VM and no plan",
        ),
        pytest.param(
            {},
            {"plan_bytes": None, "rpo_ms": None},
            "Checked: nothing; not known: state of the VM, connection of the backup storage, use of the plan, RPO",
            id="nothing",
        ),
    ],
)
def test_stop_without_a_known_cause_says_what_was_checked(
    evidence: dict[str, Any], changes: dict[str, Any], checked: str
) -> None:
    row = build_row(evidence, status="Stopped", **changes)
    text = describe_reason(row.reasons[0], row, CONTEXT)
    assert text.sentence == "Stopped, cause not known: no changes are being recorded"
    assert text.checked == checked
    assert "for the cause" in text.next_step


def test_problem_with_a_cause_lists_no_checks() -> None:
    assert {kind for kind in ReasonKind if text_of(kind).checked} == {ReasonKind.STOPPED}


@pytest.mark.parametrize(
    ("is_last_op", "expected"), [(True, "last operation 2024-07-23 08:00 (527 d ago)"), (False, "since 07:59 (60 s)")]
)
def test_date_of_the_server_is_called_last_operation(is_last_op: bool, expected: str) -> None:
    since = EPOCH - (timedelta(days=527) if is_last_op else timedelta(seconds=60))
    reason = Reason(ReasonKind.FAILED, Severity.CRITICAL, since, is_last_op=is_last_op)
    assert describe_start(reason, CONTEXT) == expected.replace("60 s", "1 min")


def test_glossary_has_every_kind_in_a_short_line() -> None:
    assert list(GLOSSARY) == list(ReasonKind)
    assert all(len(text) < 66 for text in GLOSSARY.values())


def test_every_severity_has_a_level() -> None:
    assert set(LEVELS) == set(Severity)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ReasonKind.STORAGE, "backup-server-1 is disconnected"),
        (ReasonKind.FULL, "full: 101 GiB of 100 GiB used"),
        (ReasonKind.FULL_SOON, "full in 2 h: 60 GiB of 100 GiB left, growth +1 GiB/h (measured over 3 h)"),
        (ReasonKind.NEAR_FULL, "95% of the 100 GiB plan is used, 5 GiB left"),
        (ReasonKind.RPO, "25m old (target 10m)"),
        (ReasonKind.TWO_TASKS, "Task cdp-erp-b protects the same VM"),
        (ReasonKind.STARTING, "Starting for 25 min"),
        (ReasonKind.UNREADABLE, "Unreadable fields: createDate, usedCapacity"),
        (ReasonKind.STALLED, "not changed for 2 h"),
        (ReasonKind.LONG_DISABLED, "Disabled for 12 d"),
        (ReasonKind.CLOCK_SKEW, "8 h ahead of this machine's clock"),
        (ReasonKind.ACTIVE_WHILE_DISABLED, "the status is Running"),
    ],
)
def test_sentence_shows_the_figures(kind: ReasonKind, expected: str) -> None:
    assert expected in text_of(kind).sentence


def test_start_is_in_the_server_zone_with_its_date_when_it_was_another_day() -> None:
    assert text_of(ReasonKind.RPO).since == "since 07:45 (15 min)"
    assert text_of(ReasonKind.LONG_DISABLED).since == "last operation 2025-12-20 08:00 (12 d ago)"
    assert text_of(ReasonKind.NO_VM).since == ""


def test_starting_with_growth_is_a_copy_in_progress() -> None:
    (reason,) = (row := build_row({"growth": GrowthRate(GIB / 3600, 600.0)}, status="Starting")).reasons
    assert "+1 GiB/h" in describe_reason(reason, row, CONTEXT).sentence
    assert "Wait" in describe_reason(reason, row, CONTEXT).next_step
    assert reason_label(reason, row, CONTEXT) == "starting 2 h"


def test_unknown_name_is_shown_as_uuid() -> None:
    row = build_row({"is_storage_disconnected": True}, backup_storage_uuid="bs-9")
    assert "bs-9 is disconnected" in describe_reason(row.reasons[0], row, CONTEXT).sentence


def test_reason_column_shows_the_most_severe_problem_and_the_number_of_others() -> None:
    context = CellContext(EPOCH, {})
    assert plain_text(PROBLEM.cell(CASES[0], context)).startswith("disconnected")
    assert PROBLEM.cell(build_row(), context) == ()
    assert PROBLEM.sort_value(CASES[0]) > PROBLEM.sort_value(CASES[4])
    assert PROBLEM.sort_value(build_row())[0], "unknown comes last"


@pytest.mark.parametrize("template", WORDS)
def test_figure_of_a_label_is_at_its_end_so_that_free_text_finds_its_words(template: str) -> None:
    words = WORDS[template]
    assert re.fullmatch(re.escape(words) + r"( \{\w+\})?", template)
    assert words
