"""Whether a row meets a condition, by the rules of the server's database: no case, and null meets nothing."""

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
    """A test for one value. Raises ApiRefusal SYS.1000 when the value cannot be one of that kind."""
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
        wanted = frozenset(_comparable(part, kind, zone) for part in text.split(","))
        return lambda value: value is not None and _plain(value) in wanted
    return _comparison(operator, _comparable(text, kind, zone))


def any_of(test: Predicate) -> Predicate:
    """The test over a collection, as a join has it: one element is enough."""
    return lambda values: isinstance(values, Iterable) and any(test(value) for value in values)


def like_pattern(text: str) -> re.Pattern[str]:
    r"""SQL LIKE: `%` and `_`, escaped by a backslash, without case.

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


def _comparison(operator: str, wanted: float | str) -> Predicate:
    def test(value: object) -> bool:
        if value is None:
            return False
        plain = _plain(value)
        if isinstance(plain, str) or isinstance(wanted, str):
            left, right = str(plain), str(wanted)
            return _compare(operator, (left > right) - (left < right))
        return _compare(operator, (plain > wanted) - (plain < wanted))

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
        wanted = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"
        raise ApiErrorResponse(errors.internal(f"java.lang.IllegalArgumentException: {wanted}")) from None
