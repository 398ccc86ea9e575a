from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len

from cdptui.models.aggregates import FleetSummary, summarize_fleet
from cdptui.models.reasons import Evidence, Reason, ReasonKind, find_reasons, overall_severity
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.render.fleet_line import fleet_line
from cdptui.render.spans import Role, plain_text
from tests.doubles import EPOCH, GIB, a_task

WIDTHS = range(20, 251)
WENZHOU, HANGZHOU = "storage-wenzhou", "storage-hangzhou"
NAMES = {WENZHOU: "backup-server wenzhou", HANGZHOU: "backup-server hangzhou"}


def a_row(name: str, *, is_offline: bool = False, **changes: object) -> TaskRow:
    """A row with the problems that the task has by itself, and that of its storage."""
    task = a_task(name, **changes)  # type: ignore[arg-type]  # `changes` may hold the uuid
    seconds_until_full = 0.0 if task.used_bytes == task.plan_bytes else None
    reasons = find_reasons(
        task, Evidence(EPOCH, seconds_until_full=seconds_until_full, is_storage_disconnected=is_offline)
    )
    return TaskRow(task, overall_severity(task, reasons), reasons=reasons)


def with_problem(name: str, kind: ReasonKind, severity: Severity, other: str = "") -> TaskRow:
    return structs.replace(a_row(name), severity=severity, reasons=(Reason(kind, severity, other=other),))


def shown(fleet: FleetSummary | None, width: int) -> str:
    return plain_text(fleet_line(fleet, NAMES, width, cell_len))


OFFLINE = [a_row(f"w-{number}", is_offline=True, status="Unknown", backup_storage_uuid=WENZHOU) for number in range(16)]
RUNNING = [a_row(f"r-{number}") for number in range(40)]
FULL = a_row("full", used_bytes=100 * GIB)
NO_VM = a_row("no-vm", resource_refs=())
STOPPED = [a_row(f"s-{number}", status="Stopped") for number in range(3)]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_disconnected_storage_is_one_problem_of_all_its_tasks(width: int) -> None:
    text = shown(summarize_fleet([*OFFLINE, *RUNNING]), width)
    assert text.startswith("✖ backup-server wenzhou disconnected: 16 tasks affected")
    assert "nknown" not in text.partition("affected")[2].partition("Unknown,")[0], "the tasks are not counted again"


def test_problems_are_listed_worst_first_and_each_task_once() -> None:
    fleet = summarize_fleet([NO_VM, *STOPPED, *RUNNING, FULL, *OFFLINE])
    assert shown(fleet, 200).startswith(
        "✖ backup-server wenzhou disconnected: 16 tasks affected · 1 plan full · 3 stopped · 1 without VM  "
    )
    assert sum(problem.count for problem in fleet.problems) == 21


def test_unreadable_record_is_not_counted_as_what_it_seems_to_lack() -> None:
    lacking = a_row("x", status="?", state="?", resource_refs=(), unreadable_fields=frozenset({"name"}))
    assert shown(summarize_fleet([lacking]), 120).startswith("! 1 unreadable  ")
    stopped = a_row("y", status="Stopped", unreadable_fields=frozenset({"createDate"}))
    assert shown(summarize_fleet([stopped]), 120).startswith("✖ 1 stopped  ")


def test_each_disconnected_storage_is_a_problem_of_its_own() -> None:
    other = [a_row("h", is_offline=True, backup_storage_uuid=HANGZHOU)]
    text = shown(summarize_fleet([*other, *OFFLINE]), 200)
    assert "wenzhou disconnected: 16 tasks affected · backup-server hangzhou disconnected: 1 task affected" in text


def test_missing_policy_is_one_problem_of_all_its_tasks() -> None:
    rows = [with_problem(f"p-{number}", ReasonKind.POLICY, Severity.NOTICE, "policy-1") for number in range(4)]
    assert shown(summarize_fleet(rows), 120).startswith("• policy not visible: 4 tasks affected")


def test_storage_without_a_known_name_is_called_backup_storage() -> None:
    line = fleet_line(summarize_fleet(OFFLINE), {}, 120, cell_len)
    assert plain_text(line).startswith("✖ backup storage disconnected: 16 tasks affected")


@pytest.mark.parametrize("kind", ReasonKind)
def test_every_problem_is_said_in_words(kind: ReasonKind) -> None:
    text = shown(summarize_fleet([with_problem("a", kind, Severity.WARNING, WENZHOU)]), 120)
    problem = text.partition("  ")[0].removeprefix("! ")
    assert problem.replace("-", " ").replace(",", "").replace(":", "").replace(" ", "").isalnum(), problem
    assert "1" in problem


def test_problem_has_the_colour_of_its_severity_and_the_line_a_sign() -> None:
    line = fleet_line(summarize_fleet([FULL, NO_VM]), NAMES, 120, cell_len)
    assert [(span.text, span.role) for span in line][:4] == [
        ("✖ ", Role.BAD),
        ("1 plan full", Role.BAD),
        (" · ", Role.TEXT),
        ("1 without VM", Role.WARN),
    ]


def test_totals_and_statuses_are_at_the_right_of_a_wide_line() -> None:
    text = shown(summarize_fleet([*STOPPED, *RUNNING]), 200)
    assert cell_len(text) == 200
    assert text.endswith("3 Stopped, 40 Running   1.7 TiB of 4.2 TiB used (40%)")


def test_totals_give_way_before_problems_do() -> None:
    fleet = summarize_fleet([*OFFLINE, *STOPPED, FULL, *RUNNING])
    for text in (shown(fleet, width) for width in WIDTHS):
        has_every_problem = " · 1 plan full · 3 stopped" in text and "more" not in text
        assert has_every_problem or " used" not in text


@pytest.mark.parametrize("width", [40, 60])
def test_name_of_the_storage_gives_way_before_the_number_of_tasks(width: int) -> None:
    text = shown(summarize_fleet([*OFFLINE, *STOPPED]), width)
    assert "disconnected: 16 tasks" in text
    assert text.endswith("3 more")


def test_healthy_fleet_is_said_to_be_so() -> None:
    assert shown(summarize_fleet(RUNNING), 120).startswith("● No problems in 40 tasks")
    assert shown(summarize_fleet(RUNNING[:1]), 120).startswith("● No problems in 1 task ")
    assert shown(summarize_fleet([]), 120).startswith("No tasks")


def test_line_is_empty_before_the_first_list() -> None:
    assert shown(None, 100) == "", "nothing is known yet, so zeros would be wrong"


fleets = st.lists(
    st.tuples(st.sampled_from(ReasonKind), st.sampled_from(Severity), st.sampled_from(["", WENZHOU, HANGZHOU])),
    max_size=40,
).map(lambda problems: summarize_fleet([with_problem(str(at), *problem) for at, problem in enumerate(problems)]))


@settings(max_examples=60)
@given(fleets, st.sampled_from(WIDTHS))
def test_line_fits_every_width_and_begins_with_the_worst_problem(fleet: FleetSummary, width: int) -> None:
    line = fleet_line(fleet, NAMES, width, cell_len)
    assert cell_len(plain_text(line)) <= width
    severities = [problem.severity for problem in fleet.problems]
    assert severities == sorted(severities, reverse=True)


@pytest.mark.parametrize("width", WIDTHS)
def test_nearly_full_is_never_shortened_to_full(width: int) -> None:
    text = shown(summarize_fleet([a_row("near", used_bytes=95 * GIB)]), width)
    assert "nearly full" in text


def test_fleet_without_plans_has_no_share() -> None:
    fleet = summarize_fleet([a_row("a", plan_bytes=0, used_bytes=GIB)])
    assert shown(fleet, 120).endswith("1 GiB used, no plan set")


@pytest.mark.parametrize(
    ("kind", "phrase"),
    [(ReasonKind.STARTING, "starting over 10 min"), (ReasonKind.LONG_DISABLED, "disabled over a week")],
)
def test_long_states_say_how_long(kind: ReasonKind, phrase: str) -> None:
    assert f"1 {phrase}" in shown(summarize_fleet([with_problem("a", kind, Severity.NOTICE)]), 120)


def test_problems_without_room_name_the_key_that_lists_them() -> None:
    line = plain_text(fleet_line(summarize_fleet([FULL, NO_VM, *STOPPED, *OFFLINE]), NAMES, 80, cell_len, "f"))
    assert line.endswith(" more (f lists them)")
    narrow = plain_text(fleet_line(summarize_fleet([FULL, NO_VM, *STOPPED, *OFFLINE]), NAMES, 60, cell_len, "f"))
    assert narrow == "✖ backup-server wenzhou disconnected: 16 tasks · 5 more (f)"
    assert cell_len(line) <= 80
