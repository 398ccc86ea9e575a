from __future__ import annotations

import pytest

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.severity import Severity
from cdptui.render.failure_messages import failure_label, failure_lines, failure_sentence
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES, SEVERITY_TEXT, status_rank
from cdptui.tui.keymap import DEFAULT_KEYMAP

URL = "http://10.0.0.5:8080/zstack/v1/cdp-task"


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_kind_has_a_label_and_advice(kind: FailureKind) -> None:
    failure = Failure(kind, "details", URL)
    assert 0 < len(failure_label(failure)) <= 24
    cause, arrow, advice = failure_sentence(failure, DEFAULT_KEYMAP.labels).partition(" → ")
    assert cause == f"{failure_label(failure)}: details, at {URL}"
    assert arrow
    assert advice


def test_failure_labels_are_unique() -> None:
    assert len({failure_label(Failure(kind, "", "")) for kind in FailureKind}) == len(FailureKind)


@pytest.mark.parametrize(
    ("failure", "beginning"),
    [
        (Failure(FailureKind.SERVER_ERROR, "oops", URL, "SYS.1000"), f"server error: SYS.1000: oops, at {URL} → "),
        (Failure(FailureKind.SERVER_ERROR, "", URL, "SYS.1000"), f"server error: SYS.1000, at {URL} → "),
        (Failure(FailureKind.SERVER_ERROR, "oops", ""), "server error: oops → "),
        (Failure(FailureKind.SERVER_ERROR, "", ""), "server error → "),
    ],
)
def test_sentence_leaves_out_missing_details_and_url(failure: Failure, beginning: str) -> None:
    assert failure_sentence(failure, DEFAULT_KEYMAP.labels).startswith(beginning)


def test_every_severity_has_a_role_and_a_text() -> None:
    assert set(ROLES) == set(SEVERITY_TEXT) == set(Severity)
    assert len(set(ROLES.values())) == len(Severity)


def test_status_glyphs_are_unique() -> None:
    assert len({*GLYPHS.values(), OTHER_GLYPH}) == len(GLYPHS) + 1


def test_unknown_status_ranks_between_bad_and_good_ones() -> None:
    order = sorted([*GLYPHS, "Levitating"], key=lambda status: (status_rank(status), status))
    assert order.index("Stopped") < order.index("Levitating") < order.index("Running")


@pytest.mark.parametrize("kind", FailureKind)
def test_advice_fits_a_line_beside_long_details(kind: FailureKind) -> None:
    advice = failure_sentence(Failure(kind, "", ""), DEFAULT_KEYMAP.labels).partition(" → ")[2]
    assert len(advice) <= 72
    for width, max_lines in ((118, 1), (118, 3), (78, 2), (78, 3)):
        lines = failure_lines(Failure(kind, "x y " * 100, URL), width, max_lines, DEFAULT_KEYMAP.labels)
        assert advice in " ".join(lines)
        assert len(lines) <= max_lines


@pytest.mark.parametrize(
    ("width", "max_lines", "shown"),
    [
        (200, 1, f"server error: SYS.1000: the disk is full, at {URL} → the management node reports an internal error"),
        (90, 1, "server error: SYS.1000: the disk is full → the management node reports an internal error"),
        (78, 1, "SYS.1000: the disk is full → the management node reports an internal error"),
        (66, 1, "SYS.1000: the dis… → the management node reports an internal error"),
        (56, 1, "the management node reports an internal error"),
        (90, 2, "server error: SYS.1000: the disk is full → the management node reports an internal error"),
        (48, 2, "server error: SYS.1000: the disk is full → the management node reports an internal error"),
        (44, 2, "SYS.1000: the disk is full → the management node reports an internal error"),
        (30, 2, "SYS.1000: the disk is full"),
    ],
)
def test_advice_gives_way_before_the_cause(width: int, max_lines: int, shown: str) -> None:
    failure = Failure(FailureKind.SERVER_ERROR, "the disk is full", URL, code="SYS.1000")
    lines = failure_lines(failure, width, max_lines, DEFAULT_KEYMAP.labels)
    assert " ".join(lines) == shown
    assert len(lines) <= max_lines
