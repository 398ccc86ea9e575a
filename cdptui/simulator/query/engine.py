"""Run queries on a table and encode the reply with its `schema`.

Query replies contain neither `success` nor `error`, contrary to the vendor's documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.java_json import encode, in_hash_order
from cdptui.simulator.query.grammar import Condition, Query
from cdptui.simulator.query.matching import any_of, predicate
from cdptui.simulator.query.table import Column, ColumnType, Table

Row = TypeVar("Row")

_TAGS = ("__systemTag__", "__userTag__", "__tagUuid__")
"""Names that every table accepts in `q`. No resource of the simulator has tags."""
_RUNTIME = "org.zstack.header.exception.CloudRuntimeException"


class Engine(Generic[Row]):
    """The queries of one table."""

    def __init__(self, table: Table[Row], zone: ZoneInfo) -> None:
        self.table = table
        self._zone = zone

    def run(self, query: Query) -> bytes:
        """Return the JSON reply.

        Raises ApiErrorResponse for fields, sort orders and limits that the server's database refuses.
        """
        rows, total = self.select(query)
        if query.count:
            return encode({"schema": {}, "total": total})
        if query.fields:
            inventories = [encode(self._partial(row, query.fields)) for row in rows]
        else:
            inventories = [self.table.encode(row) for row in rows]
        counted = b'"total":%d,' % total if query.reply_with_count else b""
        schema = self._schema(rows, query.fields)
        return b'{"schema":{%s},%s"inventories":[%s]}' % (schema, counted, b",".join(inventories))

    def get(self, uuid: str) -> bytes:
        """Return the reply to `GET …/{uuid}`: a list of one row, or an empty list for an unknown UUID."""
        return self.run(Query(conditions=frozenset({Condition("uuid", "=", uuid)})))

    def select(self, query: Query) -> tuple[Sequence[Row], int]:
        """Return the rows of the page, and the number of matches without limit and start."""
        self._check(query)
        rows = self._matching(query)
        total = len(rows)
        end = None if query.limit == 0 else query.start + query.limit
        return rows[query.start : end], total

    def _check(self, query: Query) -> None:
        if query.limit < 0 or query.start < 0:
            name = "limit" if query.limit < 0 else "start"
            raise ApiErrorResponse(errors.internal(f"java.lang.IllegalArgumentException: {name} cannot be negative"))
        if query.filter_name is not None and len(query.filter_name.split(":")) != 2:
            text = (
                f"Invalid query parameter. filterName[{query.filter_name}] must be formatted as [filterType:condition]"
            )
            raise ApiErrorResponse(errors.invalid_argument(text))
        for name in query.fields:
            column = self.table.columns.get(name)
            if column is None:
                # The unresolved placeholder is the vendor's bug.
                text = f"{_RUNTIME}: inventory[${{selfInventoryClass}}] has no field[{name}]"
                raise ApiErrorResponse(errors.internal(text))
            if column.kind is ColumnType.LIST:
                text = f"org.hibernate.QueryException: illegal attempt to select collection [{name}]"
                raise ApiErrorResponse(errors.internal(text))

    def _matching(self, query: Query) -> Sequence[Row]:
        by_key = next((c for c in query.conditions if c.field == "uuid" and c.operator == "="), None)
        if by_key is None:
            rows = self._ordered(query)
        else:
            row = self.table.by_uuid(by_key.value) or self.table.by_uuid(by_key.value.lower())
            rows = [] if row is None else [row]
        for condition in query.conditions - {by_key}:
            if condition.field in _TAGS:
                rows = rows if condition.operator in ("!=", "!?=", "!~=", "is null") else []
                continue
            column = self._column(condition.field)
            test = predicate(condition, column.kind, self._zone)
            if condition.field in self.table.joined_columns:
                test = any_of(test)
            rows = [row for row in rows if test(column.read(row))]
        return rows

    def _ordered(self, query: Query) -> Sequence[Row]:
        if query.sort_by is None:
            return self.table.rows()
        column = self.table.columns.get(query.sort_by)
        if column is None or column.kind is ColumnType.LIST:
            entity = self.table.java_class.rsplit(".", 1)[-1].removesuffix("Inventory").lower() + "vo"
            text = f"could not resolve property: {query.sort_by} of: {entity}"
            raise ApiErrorResponse(errors.internal(f"org.hibernate.QueryException: {text}"))
        return self.table.in_order(column, descending=query.descending)

    def _column(self, name: str) -> Column[Row]:
        column = self.table.columns.get(name) or self.table.joined_columns.get(name)
        if column is None or column.kind is ColumnType.LIST:
            text = f"{_RUNTIME}: inventory class[class {self.table.java_class}] not having field[{name}]"
            raise ApiErrorResponse(errors.ErrorCode("SYS.1000", text, cost=None))
        return column

    def _partial(self, row: Row, fields: tuple[str, ...]) -> dict[str, object]:
        """Return the selected fields. As on the real server, primitives that were not selected are written as 0."""
        values: dict[str, object] = {}
        for name, column in self.table.columns.items():
            if name in fields:
                values[name] = self.table.wire_value(row, name)
            elif column.is_primitive:
                values[name] = 0
        return in_hash_order(values)

    def _schema(self, rows: Sequence[Row], fields: tuple[str, ...]) -> bytes:
        below = tuple(
            (name, column.enum_class)
            for name, column in self.table.columns.items()
            if column.enum_class is not None and (not fields or name in fields)
        )
        nested = self.table.nested
        parts = [
            _schema_part(i, self.table.java_class, () if fields else nested(rows[i]), below)
            for i in range(len(rows) - 1, -1, -1)
        ]
        return b",".join(parts)


@lru_cache(maxsize=200_000)
def _schema_part(
    index: int, java_class: str, nested: tuple[tuple[str, str], ...], below: tuple[tuple[str, str], ...]
) -> bytes:
    entries = {f"inventories[{index}]": java_class}
    for path, name in (*nested, *below):
        entries[f"inventories[{index}].{path}"] = name
    return encode(entries)[1:-1]
