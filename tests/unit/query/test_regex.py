"""Regular expressions: accepted patterns, positions and messages of errors, and time limits."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.query.errors import QueryError, RegexTimeoutError
from cdptui.query.evaluator import compile_predicate
from cdptui.query.formatter import format_query
from cdptui.query.parser import parse
from cdptui.query.regex import MAX_PATTERN, MAX_PATTERNS, MatchBudget, compile_regex, validate_regex
from tests.unit.query.expressions import CONTEXT
from tests.unit.query.hostile_patterns import KNOWN, hostile_names, random_pattern
from tests.unit.render.rows import a_row


def is_accepted(pattern: str) -> bool:
    try:
        validate_regex(pattern, 0, len(pattern) + 3, range(3, len(pattern) + 3))
    except QueryError:
        return False
    return True


@pytest.mark.parametrize("pattern", KNOWN)
def test_hostile_pattern_is_evaluated_on_hostile_names(pattern: str) -> None:
    is_shown = compile_predicate(parse(f"re:{pattern}"), CONTEXT)
    # A backtracking engine takes seconds to years for one of these names; RE2 milliseconds.
    found = [is_shown(a_row(name, uuid="0" * 32)) for name in hostile_names(8)]
    assert len(found) == 8


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        (r"^cdp-\d+$", "CDP-12", True),
        (r"^cdp-\d+$", "cdp-12a", False),
        ("ERP", "my-erp-db", True),
        ("ÄPFEL", "äpfel", True),
        ("(?-i:ERP)", "erp", False),
        ("a|b", "xbx", True),
        ("(?:ab){2}", "abab", True),
        ("(?P<name>a)b", "ab", True),
        ("(?<name>a)b", "ab", True),
        ("[[:alpha:]]+x", "abx", True),
        (r"\bdb\b", "erp db 1", True),
        (r"\bdb\b", "erpdb1", False),
        (r"^\pL+$", "财务", True),
        (r"^\w+$", "财务", False),
        (r"\p{Han}", "财务", True),
        ("^.{2}$", "财务", True),
        (r"\x{8d22}", "财务", True),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        (r"\Aa\z", "a", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        ("a{2,3}?", "aa", True),
        ("a++", "", None),
        ("x", "a" * 255 + "x", False),
        (r"\d", "\ud800 5", True),
        ("", "", None),
    ],
)
def test_pattern_matches_what_re2_documents(pattern: str, text: str, is_match: bool | None) -> None:
    assert is_accepted(pattern) is (is_match is not None)
    if is_match is not None:
        assert compile_regex(pattern)(text) is is_match


@pytest.mark.parametrize(
    ("text", "position", "is_unfinished", "message"),
    [
        ("re:(a", 3, True, "invalid regular expression: unclosed bracket"),
        ("re:a(b)(c", 7, True, "invalid regular expression: unclosed bracket"),
        ("re:[(](b", 6, True, "invalid regular expression: unclosed bracket"),
        (r"re:(\(", 3, True, "invalid regular expression: unclosed bracket"),
        ("re:" + "(" * 190, 192, True, "invalid regular expression: unclosed bracket"),
        ('re:"(a)b)"', 8, False, "invalid regular expression: unmatched closing bracket"),
        ("re:x[a", 4, True, "invalid regular expression: unclosed character set"),
        ("re:x[z-a]", 5, False, "invalid regular expression: unknown character set"),
        ("re:x\\", 4, True, "invalid regular expression: no character after the backslash"),
        ("re:*a", 3, False, "invalid regular expression: nothing to repeat"),
        ("re:ba**", 5, False, "invalid regular expression: repetition of a repetition"),
        (r"re:a\qb", 4, False, "invalid regular expression: unknown escape sequence"),
        ("re:a\ud800", 4, False, "invalid regular expression: unknown escape sequence"),
        ("re:(?P<n", 3, True, "invalid regular expression: invalid group name"),
        ("re:b(?z)", 4, False, "invalid regular expression: unknown kind of group"),
        ("re:a{1001}", 4, False, "repetitions are limited to 1000, nested ones multiplied"),
        (
            "re:((a{100}){100})",
            12,
            False,
            "repetitions are limited to 1000, nested ones multiplied",
        ),
        (
            r"erp re:\(?=(?=a)",
            11,
            False,
            "look-around is not available in filters; combine conditions with and, or, not",
        ),
        ("re:a(?<!b)", 4, False, "look-around is not available in filters; combine conditions with and, or, not"),
        (r"re:(a)\1", 6, False, "back references are not available in filters"),
        (r're:"\"(a)\\1"', 9, False, "back references are not available in filters"),
        ("re:(?P=n)", 3, False, "back references are not available in filters"),
        ("re:(?(1)a|b)", 3, False, "conditional groups are not available in filters"),
        (r"x re:\pL{900}", 2, False, "regular expression is too large; use fewer or smaller repetitions"),
        ("x re:" + "a" * 201, 2, False, f"regular expression is longer than {MAX_PATTERN} characters"),
        ("re:a " * 8 + "re:b", 40, False, f"more than {MAX_PATTERNS} regular expressions in one filter"),
    ],
)
def test_rejected_pattern_has_position_and_message(text: str, position: int, is_unfinished: bool, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (str(caught.value), caught.value.position) == (message, position)
    assert caught.value.is_unfinished is is_unfinished


PIECES = (
    *("(", ")", "(?", "(?P<", "(?=", "[", "]", "[^", "{", "}", "{1,", "99}", "*", "+", "?", "|", "\\", "\\p", "\\1"),
    *("a", ".", "-", "^", "$", "\\d", "\\b", "中", "\ud800", "\x00", "\n", ":", ">", "Q", "E", "i", "s"),
)
fragments = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=500)
@given(st.one_of(st.text(st.characters(), max_size=220), fragments), st.text(st.characters(), max_size=40))
@example("\ud800", "\udfff")
@example("a" * 201, "a")
def test_any_text_is_a_valid_pattern_or_raises_query_error(pattern: str, text: str) -> None:
    places = range(10, 10 + len(pattern))
    refused: QueryError | None = None
    try:
        validate_regex(pattern, 7, len(pattern) + 3, places)
    except QueryError as error:
        refused = error
    if refused is None:
        assert compile_regex(pattern)(text) in {True, False}
    else:
        assert 7 <= refused.position < max(places.stop, 11)
        assert str(refused).isprintable()


@given(st.lists(st.sampled_from([*"ab()|\\\"' ", "\\d", '\\"', "x+"]), min_size=1, max_size=12).map("".join))
def test_accepted_pattern_survives_the_round_trip_of_views(pattern: str) -> None:
    if is_accepted(pattern):
        escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
        expression = parse(f're:"{escaped}"')
        assert parse(format_query(expression)) == expression


class CountingClock:
    """A processor clock that advances by a millisecond with each reading."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> float:
        self.readings += 1
        return self.readings / 1000


def test_budget_used_up_ends_the_search() -> None:
    clock = CountingClock()
    budget = MatchBudget(0, clock)
    search = budget.guarded_search("a")
    with pytest.raises(RegexTimeoutError) as caught, budget:
        assert not any(search("b") for _ in range(100_000))
    assert caught.value.pattern == "a"
    assert clock.readings < 100


def test_time_outside_the_budget_does_not_count() -> None:
    clock = CountingClock()
    budget = MatchBudget(0, clock)
    search = budget.guarded_search("a")
    for _ in range(30):
        with budget:
            assert search("a")
        clock.readings += 1000


def test_random_hostile_patterns_are_rejected_or_searched_within_the_budget() -> None:
    random, names = Random(3), hostile_names(20)
    outcomes = {"rejected": 0, "searched": 0, "timed out": 0}
    for _ in range(150):
        pattern = random_pattern(random)
        if not is_accepted(pattern):
            outcomes["rejected"] += 1
            continue
        budget = MatchBudget(len(names))
        search = budget.guarded_search(pattern)
        try:
            with budget:
                assert len([search(name) for name in names]) == len(names)
        except RegexTimeoutError:
            outcomes["timed out"] += 1
        else:
            outcomes["searched"] += 1
    assert outcomes["rejected"] > 20
    assert outcomes["searched"] > 20
