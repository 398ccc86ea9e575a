"""Events as lines of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.event import Event, EventKind
from cdptui.models.sanitize import sanitize
from cdptui.models.severity import Severity
from cdptui.render.event_text import event_text


@pytest.mark.parametrize(
    ("kind", "old", "new", "cause", "text"),
    [
        (EventKind.APPEARED, None, "Running", "", "db appeared: Running"),
        (EventKind.VANISHED, "Running", None, "", "db vanished, last Running"),
        (EventKind.STATUS, "Running", "Failed", "", "db: Running → Failed"),
        (EventKind.STATUS, "Running", "Stopped", "stopped-vm-off", "db: Running → Stopped, VM off"),
        (EventKind.STATE, "Enabled", "Disabled", "", "db: Enabled → Disabled"),
        (EventKind.NAME, "db", "db2", "", "db renamed to db2"),
        (EventKind.DESCRIPTION, None, "of HR", "", "db: description none → of HR"),
        (EventKind.PLAN, "0", str(2**40), "", "db: plan none → 1 TiB"),
        (EventKind.LIMIT, str(2**20), "0", "", "db: limit 1 MiB/s → none"),
        (EventKind.POLICY, "gold", "silver", "", "db: policy gold → silver"),
        (EventKind.STORAGE, "one", "two", "", "db: backup storage one → two"),
        (EventKind.RPO_TARGET, None, "600000", "", "db: RPO target none → 10m"),
        (EventKind.RPO_MISSED, "600000", "700000", "", "db: RPO 11m40s, over its target of 10m"),
        (EventKind.RPO_MET, "800000", "7200000", "", "db: RPO within its target again after 2 h, worst 13m20s"),
        (EventKind.PLAN_LEVEL, None, "90", "", "db: 90% of the plan used"),
        (EventKind.FREED, str(2**40), str(2**30), "", "db: used capacity fell from 1 TiB to 1 GiB"),
        (EventKind.STORAGE_DISCONNECTED, None, "40", "", "db: backup storage disconnected, with 40 tasks"),
        (
            EventKind.STORAGE_CONNECTED,
            "240000",
            "1",
            "",
            "db: backup storage connected again after 4 min, with 1 task",
        ),
        (EventKind.SESSION_ENDED, None, "renewed", "", "the session ended; another login follows"),
        (EventKind.SESSION_ENDED, None, None, "", "the session ended"),
        (
            EventKind.SESSION_TAKEN_OVER,
            None,
            None,
            "",
            "the session was taken over: it ended twice within a minute",
        ),
        (EventKind.MONITOR_STARTED, None, None, "", "monitor started"),
        (EventKind.MONITOR_STOPPED, None, None, "", "monitor stopped"),
        (EventKind.OUTAGE_BEGAN, None, "timed out", "", "the node could not be read: timed out"),
        (EventKind.OUTAGE_ENDED, "timed out", "60000", "", "the node could be read again after 1 min: timed out"),
        (EventKind.GAP, "0", "3600000", "", "no monitor ran for 1 h"),
    ],
)
def test_event_is_a_line_with_old_and_new(
    kind: EventKind, old: str | None, new: str | None, cause: str, text: str
) -> None:
    assert event_text(Event(0, kind, Severity.NOTICE, "uuid", "db", old, new, cause)) == text


def test_policy_and_storage_have_their_names_when_these_are_known() -> None:
    change = Event(0, EventKind.POLICY, Severity.NOTICE, "uuid", "db", "u-gold", "u-new")
    assert event_text(change, {"u-gold": "gold\x1b"}) == "db: policy gold\N{SYMBOL FOR ESCAPE} → u-new"


def test_every_kind_has_a_text() -> None:
    for kind in EventKind:
        assert event_text(Event(0, kind, Severity.NOTICE, "uuid", "db", "1", "2"))


@given(st.sampled_from(EventKind), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_any_old_and_new_value_has_a_text(kind: EventKind, old: str | None, new: str | None) -> None:
    text = event_text(Event(0, kind, Severity.NOTICE, "uuid", "db", old, new))
    assert text == sanitize(text)


def test_name_with_control_characters_is_sanitized() -> None:
    assert "\x1b" not in event_text(Event(0, EventKind.STATUS, Severity.NOTICE, "uuid", "a\x1b[2J", "x", "y"))
