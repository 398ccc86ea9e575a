from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import Any

import pytest

from cdptui.models.capacity import GrowthRate
from cdptui.models.reasons import Evidence, ReasonKind, find_reasons, overall_severity
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import REASON
from cdptui.render.reason_messages import GLOSSARY, LEVELS, ReasonContext, ReasonText, describe_reason, reason_label
from cdptui.render.spans import plain_text
from cdptui.render.task_cells import CellContext
from tests.doubles import EPOCH, GIB, a_task

OUTLOOK = ReasonContext(EPOCH, timezone(timedelta(hours=8)), {"bs-1": "backup-server-1", "uuid-of-b": "cdp-erp-b"})
EVERYTHING: dict[str, Any] = {
    "full_in_s": 7200.0,
    "growth": GrowthRate(GIB / 3600, 10_800.0),
    "still_since": EPOCH - timedelta(hours=2),
    "duplicate_task_uuid": "uuid-of-b",
    "is_storage_disconnected": True,
    "is_policy_missing": True,
}


def a_case(evidence: dict[str, Any] | None = None, **changes: Any) -> TaskRow:
    task = a_task(**{"backup_storage_uuid": "bs-1", "policy_uuid": "p-1", **changes})
    facts = Evidence(EPOCH, **(evidence or {}))
    reasons = find_reasons(task, facts)
    return TaskRow(task, overall_severity(task, reasons), facts.growth, facts.full_in_s, reasons)


CASES = [
    a_case(EVERYTHING, rpo_ms=1_500_000, last_op_at=EPOCH + timedelta(hours=8)),
    a_case({"full_in_s": 0.0}, status="Failed", used_bytes=101 * GIB),
    a_case(status="Stopped", resource_refs=()),
    a_case(status="Unknown", last_op_at=None),
    a_case(used_bytes=95 * GIB),
    a_case(status="Levitating", unreadable_fields=frozenset({"usedCapacity", "createDate"})),
    a_case(status="Running", state="Disabled"),
    a_case(status="Stopped", state="Disabled", last_op_at=EPOCH - timedelta(days=12)),
    a_case(status="Starting", last_op_at=EPOCH - timedelta(minutes=25)),
]


def said(kind: ReasonKind) -> ReasonText:
    return next(describe_reason(reason, row, OUTLOOK) for row in CASES for reason in row.reasons if reason.kind is kind)


def test_every_kind_of_reason_is_said_with_what_to_do() -> None:
    assert {reason.kind for row in CASES for reason in row.reasons} == set(ReasonKind)
    for kind in ReasonKind:
        words = said(kind)
        assert words.sentence
        assert words.next_step
        assert 0 < len(words.short) <= 16
        assert not re.search(r"None|uuid-of|Severity", words.sentence + words.next_step)


def test_every_kind_has_its_few_words() -> None:
    assert list(GLOSSARY) == list(ReasonKind)
    assert all(len(words) < 66 for words in GLOSSARY.values())


def test_every_severity_has_its_level() -> None:
    assert set(LEVELS) == set(Severity)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ReasonKind.STORAGE, "backup-server-1 is disconnected"),
        (ReasonKind.FULL, "full: 101 GiB of 100 GiB are used"),
        (ReasonKind.FULL_SOON, "60 GiB of 100 GiB are left; at +1 GiB/h, seen over 3 h, that is 2 h"),
        (ReasonKind.NEAR_FULL, "95% of the plan of 100 GiB are used, 5 GiB are left"),
        (ReasonKind.RPO, "25m old, 10m are permitted"),
        (ReasonKind.TWO_TASKS, "the task cdp-erp-b protects the same VM"),
        (ReasonKind.STARTING, "starting for 25 min"),
        (ReasonKind.UNREADABLE, "could not be read: createDate, usedCapacity"),
        (ReasonKind.STALLED, "not moved for 2 h"),
        (ReasonKind.LONG_DISABLED, "switched off for 12 d"),
        (ReasonKind.CLOCK_SKEW, "8 h ahead of this machine's clock"),
        (ReasonKind.ACTIVE_WHILE_DISABLED, "its status is Running"),
    ],
)
def test_a_sentence_has_its_figures(kind: ReasonKind, expected: str) -> None:
    assert expected in said(kind).sentence


def test_a_beginning_is_told_in_the_servers_zone_with_its_day_when_that_was_another() -> None:
    assert said(ReasonKind.RPO).since == "since 07:45, 15 min"
    assert said(ReasonKind.LONG_DISABLED).since == "since 2025-12-20 08:00, 12 d"
    assert said(ReasonKind.NO_VM).since == ""


def test_a_first_copy_that_comes_along_is_told_from_a_start_that_hangs() -> None:
    (reason,) = (row := a_case({"growth": GrowthRate(GIB / 3600, 600.0)}, status="Starting")).reasons
    assert "+1 GiB/h" in describe_reason(reason, row, OUTLOOK).sentence
    assert "wait" in describe_reason(reason, row, OUTLOOK).next_step
    assert reason_label(reason, row, OUTLOOK) == "start 2 h"


def test_a_name_that_nobody_knows_is_its_uuid() -> None:
    row = a_case({"is_storage_disconnected": True}, backup_storage_uuid="bs-9")
    assert "bs-9 is disconnected" in describe_reason(row.reasons[0], row, OUTLOOK).sentence


def test_the_column_says_the_worst_and_how_many_more() -> None:
    context = CellContext(EPOCH, {})
    assert plain_text(REASON.cell(CASES[0], context)).startswith("storage lost +")
    assert REASON.cell(a_case(), context) == ()
    assert REASON.sort_value(CASES[0]) > REASON.sort_value(CASES[4])
    assert REASON.sort_value(a_case())[0], "unknown comes last"
