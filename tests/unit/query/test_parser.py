from __future__ import annotations

import pytest
from hypothesis import given

from cdptui.query.errors import QueryError
from cdptui.query.expression import Expression
from cdptui.query.formatter import format_query
from cdptui.query.parser import PartialQuery, parse, parse_partial
from tests.unit.query.expressions import expressions


@pytest.mark.parametrize(
    ("text", "shown", "is_final"),
    [
        ("erp", "erp", False),
        ("erp ", "erp", True),
        ("erp us", "erp us", False),
        ("used>80%", "used>80%", True),
        ("used>80% an", "used>80%", False),
        ("used>80 % no", "used>80%", False),
        ("used>80% and rp", "used>80%", False),
        ("used>80% or !rp", "used>80%", False),
        ("(used>80% or oa>1) an", None, False),
        ("(used>80% or erp) an", "(used>80% or erp) an", False),
        ("(erp or used>80%) an", "erp or used>80%", False),
        ("used>80% erp", "used>80% erp", False),
        ("used>80% an ", "used>80% an", True),
        ('used>80% "an"', "used>80% an", True),
        ("changed<5 m", "changed<5m", False),
        ("full<0 m", "full<0", False),
        ("st=r", "st=r", True),
    ],
)
def test_unfinished_last_word_is_ignored_after_a_comparison(text: str, shown: str | None, is_final: bool) -> None:
    if shown is None:
        with pytest.raises(QueryError):
            parse_partial(text)
    else:
        assert parse_partial(text) == PartialQuery(parse(shown), is_final)


def test_empty_text_has_no_expression() -> None:
    assert parse_partial(" ") == PartialQuery(None, is_final=True)


@given(expressions)
def test_text_before_a_blank_is_final(expression: Expression) -> None:
    assert parse_partial(f"{format_query(expression)} ") == PartialQuery(expression, is_final=True)
