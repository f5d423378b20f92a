"""INSERT of hundreds of rows in one statement, for SQLite.

A statement per row ends in a savepoint each, at which a full-text index writes out what it has
gathered: that took ten times as long as everything else together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, bindparam

_MOST = 2_000
_NEVER = object()
_DAYS = (date, datetime)
_shapes: dict[tuple[str, tuple[str, ...]], Shape | None] = {}


def insert_at_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Insert rows that all have the same keys; False when only SQLAlchemy can (a value that is made per row)."""
    key = (table.name, tuple(rows[0]))
    if key not in _shapes:
        _shapes[key] = _shape_of(connection, table, key[1])
    shape = _shapes[key]
    if shape is None:
        return False
    shape.insert(connection, rows)
    return True


class Shape:
    """How rows of a table with certain keys are written."""

    def __init__(self, into: str, names: list[str], processors: list[Callable[[Any], Any] | None]) -> None:
        self.into, self.names = into, names
        self.processors = [(place, process) for place, process in enumerate(processors) if process]
        self.most = max(1, min(_MOST, _variables() // len(names)))
        self.marks = f"({', '.join('?' * len(names))})"

    def insert(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        names = self.names
        pick: Callable[[Mapping[str, Any]], Any] = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        columns: list[Any] = list(zip(*map(pick, rows), strict=True))
        for place, process in self.processors:
            columns[place] = _processed(process, columns[place])
        written = list(zip(*columns, strict=True))
        for start in range(0, len(written), self.most):
            part = written[start : start + self.most]
            connection.exec_driver_sql(self.into + ", ".join([self.marks] * len(part)), tuple(chain.from_iterable(part)))


def _processed(process: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Each value as the driver wants it; the same object, or day, is worked out once."""
    found: list[Any] = []
    last, result = _NEVER, None
    days: dict[Any, Any] = {}
    for value in values:
        if value is not last:
            last = value
            if value.__class__ in _DAYS:
                result = days.get(value, _NEVER)
                if result is _NEVER:
                    result = days[value] = process(value)
            else:
                result = process(value)
        found.append(result)
    return found


def _shape_of(connection: Connection, table: Table, keys: tuple[str, ...]) -> Shape | None:
    if any(column.default is not None and column.key not in keys for column in table.columns):
        return None
    columns = [table.columns[key] for key in keys]
    if any(column.type.bind_expression(bindparam("x")) is not None for column in columns):
        return None
    dialect = connection.dialect
    quote = dialect.identifier_preparer
    into = f"INSERT INTO {quote.format_table(table)} ({', '.join(map(quote.format_column, columns))}) VALUES "
    return Shape(into, list(keys), [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns])


@cache
def _variables() -> int:
    """Values one statement may have."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
