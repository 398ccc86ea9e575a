"""Fault rules: matching, expiry, and parsing from text."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.simulator.faults.rules import NODE_STATE_KINDS, Fault, FaultKind, FaultRules
from cdptui.simulator.faults.spec import SpecError, options_of, parse_fault, to_json
from tests.unit.simulator.clocks import ManualClock


def test_rule_expires_after_its_time() -> None:
    clock = ManualClock(100.0)
    faults = FaultRules(clock)
    faults.add("hang", lasts_s=10)
    faults.add("clock-skew", seconds=60)
    assert faults.next_end_s == 10
    clock.advance(9)
    assert faults.match("GET", "/v1/cdp-task") is not None
    clock.advance(1)
    assert faults.match("GET", "/v1/cdp-task") is None
    assert [rule.fault.kind for rule, _ in faults.active()] == ["clock-skew"]
    assert faults.next_end_s == float("inf")


def test_slow_start_counts_from_the_later_of_listening_and_rule() -> None:
    clock = ManualClock(100.0)
    faults = FaultRules(clock)
    clock.advance(50)
    faults.add("slow-start", seconds=10)
    assert faults.start_left_s == 10
    clock.advance(11)
    assert faults.start_left_s == 0
    faults.on_listening()
    assert faults.start_left_s == 10
    faults.clear()
    assert faults.start_left_s == 0


@pytest.mark.parametrize("kind", sorted(NODE_STATE_KINDS))
def test_states_of_the_node_match_no_request(kind: FaultKind) -> None:
    faults = FaultRules()
    faults.add(kind)
    assert faults.match("GET", "/v1/cdp-task") is None
    assert faults.is_on(kind)


def test_shifting_rows_matches_only_later_pages() -> None:
    faults = FaultRules()
    faults.add("shifting-rows")
    assert faults.match("GET", "/v1/cdp-task") is None
    assert faults.match("GET", "/v1/cdp-task", is_later_page=True) is not None


def test_rules_have_numbers_and_count_their_matches() -> None:
    faults = FaultRules()
    first = faults.add_fault(Fault(kind=FaultKind.HANG, times=2))
    second = faults.add_fault(Fault(kind=FaultKind.RESET))
    faults.match("GET", "/v1/x")
    assert [(rule.number, rule.hits, rule.left) for rule, _ in faults.active()] == [(first, 1, 1), (second, 0, None)]
    assert faults.remove_number(second)
    assert not faults.remove_number(second)
    faults.match("GET", "/v1/x")
    assert faults.active() == []


def test_subscribers_are_called_for_every_change_until_they_unsubscribe() -> None:
    faults = FaultRules()
    calls: list[int] = []
    unsubscribe = faults.subscribe(lambda: calls.append(len(faults.active())))
    fault = faults.add("hang")
    faults.remove(fault)
    unsubscribe()
    faults.add("hang")
    assert calls == [1, 0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hang", Fault(kind=FaultKind.HANG)),
        (" hang: ", Fault(kind=FaultKind.HANG)),
        ("delay:seconds=3", Fault(kind=FaultKind.DELAY, seconds=3)),
        ("hang:path=/cdp-task,times=2", Fault(kind=FaultKind.HANG, path_prefix="/cdp-task", times=2)),
        ("error:code=SYS.1000,method=PUT", Fault(kind=FaultKind.ERROR, code="SYS.1000", method="PUT")),
        ("error:details=one, two,code=X", Fault(kind=FaultKind.ERROR, details="one, two", code="X")),
        ("capped-pages", Fault(kind=FaultKind.CAPPED_PAGES, rows=100)),
        ("capped-pages:rows=1", Fault(kind=FaultKind.CAPPED_PAGES, rows=1)),
        ("refuse:for=0.5", Fault(kind=FaultKind.REFUSE, lasts_s=0.5)),
        ("clock-skew:seconds=-3600", Fault(kind=FaultKind.CLOCK_SKEW, seconds=-3600)),
        (
            "redirect:location=http://127.0.0.1:9/a?b=c,status=307",
            Fault(kind=FaultKind.REDIRECT, location="http://127.0.0.1:9/a?b=c", status=307),
        ),
        ('{"kind": "trickle", "seconds": 0.5, "times": 1}', Fault(kind=FaultKind.TRICKLE, seconds=0.5, times=1)),
    ],
)
def test_spec_is_parsed(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown fault ''; known: delay, hang, "),
        ("nope", "unknown fault 'nope'; known: delay, hang, "),
        ("hang:seconds=3", "hang takes no 'seconds'; hang takes: path, method, times, for"),
        ("refuse:times=3", "refuse takes no 'times'; refuse takes: for"),
        ("delay:3", "'3' is not KEY=VALUE; delay takes: seconds, path, method, times, for"),
        ("delay:seconds=nan", "seconds=nan of delay: must be seconds, at most 1000000"),
        ("delay:seconds=soon", "seconds=soon of delay"),
        ("hang:times=0", "times=0 of hang: must be a whole number from 1 to 1000000"),
        ("hang:times=1,times=2", "'times' is given twice"),
        ("capped-pages:rows=0", "rows=0 of capped-pages: must be a whole number from 1 to 1000000"),
        ("hang:path=cdp-task", "what follows /zstack/v1"),
        ("hang:path=/zstack/v1/cdp-task", "what follows /zstack/v1"),
        ("hang:method=PATCH", "one of GET, POST, PUT, DELETE"),
        ("refuse:for=0", "must be seconds, from 0.001"),
        ("redirect:status=200", "one of 301, 302, 303, 307, 308"),
        ("redirect:location=http://a/\r\nx: y", "must be an address"),
        ("{", "not JSON"),
        ('{"kind": "hang", "times": true}', "times=True of hang"),
        ('{"kind": "hang", "times": [1]}', "times=[1] of hang"),
        ('{"kind": null}', "unknown fault 'None'"),
    ],
)
def test_invalid_spec_is_refused_with_the_valid_options(text: str, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse_fault(text)
    assert message in str(raised.value)


@settings(max_examples=100)
@given(st.text() | st.sampled_from(list(FaultKind)).flatmap(lambda kind: st.text().map(lambda rest: f"{kind}:{rest}")))
def test_parsing_raises_only_spec_errors(text: str) -> None:
    with contextlib.suppress(SpecError):
        assert isinstance(parse_fault(text), Fault)


VALUES: dict[str, st.SearchStrategy[object]] = {
    "path": st.just("/cdp-task"),
    "method": st.sampled_from(["GET", "PUT"]),
    "times": st.integers(1, 9),
    "for": st.floats(0.001, 1e6),
    "seconds": st.floats(-1e6, 1e6),
    "rows": st.integers(1, 1000),
    "code": st.just("SYS.1006"),
    "details": st.text("abc, =", min_size=1),
    "location": st.just("http://x/"),
    "status": st.sampled_from([301, 308]),
    "bytes": st.integers(100, 10**9),
    "depth": st.integers(1, 10**6),
}


@settings(max_examples=100)
@given(st.data())
def test_json_form_parses_to_the_same_fault(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(FaultKind)))
    keys = data.draw(st.sets(st.sampled_from(options_of(kind))))
    given_spec = {"kind": kind.value, **{key: data.draw(VALUES[key]) for key in keys}}
    fault = parse_fault(json.dumps(given_spec))
    assert parse_fault(json.dumps(to_json(fault))) == fault
