from __future__ import annotations

import pytest

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.severity import Severity
from cdptui.render.failure_messages import failure_label, failure_sentence, fit_failure_sentence
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES, SEVERITY_TEXT, status_rank

URL = "http://10.0.0.5:8080/zstack/v1/cdp-task"


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_has_short_words_and_advice(kind: FailureKind) -> None:
    failure = Failure(kind, "details", URL)
    assert 0 < len(failure_label(failure)) <= 24
    what, arrow, advice = failure_sentence(failure).partition(" → ")
    assert what == f"{failure_label(failure)}: details, at {URL}"
    assert arrow
    assert advice


def test_no_two_kinds_of_failure_sound_the_same() -> None:
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
def test_a_sentence_says_only_what_is_known(failure: Failure, beginning: str) -> None:
    assert failure_sentence(failure).startswith(beginning)


def test_every_severity_has_a_role_and_a_meaning() -> None:
    assert set(ROLES) == set(SEVERITY_TEXT) == set(Severity)
    assert len(set(ROLES.values())) == len(Severity)


def test_no_two_statuses_share_a_glyph() -> None:
    assert len({*GLYPHS.values(), OTHER_GLYPH}) == len(GLYPHS) + 1


def test_an_unknown_status_stands_after_the_bad_and_before_the_good() -> None:
    order = sorted([*GLYPHS, "Levitating"], key=lambda status: (status_rank(status), status))
    assert order.index("Stopped") < order.index("Levitating") < order.index("Running")


@pytest.mark.parametrize("kind", FailureKind)
def test_what_to_do_fits_a_line_beside_what_happened(kind: FailureKind) -> None:
    advice = failure_sentence(Failure(kind, "", "")).partition(" → ")[2]
    assert len(advice) <= 72
    assert advice in fit_failure_sentence(Failure(kind, "x" * 200, URL), 118, len)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (200, f"server error: SYS.1000: the disk is full, at {URL} → the management node reports a fault of its own"),
        (90, "server error: SYS.1000: the disk is full → the management node reports a fault of its own"),
        (78, "SYS.1000: the disk is full → the management node reports a fault of its own"),
        (66, "SYS.1000: the di… → the management node reports a fault of its own"),
        (56, "the management node reports a fault of its own"),
    ],
)
def test_what_the_header_says_already_goes_first_when_room_is_short(width: int, shown: str) -> None:
    failure = Failure(FailureKind.SERVER_ERROR, "the disk is full", URL, code="SYS.1000")
    assert fit_failure_sentence(failure, width, len) == shown
