"""A fresh database per test, copied from a template that is built once per worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from core import config as configuration
from core.app import create_app, db_models
from core.config import Config
from core.db import db, metadata, transaction
from core.extend.registry import registry
from core.migrations.runner import branches, upgrade
from core.users.permissions import sync_permissions

#: the setting of an installation that tests take over
PLUGINS = "KOEPEL_PLUGINS"


def wants_postgres() -> bool:
    return os.environ.get("KOEPEL_TEST_DB", "sqlite") == "postgres"


class TestDatabase:
    """One database address whose content can be put back to the template at any time."""

    __test__ = False

    def __init__(self, folder: Path, worker: str, server: str | None) -> None:
        self.folder, self.worker, self.server = folder, worker, server
        #: fingerprint of every table that holds rows in the template
        self._kept: dict[str, str] = {}
        #: what brings a kept state back: statements on PostgreSQL, a file on SQLite
        self._states: dict[str, str] = {}
        self._as_reset: tuple[int, int] | None = None
        self._engine: Engine | None = None

    @property
    def name(self) -> str:
        return f"koepel_test_{self.worker}_{os.getpid()}"

    @property
    def url(self) -> str:
        if self.server is None:
            return f"sqlite:///{self.folder / 'test.db'}"
        url = make_url(self.server).set(database=self.name, username=self.role, password=self.role)
        return url.render_as_string(hide_password=False)

    @property
    def role(self) -> str:
        return f"koepel_{self.worker}_{os.getpid()}"

    def create(self) -> None:
        if self.server is None:
            return
        with self._admin() as run:
            run(f'CREATE ROLE "{self.role}" LOGIN PASSWORD \'{self.role}\' NOSUPERUSER')
            run(f'ALTER ROLE "{self.role}" SET synchronous_commit = off')
            run(f'CREATE DATABASE "{self.name}" OWNER "{self.role}"')
        engine = create_engine(make_url(self.server).set(database=self.name), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        engine.dispose()

    def keep_as_template(self) -> None:
        if self.server is None:
            shutil.copy(self.folder / "test.db", self.folder / "template.db")
            return
        with self._inside() as connection:
            self._kept = _fingerprints(connection, _filled(connection))
        self._close()  # a database that is copied has no visitors
        with self._admin() as run:
            run(f'CREATE DATABASE "{self.name}_t" TEMPLATE "{self.name}" OWNER "{self.role}"')

    def reset(self) -> None:
        if self.server is None:
            self._copy("template.db")
            return
        if self._emptied():
            return
        self._states.clear()  # they are in the database that goes
        self._close()
        with self._admin() as run:
            run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            run(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.name}_t" OWNER "{self.role}"')

    def _emptied(self) -> bool:
        """Take out what a test put in, which is quicker than a new database; False when that is not enough."""
        try:
            with self._inside() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'; SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
                filled = _filled(connection)
                if _fingerprints(connection, [table for table in filled if table in self._kept]) != self._kept:
                    return False
                connection.exec_driver_sql(";".join(f'DELETE FROM "{table}"' for table in filled if table not in self._kept) or "SELECT 1")
                connection.execute(_RESTART, {"kept": [f"{table}_id_seq" for table in self._kept]})
        except DBAPIError:
            self._close()
            return False
        return True

    # --- states that many tests begin with ------------------------------------------------------

    def starts_as(self, state: str, make: Callable[[], Any]) -> None:
        """Bring the empty database into a state: `make` it the first time, copy it afterwards."""
        if not self._is_empty():
            make()  # a test arranged something before: that stays, and is not kept for others
        elif state in self._states:
            self._put(state)
        else:
            make()
            self._keep(state)

    def count(self) -> None:
        """Have PostgreSQL count what was put in; with much data and no numbers it plans badly until it does so itself, a minute later."""
        if self.server is not None:
            with self._inside() as connection:
                connection.exec_driver_sql("ANALYZE")

    def _is_empty(self) -> bool:
        if self.server is None:
            return self._stamp() == self._as_reset
        with self._inside() as connection:
            return set(_filled(connection)) <= set(self._kept)

    def _keep(self, state: str) -> None:
        if self.server is None:
            if not (self.folder / "test.db-wal").exists():  # else somebody is still at it
                shutil.copy(self.folder / "test.db", self.folder / f"{state}.db")
                self._states[state] = f"{state}.db"
            return
        with self._inside() as connection:
            filled = _filled(connection)
            if _fingerprints(connection, [table for table in filled if table in self._kept]) != self._kept:
                return
            added, schema = [table for table in filled if table not in self._kept], f"kept_{state}"
            connection.exec_driver_sql(";".join([f"CREATE SCHEMA {schema}", *(f'CREATE TABLE {schema}."{name}" AS TABLE "{name}"' for name in added)]))
            columns = {table: ", ".join(f'"{name}"' for name in connection.execute(_COLUMNS, {"name": table}).scalars()) for table in added}
            numbers = connection.execute(_NUMBERS).all()
        rows = [f'INSERT INTO "{t}" ({columns[t]}) OVERRIDING SYSTEM VALUE SELECT {columns[t]} FROM {schema}."{t}"' for t in added]
        self._states[state] = ";".join(rows + [f"SELECT setval('\"{name}\"', {value})" for name, value in numbers])

    def _put(self, state: str) -> None:
        if self.server is None:
            self._copy(self._states[state])
            return
        with self._inside() as connection:
            connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {self._states[state]}")

    def _copy(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"test.db{suffix}").unlink(missing_ok=True)
        shutil.copy(self.folder / name, self.folder / "test.db")
        self._as_reset = self._stamp()

    def _stamp(self) -> tuple[int, int] | None:
        """Changes when somebody writes in the file."""
        if (self.folder / "test.db-wal").exists():
            return None
        found = (self.folder / "test.db").stat()
        return found.st_mtime_ns, found.st_size

    def drop(self) -> None:
        if self.server is None:
            return
        self._close()
        with self._admin() as run:
            run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            run(f'DROP DATABASE IF EXISTS "{self.name}_t" WITH (FORCE)')
            run(f'DROP ROLE IF EXISTS "{self.role}"')

    @contextmanager
    def _inside(self) -> Iterator[Connection]:
        """A transaction of the superuser, on a connection that stays open."""
        if self._engine is None:
            self._engine = create_engine(
                make_url(self.server or "").set(database=self.name), pool_size=1, connect_args={"prepare_threshold": 1, "options": "-c synchronous_commit=off"}
            )
        with self._engine.begin() as connection:
            yield connection

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def _admin(self) -> Iterator[Callable[[str], Any]]:
        engine = create_engine(self.server or "", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield lambda statement: connection.execute(text(statement))
        engine.dispose()


_RESTART = text(
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
    " WHERE schemaname = 'public' AND last_value IS NOT NULL AND NOT sequencename = ANY(:kept)"
)
_COLUMNS = text(
    "SELECT attname FROM pg_attribute WHERE attrelid = format('public.%I', cast(:name as text))::regclass"
    " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
)
_NUMBERS = text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL")


def _filled(connection: Connection) -> list[str]:
    """Tables that hold rows."""
    names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")).scalars().all()
    query = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names)
    return list(connection.execute(text(query)).scalars())


def _fingerprints(connection: Connection, tables: Sequence[str]) -> dict[str, str]:
    parts = " UNION ALL ".join(f"SELECT '{name}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" t" for name in tables)
    return {name: digest for name, digest in connection.execute(text(parts))} if tables else {}


def chosen_plugins() -> dict[str, str]:
    """What the environment says of the plugins to test with, as outside tests: unset is all of them, empty is none."""
    return {PLUGINS: os.environ[PLUGINS]} if PLUGINS in os.environ else {}


def settings_for_tests(folder: Path, database_url: str, **settings: Any) -> Config:
    """An installation in `folder`, with the plugins that were chosen."""
    return configuration.load(
        chosen_plugins(), environment="test", instance_dir=folder, database_url=database_url, embedded_worker=False, **settings
    )


def make_test_app(config: Config) -> Flask:
    """An application on an empty database, with its tables, roles and rights."""
    app = create_app(config)
    with app.app_context():
        upgrade()
        make_tables_of_drafts()
        with transaction():
            sync_permissions(registry())
        db.session.remove()
        db.engine.dispose()
    return app


def make_tables_of_drafts() -> None:
    """A plugin that is being written has no migration yet: its tables are made from its models."""
    migrated = branches()
    if "core" not in migrated:
        return  # nothing has migrations, so that upgrade() made every table
    drafts = {registry().plugins.modules[name].__name__.rpartition(".")[0] for name in registry().plugins.order if name not in migrated}
    tables = [m.local_table for m in db_models() if any(f"{m.class_.__module__}.".startswith(f"{package}.") for package in drafts)]
    if tables:
        metadata.create_all(db.engine, tables=tables)


def all_tables() -> list[str]:
    return [table.name for table in metadata.sorted_tables]
