"""Match rows against conditions by the rules of the server's database: case-insensitive, and null matches nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.query.grammar import Condition
from cdptui.simulator.query.table import ColumnType

Predicate = Callable[[object], bool]
_NEGATIVE = {"!=": "=", "!?=": "?=", "!~=": "~="}
_JAVA_DATE = re.compile(r"([A-Z][a-z]{2} \d{1,2}, \d{4}),?\s(\d{1,2}:\d\d:\d\d)\s([AP]M)")


def predicate(condition: Condition, kind: ColumnType, zone: ZoneInfo) -> Predicate:
    """Return a test for one value. Raises ApiErrorResponse SYS.1000 if the condition does not fit the column type."""
    operator, text = condition.operator, condition.value
    if operator == "is null":
        return lambda value: value is None
    if operator == "not null":
        return lambda value: value is not None
    if operator in _NEGATIVE:
        positive = predicate(Condition(condition.field, _NEGATIVE[operator], text), kind, zone)
        return lambda value: value is not None and not positive(value)
    if operator == "~=":
        pattern = like_pattern(text)
        return lambda value: value is not None and pattern.fullmatch(str(value)) is not None
    if operator == "?=":
        operands = frozenset(_comparable(part, kind, zone) for part in text.split(","))
        return lambda value: value is not None and _plain(value) in operands
    return _comparison(operator, _comparable(text, kind, zone))


def any_of(test: Predicate) -> Predicate:
    """Return a test of a collection: one matching element is enough, as in a join."""
    return lambda values: isinstance(values, Iterable) and any(test(value) for value in values)


def like_pattern(text: str) -> re.Pattern[str]:
    r"""Compile a SQL LIKE pattern: `%` and `_`, backslash escapes, case-insensitive.

    >>> bool(like_pattern("cdp-%_1").fullmatch("CDP-web-01")), bool(like_pattern(r"100\%").fullmatch("100x"))
    (True, False)
    """
    parts, escaped = [], False
    for char in text:
        if not escaped and char == "\\":
            escaped = True
            continue
        wild = {"%": ".*", "_": "."}.get(char) if not escaped else None
        parts.append(wild or re.escape(char))
        escaped = False
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _comparison(operator: str, operand: float | str) -> Predicate:
    def test(value: object) -> bool:
        if value is None:
            return False
        plain = _plain(value)
        if isinstance(plain, str) or isinstance(operand, str):
            left, right = str(plain), str(operand)
            return _compare(operator, (left > right) - (left < right))
        return _compare(operator, (plain > operand) - (plain < operand))

    return test


def _compare(operator: str, sign: int) -> bool:
    return {"=": sign == 0, ">": sign > 0, "<": sign < 0, ">=": sign >= 0, "<=": sign <= 0}[operator]


def _plain(value: object) -> float | str:
    return value if isinstance(value, int | float) else str(value).casefold()


def _comparable(text: str, kind: ColumnType, zone: ZoneInfo) -> float | str:
    if kind is ColumnType.NUMBER:
        try:
            return int(text)
        except ValueError:
            raise ApiErrorResponse(
                errors.internal(f'java.lang.NumberFormatException: For input string: "{text}"')
            ) from None
    if kind is ColumnType.DATE:
        return _moment(text.strip(), zone)
    return text.casefold()


def _moment(text: str, zone: ZoneInfo) -> float:
    java = _JAVA_DATE.fullmatch(text)
    try:
        if java is not None:
            return datetime.strptime(" ".join(java.groups()), "%b %d, %Y %I:%M:%S %p").replace(tzinfo=zone).timestamp()
        return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()
    except ValueError:
        expected = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"
        raise ApiErrorResponse(errors.internal(f"java.lang.IllegalArgumentException: {expected}")) from None
