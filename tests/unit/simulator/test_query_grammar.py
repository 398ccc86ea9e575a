"""The query grammar and its peculiarities."""

from __future__ import annotations

import pytest

from cdptui.simulator.http_types import PlainTextError
from cdptui.simulator.query.grammar import Condition, parse_condition, parse_params, parse_query


@pytest.mark.parametrize(
    ("text", "field", "operator", "value"),
    [
        ("name=x", "name", "=", "x"),
        ("name!=x", "name", "!=", "x"),
        ("usedCapacity>=5", "usedCapacity", ">=", "5"),
        ("usedCapacity<=5", "usedCapacity", "<=", "5"),
        ("usedCapacity>5", "usedCapacity", ">", "5"),
        ("usedCapacity<5", "usedCapacity", "<", "5"),
        ("uuid?=a,b", "uuid", "?=", "a,b"),
        ("uuid!?=a,b", "uuid", "!?=", "a,b"),
        ("name~=%web%", "name", "~=", "%web%"),
        ("name!~=%web%", "name", "!~=", "%web%"),
        ("description is null", "description", "is null", ""),
        ("description not null", "description", "not null", ""),
        ("resourceRefs.resourceUuid=vm", "resourceRefs.resourceUuid", "=", "vm"),
        # The field is trimmed, the value is not.
        ("  name =  x ", "name", "=", "  x "),
        # The first operator of the list wins, at any position.
        ("name=a>=b", "name=a", ">=", "b"),
        ("name=a!=b", "name=a", "!=", "b"),
        ("name=a~=b", "name=a", "~=", "b"),
        # "=" is before ">" and "is null" in the list.
        ("name=a>b", "name", "=", "a>b"),
        ("name=is null", "name", "=", "is null"),
        # The split is at the first occurrence; adjacent separators count as one.
        ("name=x=y", "name", "=", "x=y"),
        ("name==x", "name", "=", "x"),
    ],
)
def test_condition_is_split_like_on_the_server(text: str, field: str, operator: str, value: str) -> None:
    assert parse_condition(text) == Condition(field, operator, value)


def test_missing_operator_is_refused_with_the_list_in_double_brackets() -> None:
    with pytest.raises(PlainTextError) as raised:
        parse_condition("name")
    assert raised.value.status == 400
    assert raised.value.text.endswith(
        "Valid query operators are [[!=, >=, <=, !?=, !~=, ~=, ?=, =, >, <, is null, not null]]"
    )


@pytest.mark.parametrize("text", ["name=", "=x", "uuid?=", "="])
def test_condition_with_an_empty_side_is_refused(text: str) -> None:
    with pytest.raises(PlainTextError) as raised:
        parse_condition(text)
    assert raised.value.status == 400
    assert "is not a key-value pair split by" in raised.value.text


def test_defaults_match_the_server() -> None:
    query = parse_query({})
    assert (query.limit, query.start, query.count, query.reply_with_count) == (1000, 0, False, False)
    assert (query.sort_by, query.fields) == (None, ())


@pytest.mark.parametrize(
    ("text", "field", "descending"), [("+name", "name", False), ("-name", "name", True), ("name", "name", False)]
)
def test_sort_direction_is_the_sign(text: str, field: str, *, descending: bool) -> None:
    query = parse_query({"sort": [text]})
    assert (query.sort_by, query.descending) == (field, descending)


def test_unencoded_plus_in_sort_is_a_blank_and_ascending() -> None:
    query = parse_query(parse_params("sort=+name"))
    assert (query.sort_by, query.descending) == ("name", False)


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("TRUE", True), ("1", False), ("yes", False), ("", False)]
)
def test_booleans_are_parsed_like_in_java(text: str, *, expected: bool) -> None:
    assert parse_query({"count": [text]}).count is expected


@pytest.mark.parametrize("name", ["limit", "start"])
@pytest.mark.parametrize("text", ["ten", "", "1.5", "99999999999"])
def test_invalid_integers_are_refused(name: str, text: str) -> None:
    with pytest.raises(PlainTextError) as raised:
        parse_query({name: [text]})
    assert raised.value.text == f"Invalid query parameter. '{name}' must be an integer"


def test_only_the_first_fields_parameter_is_used() -> None:
    assert parse_query(parse_params("fields=uuid,%20name&fields=state")).fields == ("uuid", "name")


def test_conditions_are_a_set() -> None:
    query = parse_query(parse_params("q=a%3D1&q=b%3D2&q=a%3D1"))
    assert query.conditions == {Condition("a", "=", "1"), Condition("b", "=", "2")}
