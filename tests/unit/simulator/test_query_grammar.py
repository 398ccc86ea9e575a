"""The query grammar, quirk by quirk."""

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
        # The first operator of the list wins, wherever it stands.
        ("name=a>=b", "name=a", ">=", "b"),
        ("name=a!=b", "name=a", "!=", "b"),
        ("name=a~=b", "name=a", "~=", "b"),
        # "=" comes before ">" and before the words.
        ("name=a>b", "name", "=", "a>b"),
        ("name=is null", "name", "=", "is null"),
        # It splits at its first occurrence; neighbouring separators count as one.
        ("name=x=y", "name", "=", "x=y"),
        ("name==x", "name", "=", "x"),
    ],
)
def test_condition_is_split_as_the_server_splits_it(text: str, field: str, operator: str, value: str) -> None:
    assert parse_condition(text) == Condition(field, operator, value)


def test_no_operator_is_refused_with_the_list_in_double_brackets() -> None:
    with pytest.raises(PlainTextError) as refusal:
        parse_condition("name")
    assert refusal.value.status == 400
    assert refusal.value.text.endswith(
        "Valid query operators are [[!=, >=, <=, !?=, !~=, ~=, ?=, =, >, <, is null, not null]]"
    )


@pytest.mark.parametrize("text", ["name=", "=x", "uuid?=", "="])
def test_empty_half_is_refused_as_no_pair(text: str) -> None:
    with pytest.raises(PlainTextError) as refusal:
        parse_condition(text)
    assert refusal.value.status == 400
    assert "is not a key-value pair split by" in refusal.value.text


def test_defaults_are_the_servers() -> None:
    query = parse_query({})
    assert (query.limit, query.start, query.count, query.reply_with_count) == (1000, 0, False, False)
    assert (query.sort_by, query.fields) == (None, ())


@pytest.mark.parametrize(
    ("text", "field", "descending"), [("+name", "name", False), ("-name", "name", True), ("name", "name", False)]
)
def test_sort_has_a_sign(text: str, field: str, *, descending: bool) -> None:
    query = parse_query({"sort": [text]})
    assert (query.sort_by, query.descending) == (field, descending)


def test_unencoded_plus_of_sort_is_a_blank_and_still_ascends() -> None:
    query = parse_query(parse_params("sort=+name"))
    assert (query.sort_by, query.descending) == ("name", False)


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("TRUE", True), ("1", False), ("yes", False), ("", False)]
)
def test_booleans_are_javas(text: str, *, expected: bool) -> None:
    assert parse_query({"count": [text]}).count is expected


@pytest.mark.parametrize("name", ["limit", "start"])
@pytest.mark.parametrize("text", ["ten", "", "1.5", "99999999999"])
def test_numbers_that_are_none_are_refused(name: str, text: str) -> None:
    with pytest.raises(PlainTextError) as refusal:
        parse_query({name: [text]})
    assert refusal.value.text == f"Invalid query parameter. '{name}' must be an integer"


def test_only_the_first_fields_parameter_counts() -> None:
    assert parse_query(parse_params("fields=uuid,%20name&fields=state")).fields == ("uuid", "name")


def test_conditions_are_a_set() -> None:
    query = parse_query(parse_params("q=a%3D1&q=b%3D2&q=a%3D1"))
    assert query.conditions == {Condition("a", "=", "1"), Condition("b", "=", "2")}
