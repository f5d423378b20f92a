"""The database: declarative base, session, transactions, and the few bulk statements we allow.

This is the only file that may use raw SQL or Core insert/update/delete: everything else goes
through the ORM, where the tenancy guard sees it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, DateTime, Engine, MetaData, String, any_, bindparam, cast, event, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import MappedColumn, Session, mapped_column
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import JSON, TypeDecorator

from core.bulk import insert_at_once
from core.errors import StaleVersion
from core.turns import turn

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = Model.metadata
metadata.naming_convention = NAMING_CONVENTION  # before FAB's own tables are declared

#: JSON that can be indexed on PostgreSQL and reads as text on SQLite.
JSONColumn = JSON().with_variant(JSONB(), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A timezone-aware moment, stored in UTC. A naive value is a mistake and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: use core.clock.now()")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(Model):
    """Declarative base of every model. Two models with one table name refuse to start."""

    __abstract__ = True
    __table_args__: Any = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'id', None)}>"


#: in the `info` of a column with the name of who did something: the column with the number of that login
SIGNED = "signed"


def signature(by: str, length: int = 160) -> MappedColumn[Any]:
    """A column with the name of who did something, as people read it; `by` names the one with the number of that login.

    Every name of that kind is declared so, and a test looks: erasing a person empties it by that
    number, whatever the table, and records of changes leave it out.

    Example:
        decided_by: Mapped[str] = signature("decided_by_id")
        decided_by_id: Mapped[int | None]
    """
    return mapped_column(String(length), default="", info={SIGNED: by})


@cache
def signed_columns(model: type) -> dict[str, str]:
    """The columns of a model that say who did something: {column with the name: column with the number}."""
    table: Any = model.__table__  # type: ignore[attr-defined]
    return {column.name: column.info[SIGNED] for column in table.columns if SIGNED in column.info}


def without_signatures(model: type, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The same changes, without who made them: that is said beside them already."""
    signed = signed_columns(model)
    return {name: pair for name, pair in changes.items() if name not in signed and name not in signed.values()}


class TenantSession(FlaskSession):
    """Session that refuses to flush outside `transaction()`; the tenancy guard listens to it."""

    @property
    def is_writing(self) -> bool:
        return bool(self.info.get("writing"))

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """A row by its key; what is in memory from another scope is not found either."""
        from core.tenancy import is_visible  # noqa: PLC0415 -- circular: tenancy listens to this session

        found = super().get(entity, ident, **options)
        return found if found is None or is_visible(found, self) else None

    def get_one(self, entity: Any, ident: Any, **options: Any) -> Any:
        """The same, where it must be there."""
        found = self.get(entity, ident, **options)
        if found is None:
            raise NoResultFound(f"no {entity} of this scope with key {ident}")
        return found


db = SQLA(session_options={"class_": TenantSession, "autoflush": False})

_immediate: ContextVar[bool] = ContextVar("koepel_immediate", default=False)


@contextmanager
def transaction() -> Iterator[Session]:
    """Everything inside is written together, or not at all.

    The edge of the application (view, job item, command) opens it; services only flush. A
    nested call joins the outer one. On SQLite the write lock is taken at once, in turn, so what
    is read inside is still true when it is written. What was read before is read again.

    Example:
        with transaction():
            save_contact(contact, values, actor=actor)
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("objects were changed before transaction() was entered")
    session.commit()  # ends the read transaction, so that nothing stale is written back
    session.info["writing"] = True
    session.info["after_commit"] = []
    token = _immediate.set(True)
    try:
        with turn(db.engine):
            try:
                session.connection()
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                session.info["after_commit"] = []
                raise
    finally:
        _immediate.reset(token)
        session.info["writing"] = False
    for callback in session.info.pop("after_commit", []):
        callback()


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` once the surrounding transaction() is stored; never when it is undone."""
    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("after_commit() belongs inside transaction()")
    session.info["after_commit"].append(callback)


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of a transaction that can fail alone (one item of a bulk job)."""
    with db.session.begin_nested():
        yield


def configure_engine(engine: Engine) -> None:
    """Give each SQLite connection the settings that make it durable, concurrent and forgetful."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "busy_timeout=30000",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-65536",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _immediate.get() else "BEGIN")


def is_postgres() -> bool:
    """Is this PostgreSQL, and not the embedded SQLite?"""
    return bool(db.engine.dialect.name == "postgresql")


def is_alive() -> bool:
    """Does the database answer?"""
    with db.engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1


def run_ddl(connection: Connection, statements: Iterable[str]) -> None:
    """Run fixed schema statements of ours (never with anything a user typed in them)."""
    for statement in statements:
        connection.exec_driver_sql(statement)


@contextmanager
def schema_change() -> Iterator[Connection]:
    """One transaction for changes of the schema: others wait, and after a crash nothing was changed."""
    if db.session().info.get("writing"):
        raise RuntimeError("schema_change() cannot be inside transaction()")
    db.session.remove()  # its open transaction would make us wait for ourselves
    token = _immediate.set(True)
    try:
        with db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                with _without_foreign_keys(connection), connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise RuntimeError("this change of the schema leaves rows that point nowhere")
            else:
                with connection.begin():
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
                    connection.exec_driver_sql(OPEN_WALLS)
                    yield connection
    finally:
        _immediate.reset(token)


#: PostgreSQL: this transaction sees every organisation, see core.rls
OPEN_WALLS = "SELECT set_config('koepel.low', '0', true), set_config('koepel.high', '2147483647', true), set_config('koepel.federation', '0', true)"
#: any number, as long as all processes of this platform use the same
_SCHEMA_LOCK = 4_770_635


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite rebuilds a table by dropping it, which its children must survive; not possible inside a transaction."""
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


#: what keep_ddl() was told, by table
kept_ddl: dict[str, list[Callable[[str], Iterable[str]]]] = {}


def keep_ddl(table: Any, statements: Callable[[str], Iterable[str]]) -> None:
    """Say what a table needs beyond its columns: triggers, a search index.

    statements: (dialect name) -> schema statements that may be run again and again. They run
    when the table is made, and after migrations.
    """
    kept_ddl.setdefault(table.name, []).append(statements)

    @event.listens_for(table, "after_create")
    def run(_table: Any, connection: Connection, **_options: Any) -> None:
        run_ddl(connection, statements(connection.dialect.name))


def kept_as_is(table: Any, allowed: Iterable[str], dialect: str) -> str:
    """SQL for such a trigger: no column changes but `allowed`; a signature may go, because its person may be erased."""
    same = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
    tests = {column: f"NEW.{column.name} {same} OLD.{column.name}" for column in table.columns if column.name not in set(allowed)}
    return " AND ".join(f"({test} OR NEW.{column.name} = '')" if SIGNED in column.info else test for column, test in tests.items())


def refusing_triggers(table: str, name: str, text: str, conditions: Mapping[str, str], dialect: str) -> list[str]:
    """Statements for triggers that refuse to "insert", "update" or "delete" a row when a condition holds; they may be run again.

    name: the triggers are called `{table}_{name}_{verb}`. text: what the database says. conditions: SQL on OLD and NEW per verb.

    Example:
        keep_ddl(Receipt.__table__, lambda dialect: refusing_triggers("receipt", "kept", "receipts stay", {"delete": "OLD.sent_at IS NOT NULL"}, dialect))
    """
    statements = []
    for verb, condition in conditions.items():
        trigger = f"{table}_{name}_{verb}"
        if dialect == "sqlite":
            statements += [
                f"DROP TRIGGER IF EXISTS {trigger}",
                f"CREATE TRIGGER {trigger} BEFORE {verb.upper()} ON {table} WHEN ({condition}) BEGIN SELECT RAISE(ABORT, '{table}: {text}'); END",
            ]
            continue
        statements += [
            f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{table}: {text}'; END IF; RETURN {'OLD' if verb == 'delete' else 'NEW'}; END $$",
            f"DROP TRIGGER IF EXISTS {trigger} ON {table}",
            f"CREATE TRIGGER {trigger} BEFORE {verb.upper()} ON {table} FOR EACH ROW EXECUTE FUNCTION {trigger}()",
        ]
    return statements


# --- bulk statements -----------------------------------------------------------------------

_trusted: ContextVar[bool] = ContextVar("koepel_trusted_statement", default=False)


def is_trusted_statement() -> bool:
    """True while a function of this file runs a statement the guard would refuse."""
    return _trusted.get()


@contextmanager
def trusted_statement() -> Iterator[None]:
    token = _trusted.set(True)
    try:
        yield
    finally:
        _trusted.reset(token)


def insert_rows(model: type[Base], rows: Sequence[Mapping[str, Any]], *, chunk: int = 5_000) -> int:
    """Insert many rows of one model quickly; returns how many.

    Tenant rows get the organisation of the current scope; a row that names another one is
    refused, so the bulk path is no way around the guard.
    """
    from core.tenancy import stamp_rows  # noqa: PLC0415 -- circular: tenancy listens to this session

    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("insert_rows() belongs inside transaction()")
    session.flush()
    stamped = stamp_rows(model, rows)
    table: Any = model.__table__
    if stamped and not is_postgres() and insert_at_once(session.connection(), table, stamped):
        return len(stamped)
    with trusted_statement():
        for start in range(0, len(stamped), chunk):
            session.execute(insert(table), list(stamped[start : start + chunk]))
    return len(stamped)


def update_rows(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Change many rows of one versioned model quickly; returns how many.

    Each row names its `id`, the `version` it was read with, and the columns that change. The
    version goes up by one. A row that somebody else changed meanwhile stops it all.
    """
    from core.tenancy import current_scope  # noqa: PLC0415 -- circular: tenancy listens to this session

    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("update_rows() belongs inside transaction()")
    session.flush()
    table: Any = model.__table__
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        names = tuple(sorted(row.keys() - {"id", "version"}))
        groups.setdefault(names, []).append({"b_id": row["id"], "b_version": row["version"], **{f"b_{name}": row[name] for name in names}})
    done = 0
    for names, group in groups.items():
        statement = update(table).where(table.c.id == bindparam("b_id"), table.c.version == bindparam("b_version"))
        if "organisation_id" in table.c:
            statement = statement.where(table.c.organisation_id == current_scope().organisation_id)
        statement = statement.values({"version": table.c.version + 1, **{name: bindparam(f"b_{name}") for name in names}})
        with trusted_statement():
            result: Any = session.execute(statement, group)
        done += result.rowcount
    if done != len(rows):
        raise StaleVersion(f"{len(rows) - done} of {len(rows)} rows of {table.name} were changed meanwhile")
    return done


def reserve_ids(model: type[Base], count: int) -> range | list[int]:
    """Ids for rows that will be inserted in this transaction, so that others can refer to them.

    On SQLite the write lock makes the next numbers ours; on PostgreSQL they come from the
    sequence.
    """
    session = db.session()
    if not session.info.get("writing"):
        raise RuntimeError("reserve_ids() belongs inside transaction()")
    table = model.__tablename__
    with trusted_statement():
        if is_postgres():
            query = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
            return [row[0] for row in session.execute(query, {"name": table, "count": count})]
        last = session.execute(text(f"SELECT coalesce(max(id), 0) FROM {table}")).scalar_one()  # noqa: S608 -- a name of ours
    return range(last + 1, last + 1 + count)


def is_one_of(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Condition "column is one of these values", for thousands of them in one parameter."""
    if is_postgres():
        return column == any_(cast(literal(list(values), ARRAY(column.type)), ARRAY(column.type)))  # type: ignore[no-any-return]
    listed = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(listed.c.value))  # type: ignore[no-any-return]


def days_between(earlier: Any, later: Any) -> ColumnElement[Any]:
    """SQL: how many days lie between two dates of a row; 1 for today and tomorrow."""
    if is_postgres():
        return later - earlier  # type: ignore[no-any-return]
    return func.julianday(later) - func.julianday(earlier)


def chunks(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Cut a long list into parts a database accepts as parameters."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def stream(statement: Any, *, batch: int = 1_000) -> Iterable[Any]:
    """Rows of `statement` in constant memory, for exports."""
    return db.session.execute(statement.execution_options(yield_per=batch))
