"""The grammar of query strings, as `RestServer.handleQueryApi` of the vendor's server reads them.

The quirks of the server are kept, since clients have to work with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cdptui.simulator.http_types import PlainTextError

OPERATORS = ("!=", ">=", "<=", "!?=", "!~=", "~=", "?=", "=", ">", "<", "is null", "not null")
"""In the order in which the server searches the whole condition; the first one found splits it."""

_NAMES = {"?=": "in", "!?=": "not in", "~=": "like", "!~=": "not like"}
_JAVA_INTEGER = re.compile(r"[+-]?\d+")
_JAVA_MAX = 2**31 - 1

PARAMETERS = frozenset({"q", "limit", "start", "count", "replyWithCount", "sort", "fields", "groupBy", "filterName"})
"""All other parameters are ignored without an error."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `value` is as sent, including blanks, and empty for the null tests."""

    field: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query, from REST or the message RPC. Conditions are a set: their order and duplicates have no effect."""

    conditions: frozenset[Condition] = frozenset()
    limit: int = 1000
    """0 is no limit; a negative limit is an error of the database layer."""
    start: int = 0
    count: bool = False
    reply_with_count: bool = False
    sort_by: str | None = None
    descending: bool = False
    fields: tuple[str, ...] = ()
    """Empty for all fields."""
    filter_name: str | None = None


def parse_params(query: str) -> dict[str, list[str]]:
    """Parse a query string. Repeated names keep all their values, including empty ones."""
    params: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        params.setdefault(name, []).append(value)
    return params


def parse_query(params: dict[str, list[str]]) -> Query:
    """Build a query from parameters. Raises PlainTextError 400 for parameters that the REST layer cannot parse."""
    first = {name.strip(): values[0].strip() for name, values in params.items()}
    sort = first.get("sort")
    fields = first.get("fields")
    return Query(
        conditions=frozenset(parse_condition(text) for text in params.get("q", ())),
        limit=_integer("limit", first.get("limit"), 1000),
        start=_integer("start", first.get("start"), 0),
        count=_boolean(first.get("count")),
        reply_with_count=_boolean(first.get("replyWithCount")),
        sort_by=None if sort is None else sort.lstrip(sort[:1] if sort[:1] in "+-" else ""),
        descending=sort is not None and sort.startswith("-"),
        fields=() if fields is None else tuple(name.strip() for name in fields.split(",")),
        filter_name=first.get("filterName"),
    )


def parse_condition(text: str) -> Condition:
    """Parse one `q`. Raises PlainTextError 400 without an operator or with an empty side.

    >>> parse_condition(" name =  a ")
    Condition(field='name', operator='=', value='  a ')
    >>> parse_condition("name=a>=b")
    Condition(field='name=a', operator='>=', value='b')
    >>> parse_condition("description is null")
    Condition(field='description', operator='is null', value='')
    """
    operator = next((op for op in OPERATORS if op in text), None)
    if operator is None:
        raise PlainTextError(
            400,
            f"Invalid query parameter. The '{text}' in the parameter[q] doesn't contain any query operator."
            f" Valid query operators are [[{', '.join(OPERATORS)}]]",
        )
    parts = _split(text, operator)
    if operator in ("is null", "not null"):
        return Condition(parts[0].strip() if parts else "", operator)
    if len(parts) != 2:
        name = _NAMES.get(operator, operator)
        raise PlainTextError(
            400, f"Invalid query parameter. The '{text}' in parameter[q] is not a key-value pair split by {name}"
        )
    return Condition(parts[0].strip(), operator, parts[1])


def _split(text: str, operator: str) -> list[str]:
    """Split once, as Commons Lang's `splitByWholeSeparator`: adjacent separators count as one, empty ends are dropped.

    >>> _split("name==x=y", "=")
    ['name', 'x=y']
    >>> _split("name=", "=")
    ['name']
    """
    while text.startswith(operator):
        text = text[len(operator) :]
    head, found, tail = text.partition(operator)
    if not found:
        return [head] if head else []
    while tail.startswith(operator):
        tail = tail[len(operator) :]
    return [head, tail] if tail else [head]


def _integer(name: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    if not _JAVA_INTEGER.fullmatch(text) or abs(int(text)) > _JAVA_MAX:
        raise PlainTextError(400, f"Invalid query parameter. '{name}' must be an integer")
    return int(text)


def _boolean(text: str | None) -> bool:
    """Parse as Java's `Boolean.parseBoolean`: only `true`, in any case, is true."""
    return text is not None and text.lower() == "true"
