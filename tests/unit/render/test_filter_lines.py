from __future__ import annotations

import pytest
from rich.cells import cell_len

from cdptui.query.errors import QueryError
from cdptui.query.expression import clauses
from cdptui.query.fields import BY_NAME
from cdptui.query.parser import parse
from cdptui.render.filter_lines import FilterResult, active_filter_line, error_line, explanation_line
from cdptui.render.spans import Role, plain_text
from cdptui.tui.keymap import DEFAULT_KEYMAP


def parse_error(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


def test_caret_is_below_the_error() -> None:
    line = error_line(parse_error("erp uesd>8"), 6, 80, cell_len)
    assert plain_text(line) == "      ^ unknown field 'uesd'; did you mean used?"
    assert line[-1].role is Role.BAD


def test_unfinished_expression_is_a_warning() -> None:
    assert error_line(parse_error("used>"), 7, 80, cell_len)[-1].role is Role.WARN


def test_message_is_before_the_caret_near_the_right_edge() -> None:
    line = plain_text(error_line(parse_error("uesd>8"), 70, 80, cell_len))
    assert line.endswith("did you mean used? ^")
    assert line.index("^") == 70


def test_explanation_shows_the_count_of_each_clause_or_an_ellipsis() -> None:
    expression = parse("used>80% or plan=0")
    used, _ = clauses(expression)
    assert (
        plain_text(explanation_line(expression, FilterResult(1, 2, {used: 1}), BY_NAME))
        == "used over 80% of plan (1) OR plan is 0 (…)"
    )


def test_explanation_is_sanitized() -> None:
    output = plain_text(explanation_line(parse('"a\x1b[31m\u202e"'), FilterResult(0, 0, {}), BY_NAME))
    assert "\x1b" not in output
    assert "\u202e" not in output


@pytest.mark.parametrize("width", [10, 20, 40, 60, 100, 160])
def test_hidden_count_is_dropped_last(width: int) -> None:
    text, result = "used>80% and status!=Running", FilterResult(12, 1312, {})
    line = plain_text(active_filter_line(text, result, width, cell_len, DEFAULT_KEYMAP.labels))
    assert "12 of 1312 shown, 1300 hidden"[: max(0, width - 5)] in line


@pytest.mark.parametrize("character", ["a", "中"])
def test_long_filter_is_cut_to_the_width_with_few_measurements(character: str) -> None:
    measured: list[str] = []

    def measure(text: str) -> int:
        measured.append(text)
        return cell_len(text)

    line = active_filter_line(character * 998, FilterResult(1, 2, {}), 60, measure, DEFAULT_KEYMAP.labels)
    assert 58 <= cell_len(plain_text(line)) <= 60
    assert len(measured) < 50
