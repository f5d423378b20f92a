"""Tables as lines of JSON and back, the same for both databases: a backup of one restores into the other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Connection, DateTime, LargeBinary, MetaData, Numeric, Table, Text, bindparam, cast, func, insert, inspect, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint, DropSequence
from sqlalchemy.schema import Sequence as SqlSequence
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import JSON, Date, Time, TypeDecorator, TypeEngine

from core.db import metadata
from core.migrations.derived import HIDDEN_TABLES

#: kept by the migrations themselves, not by a backup
OWN = HIDDEN_TABLES | {"alembic_version", "schema_state"}
BATCH = 1_000


def tables_of(connection: Connection) -> list[Table]:
    """The tables as they are in this database, with the types the models give their columns.

    Values of our own types are taken as they are stored: what is encrypted stays encrypted.
    """
    there = MetaData()
    there.reflect(connection, only=lambda name, _metadata: name not in OWN)
    return [_as_stored(table) for table in sorted(there.tables.values(), key=lambda table: table.name)]


def _as_stored(table: Table) -> Table:
    columns: list[SqlColumn[Any]] = []
    for column in table.columns:
        model = metadata.tables.get(table.name)
        kind: TypeEngine[Any] = model.columns[column.name].type if model is not None and column.name in model.columns else column.type
        columns.append(SqlColumn(column.name, kind.impl_instance if isinstance(kind, TypeDecorator) else kind, primary_key=column.primary_key))
    return Table(table.name, MetaData(), *columns)


def dump(connection: Connection, table: Table, count: Callable[[], None]) -> Iterator[bytes]:
    """One line of JSON per row, in the order of the key; `count` is called for each."""
    columns = [cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column for column in table.columns]
    statement = select(*columns).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    kinds = [column.type for column in table.columns]
    for row in connection.execute(statement):
        count()
        yield json.dumps([_plain(value, kind) for value, kind in zip(row, kinds, strict=True)], ensure_ascii=False).encode() + b"\n"


def load(connection: Connection, table: Table, columns: Sequence[str], lines: Iterable[bytes]) -> int:
    """Insert the rows of a dump; returns how many."""
    kinds = [table.columns[name].type for name in columns]
    is_sqlite = connection.dialect.name == "sqlite"
    statement = insert(table).values({name: _parameter(name, kind, is_sqlite) for name, kind in zip(columns, kinds, strict=True)})
    waiting: list[dict[str, Any]] = []
    done = 0
    for line in lines:
        waiting.append({name: _typed(value, kind, not is_sqlite) for name, value, kind in zip(columns, json.loads(line), kinds, strict=True)})
        if len(waiting) == BATCH:
            connection.execute(statement, waiting)
            done, waiting = done + len(waiting), []
    if waiting:
        connection.execute(statement, waiting)
    return done + len(waiting)


def _parameter(name: str, kind: TypeEngine[Any], is_sqlite: bool) -> ColumnElement[Any]:
    """JSON comes as the text it is stored as: so null and nothing stay different."""
    if not isinstance(kind, JSON):
        return bindparam(name, type_=kind)
    as_text = bindparam(name, type_=Text)
    return as_text if is_sqlite else cast(as_text, kind)


def _plain(value: Any, kind: TypeEngine[Any]) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None and isinstance(kind, DateTime) and kind.timezone:
            value = value.replace(tzinfo=UTC)  # SQLite keeps no zone; ours are all UTC
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: Any, kind: TypeEngine[Any], keeps_zone: bool) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        moment = datetime.fromisoformat(value)
        return moment if keeps_zone or moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, Time):
        return time.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return Decimal(value) if isinstance(kind, Numeric) and kind.asdecimal else value


class ForeignKeys:
    """PostgreSQL's foreign keys, away while rows come in any order and checked when put back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._constraints: list[Any] = []

    def __enter__(self) -> None:
        if self.connection.dialect.name == "sqlite":
            return  # schema_change() has them off, and checks them at the end
        there = MetaData()
        there.reflect(self.connection)
        self._constraints = [key for table in there.tables.values() for key in table.foreign_key_constraints]
        for key in self._constraints:
            self.connection.execute(DropConstraint(key))

    def __exit__(self, failure: Any, *_rest: Any) -> None:
        if failure is None:
            for key in self._constraints:
                self.connection.execute(AddConstraint(key))


def drop_everything(connection: Connection) -> None:
    """Take every table away, in the transaction at hand."""
    names = inspect(connection).get_table_names()
    if connection.dialect.name == "sqlite":
        hidden = [name for name in names if any(name.startswith(f"{index}_") for index in HIDDEN_TABLES)]
        for name in (name for name in names if name not in hidden):
            connection.execute(text(f'DROP TABLE "{name}"'))  # an index table takes its hidden ones along
        return
    for name in names:
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    for name in inspect(connection).get_sequence_names():
        connection.execute(DropSequence(SqlSequence(name), if_exists=True))


def set_sequences(connection: Connection, tables: Iterable[Table]) -> None:
    """PostgreSQL: the next number of each key comes after the highest that was loaded."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables:
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or keys[0].type.python_type is not int:
            continue
        sequence = _own_sequence(table.name, keys[0].name) or connection.execute(select(func.pg_get_serial_sequence(table.name, keys[0].name))).scalar()
        if sequence:
            highest = connection.execute(select(func.max(keys[0]))).scalar()
            connection.execute(select(func.setval(sequence, highest or 1, highest is not None)))


def _own_sequence(table: str, column: str) -> str | None:
    """The sequence a model names for its key, as those of FAB do."""
    model = metadata.tables.get(table)
    default = model.columns[column].default if model is not None and column in model.columns else None
    return default.name if isinstance(default, SqlSequence) else None
