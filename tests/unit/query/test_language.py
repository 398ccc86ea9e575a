from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.query.errors import QueryError
from cdptui.query.evaluator import combine_clauses, compile_clause, compile_predicate
from cdptui.query.expression import Comparison, Expression, clauses
from cdptui.query.fields import BY_NAME, FIELDS, SYNTAX_EXAMPLES
from cdptui.query.formatter import explain, format_query
from cdptui.query.parser import parse
from cdptui.render import formatting
from tests.unit.query.expressions import CONTEXT, expressions, rows
from tests.unit.query.oracle import matches
from tests.unit.render.rows import a_row


@settings(max_examples=500)
@given(expressions)
def test_formatted_expression_parses_to_the_same_expression(expression: Expression) -> None:
    assert parse(format_query(expression)) == expression


@settings(max_examples=300)
@given(expressions, st.lists(rows(), max_size=8))
def test_predicate_agrees_with_the_reference_implementation(expression: Expression, fleet: list[TaskRow]) -> None:
    is_shown = compile_predicate(expression, CONTEXT)
    assert [is_shown(row) for row in fleet] == [matches(expression, row, CONTEXT) for row in fleet]


@settings(max_examples=200)
@given(expressions, rows())
def test_combined_clauses_agree_with_the_predicate(expression: Expression, row: TaskRow) -> None:
    known = {clause: compile_clause(clause, CONTEXT)(row) for clause in clauses(expression)}
    assert combine_clauses(expression, known.__getitem__) == compile_predicate(expression, CONTEXT)(row)


@given(expressions)
def test_explanation_contains_every_clause(expression: Expression) -> None:
    parts = explain(expression)
    assert {clause for _, clause in parts if clause is not None} == set(clauses(expression))
    assert all(text for text, _ in parts)


FRAGMENTS = [
    "(",
    ")",
    "!",
    "~",
    "!~",
    "=",
    "!=",
    ">",
    "<=",
    "and",
    "or",
    "not",
    "&&",
    "|",
    '"',
    "'",
    "\\",
    "re:",
    "re:(",
    " ",
]
FRAGMENTS += [
    *BY_NAME,
    "0",
    "80",
    "2m07s",
    "%",
    "min",
    "TiB",
    "80%",
    "50GiB",
    "2x",
    "?",
    "erp",
    "(a+)+",
    "[",
    "\x00",
    "\u202e",
    "9" * 400,
    "1e999",
]


@settings(max_examples=1000)
@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)))
@example("(" * 900)
@example("!" * 900)
@example("re:" + "(" * 300)
@example("re:x{99999999999999999999}")
@example("re:\\")
def test_any_text_parses_or_raises_query_error_with_a_position(text: str) -> None:
    error: QueryError | None = None
    try:
        expression = parse(text)
    except QueryError as raised:
        error = raised
    if error is None:
        assert parse(format_query(expression)) == expression
    else:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error)
        assert "\n" not in str(error)


REASONS = ", ".join(kind.value for kind in ReasonKind)


@pytest.mark.parametrize(
    ("text", "message", "position", "length"),
    [
        ("", "expected a condition", 0, 0),
        ("used>80% and ", "expected a condition", 13, 0),
        ("uesd>80%", "unknown field 'uesd'; did you mean used?", 0, 4),
        ("erp zzz=1", "unknown field 'zzz'", 4, 3),
        ("used>", "used> needs a value such as 50GiB", 5, 0),
        ("used>50", "used needs a number in B KiB MiB GiB TiB PiB or %, such as 50GiB", 5, 2),
        ("used>80 min", "used needs a number in B KiB MiB GiB TiB PiB or %, such as 50GiB", 5, 2),
        ("rpo>often", "rpo needs a number in ms s min h d w y or x or %, such as 3d", 4, 5),
        ("age>2h1d", "age needs a number in ms s min h d w y, such as 3d", 4, 4),
        ("age>1m1m", "age needs a number in ms s min h d w y, such as 3d", 4, 4),
        ("growth>1h2m", "growth needs a number in B/s … PiB/d, such as 10GiB/h", 7, 4),
        ("vms>many", "vms needs a number, such as 2", 4, 4),
        ("(used>80 %) )", "unmatched closing bracket", 12, 1),
        ("name>3", "name is text; use = != ~ or !~", 4, 1),
        ("used~3", "used is not text; use = != > >= < or <=", 4, 1),
        (
            "severity>=wraning",
            "severity must be one of calm, healthy, busy, notice, warning, critical; did you mean warning?",
            10,
            7,
        ),
        ("reason=foo", f"reason must be one of {REASONS}, none", 7, 3),
        ("reason=", "reason= needs a value such as storage", 7, 0),
        ("why!=rpoo", "unknown reason 'rpoo'; did you mean rpo?", 5, 4),
        ("reason=nearfull", "unknown reason 'nearfull'; did you mean near-full?", 7, 8),
        ("(a or b", "unclosed bracket", 0, 1),
        ("a) b", "unmatched closing bracket", 1, 1),
        ("or b", "expected a condition before this", 0, 2),
        ("a and or b", "expected a condition before this", 6, 2),
        ('name="x', "unclosed quote", 5, 2),
        ("re:[a", "invalid regular expression: unclosed character set", 3, 1),
        ("rpo>?", "? means unknown; use = or !=", 4, 1),
        ("x" * 1001, "filter is longer than 1000 characters", 1000, 1),
    ],
)
def test_error_has_message_position_and_length(text: str, message: str, position: int, length: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (str(caught.value), caught.value.position, caught.value.length) == (message, position, length)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("used>80% and status!=Running", "used>80% and status!=Running"),
        ("RPO > 2X", "rpo>2x"),
        ("full<3d bs=backup-server-1", "full<3d and bs=backup-server-1"),
        ("growth>10g/h || used>1.5tb", "growth>10GiB/h or used>1.5TiB"),
        ("rpo>5m&changed<1h", "rpo>5min and changed<1h"),
        ("erp ~web !mail", "erp and ~web and not mail"),
        ("erp ~ web", None),
        ("name ~ web", "name~web"),
        ("vm!~erp", "vm!~erp"),
        ("vm~a !~b", "vm~a and not ~b"),
        ("!(a or b) c", "not (a or b) and c"),
        ("'it is' \"and\"", '"it is" and "and"'),
        ("sev>=crit", "severity>=critical"),
        ("why=RPO reason!=none reason~ful", "reason=RPO and reason!=none and reason~ful"),
        ("state=Odd", "state=Odd"),
        ("name='?'", 'name="?"'),
        ("rpo>2m07s age<1h06m or age>=1d2h", "rpo>127s and age<66min or age>=26h"),
        ("rpo>1m7.5s age>1s500ms", "rpo>67.5s and age>1500ms"),
        ("used>1.5 TiB used > 80 % changed<5 min", "used>1.5TiB and used>80% and changed<5min"),
        ("(growth>+3.5 MiB/h) growth=0/h", "growth>3.5MiB/h and growth=0"),
        ("used>80% erp age>1 d 2 h", "used>80% and erp and age>1d and 2 and h"),
        ("vms=2 x plan=0 d", "vms=2 and x and plan=0 and d"),
        ("plan=0 b", "plan=0B"),
        ('plan=0 b=gold plan=0 "b" plan=0 and b', "plan=0 and bs=gold and plan=0 and b and plan=0 and b"),
        (r"re:cdp-(erp|oa)-\d+", r're:"cdp-(erp|oa)-\\d+"'),
    ],
)
def test_spellings_have_one_canonical_text(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(QueryError):
            parse(text)
    else:
        assert format_query(parse(text)) == canonical


@given(st.integers(0, 2**60 - 2**50), st.floats(0, 1e9), st.integers(0, 10**12))
def test_values_as_shown_on_screen_can_be_typed(count: int, rate: float, milliseconds: int) -> None:
    seconds = milliseconds / 1000
    shown = [
        ("used", formatting.size(count)),
        ("growth", formatting.rate(rate)),
        ("rpo", formatting.latency(milliseconds)),
        ("age", formatting.duration(seconds)),
    ]
    for field, text in shown:
        assert isinstance(parse(f"{field}>={text}"), Comparison), text
    row = a_row(rpo_ms=milliseconds)
    if milliseconds >= 10_000:
        assert compile_predicate(parse(f"rpo>={formatting.latency(milliseconds)}"), CONTEXT)(row), (
            "the displayed value is rounded down"
        )


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_examples_of_every_field_are_valid(field: object) -> None:
    examples = BY_NAME[field.name].example.split("   ")  # type: ignore[attr-defined]  # a field
    assert all(parse(text) for text in examples)


@pytest.mark.parametrize("form", [form for form, _ in SYNTAX_EXAMPLES])
def test_syntax_examples_are_valid(form: str) -> None:
    parse(form)


def test_help_of_severity_lists_all_severities() -> None:
    for severity in Severity:
        assert severity.name.lower() in BY_NAME["severity"].help


def test_field_names_and_aliases_are_unique() -> None:
    names = [name for field in FIELDS for name in (field.name, *field.aliases)]
    assert len(set(names)) == len(names)


def test_comparisons_with_unknown_values_are_false() -> None:
    row = a_row(used_bytes=None, backup_storage_uuid="bs-9")
    for text in ("used>0", "used<=9PiB", "used!=3B", "bs!=gold", "bs!~gold", "full<9y"):
        assert not compile_predicate(parse(text), CONTEXT)(row), text
    for text in ("used=?", "full=?", "bs=?", "not used>0", "bs=bs-9"):
        assert compile_predicate(parse(text), CONTEXT)(row) is (text != "bs=?"), text


PROBLEMS = {
    "vm off": [Reason(ReasonKind.STOPPED_VM_OFF, Severity.NOTICE)],
    "storage full?": [Reason(ReasonKind.STOPPED_STORAGE_FULL, Severity.CRITICAL, is_likely=True)],
    "full in": [Reason(ReasonKind.FULL_SOON, Severity.WARNING)],
    "nearly full": [Reason(ReasonKind.RPO, Severity.WARNING), Reason(ReasonKind.NEAR_FULL, Severity.NOTICE)],
    "no vm": [Reason(ReasonKind.NO_VM, Severity.WARNING)],
}


@pytest.mark.parametrize("form", ["{}", '"{}"', "~{}", "re:{}"])
@pytest.mark.parametrize("text", PROBLEMS)
def test_free_text_finds_the_words_of_problems(text: str, form: str) -> None:
    fleet = [structs.replace(a_row("cdp", status="Failed"), reasons=tuple(reasons)) for reasons in PROBLEMS.values()]
    words = text if form in {"{}", '"{}"'} else f'"{text}"'.replace("?", "")
    matches = compile_predicate(parse(form.format(words)), CONTEXT)
    assert [matches(row) for row in (*fleet, a_row("cdp"))] == [*(problem == text for problem in PROBLEMS), False]


def test_free_text_finds_disabled_tasks_as_the_list_shows_them() -> None:
    matches = compile_predicate(parse("disabled"), CONTEXT)
    assert [matches(row) for row in (a_row(state="Disabled"), a_row())] == [True, False]
