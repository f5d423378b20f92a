"""A fresh database per test, copied from a template that is built once per worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, make_url, text

from core.app import create_app
from core.config import Config
from core.db import db, metadata, transaction
from core.extend.registry import registry
from core.migrations.runner import upgrade
from core.users.permissions import sync_permissions

DEFAULT_POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


def wants_postgres() -> bool:
    return os.environ.get("KOEPEL_TEST_DB", "sqlite") == "postgres"


class TestDatabase:
    """One database address whose content can be put back to the template at any time."""

    __test__ = False

    def __init__(self, folder: Path, worker: str, server: str | None) -> None:
        self.folder, self.worker, self.server = folder, worker, server

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
            run(f'CREATE DATABASE "{self.name}" OWNER "{self.role}"')
        engine = create_engine(make_url(self.server).set(database=self.name), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        engine.dispose()

    def keep_as_template(self) -> None:
        if self.server is None:
            shutil.copy(self.folder / "test.db", self.folder / "template.db")
            return
        with self._admin() as run:
            run(f'CREATE DATABASE "{self.name}_t" TEMPLATE "{self.name}" OWNER "{self.role}"')

    def reset(self) -> None:
        if self.server is None:
            for suffix in ("", "-wal", "-shm"):
                (self.folder / f"test.db{suffix}").unlink(missing_ok=True)
            shutil.copy(self.folder / "template.db", self.folder / "test.db")
            return
        with self._admin() as run:
            run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            run(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.name}_t" OWNER "{self.role}"')

    def drop(self) -> None:
        if self.server is None:
            return
        with self._admin() as run:
            run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            run(f'DROP DATABASE IF EXISTS "{self.name}_t" WITH (FORCE)')
            run(f'DROP ROLE IF EXISTS "{self.role}"')

    @contextmanager
    def _admin(self) -> Iterator[object]:
        engine = create_engine(self.server or "", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield lambda statement: connection.execute(text(statement))
        engine.dispose()


def make_test_app(config: Config) -> Flask:
    """An application on an empty database, with its tables, roles and rights."""
    app = create_app(config)
    with app.app_context():
        upgrade()
        with transaction():
            sync_permissions(registry())
        db.session.remove()
        db.engine.dispose()
    return app


def all_tables() -> list[str]:
    return [table.name for table in metadata.sorted_tables]
