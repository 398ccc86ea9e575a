"""Copied text contains the task's data, and nothing that a terminal interprets."""

from __future__ import annotations

import json
import shlex
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.render.copy_formats import copy_formats, curl_command
from cdptui.render.reason_messages import GLOSSARY, ReasonContext
from tests.doubles import EPOCH
from tests.unit.render.rows import a_row

CONTEXT = ReasonContext(EPOCH, UTC, {"s-1": "backup-1"})
BASE = "http://10.0.0.5:8080/zstack/v1"


@given(st.text(min_size=1, max_size=60))
def test_curl_command_has_four_arguments_for_any_uuid(uuid: str) -> None:
    line = curl_command([uuid.encode("utf-8", "replace").decode()], BASE)
    assert line.isascii()
    assert line.isprintable()
    command, *options, header, url = shlex.split(line)
    assert (command, options, header) == ("curl", ["-sS", "-H"], "Authorization: OAuth $ZSTACK_SESSION")
    assert url.startswith(f"{BASE}/cdp-task/")


def test_every_copy_format_has_its_own_key() -> None:
    offered = copy_formats([a_row()], ["{}"], BASE, CONTEXT)
    assert [copy.id for copy in offered] == ["name", "uuid", "why", "json", "curl"]
    assert len({copy.key for copy in offered}) == len(offered)


def test_names_of_several_tasks_are_copied_one_a_line_and_other_formats_as_one_line() -> None:
    rows = [a_row("a", uuid="0a"), a_row("b", uuid="0b")]
    offered = {copy.id: copy for copy in copy_formats(rows, ['{"uuid": "0a"}', '{"uuid": "0b"}'], BASE, CONTEXT)}
    assert offered["uuid"].text == "0a 0b"
    assert offered["uuid"].label == "2 UUIDs"
    assert offered["name"].text == "a\nb"
    assert json.loads(offered["json"].text) == [{"uuid": "0a"}, {"uuid": "0b"}]
    assert shlex.split(offered["curl"].text)[-2:] == [f"{BASE}/cdp-task/0a", f"{BASE}/cdp-task/0b"]


def why(*reasons: Reason) -> str:
    row = replace(a_row("a", uuid="0a", status="Failed"), reasons=reasons)
    return next(copy.text for copy in copy_formats([row], ["{}"], BASE, CONTEXT) if copy.id == "why")


def test_problems_are_copied_with_evidence_level_start_and_next_step() -> None:
    text = why(
        Reason(ReasonKind.FAILED, Severity.CRITICAL, EPOCH), Reason(ReasonKind.STORAGE, Severity.WARNING, other="s-1")
    )
    head, evidence, since, _, storage, level, step = text.splitlines()
    assert head == "a (0a): Failed, Enabled"
    assert evidence == "- Enabled, but the status is Failed"
    assert since == "  critical, since 00:00 (0 s)"
    assert "backup-1" in storage
    assert level == "  warning"
    assert step.startswith("  → ")
    assert why().splitlines() == [head, "No problems found"]


@pytest.mark.parametrize("kind", GLOSSARY)
def test_every_problem_is_copied_as_lines_that_a_terminal_does_not_interpret(kind: ReasonKind) -> None:
    assert all(line.isprintable() for line in why(Reason(kind, Severity.WARNING, EPOCH)).split("\n"))
