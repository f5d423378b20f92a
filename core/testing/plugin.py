"""Fixtures for us and for authors of plugins: put `pytest_plugins = ["core.testing.plugin"]` in conftest.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from core import config as configuration
from core.db import db
from core.testing.databases import DEFAULT_POSTGRES, TestDatabase, make_test_app, wants_postgres
from core.testing.factories import PASSWORD, World, make_world
from core.users.permissions import forget


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    server = os.environ.get("KOEPEL_TEST_POSTGRES_URL", DEFAULT_POSTGRES) if wants_postgres() else None
    found = TestDatabase(tmp_path_factory.mktemp("database"), worker, server)
    found.create()
    yield found
    found.drop()


@pytest.fixture(scope="session")
def _app(database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    instance: Path = tmp_path_factory.mktemp("instance")
    config = configuration.load({}, environment="test", instance_dir=instance, database_url=database.url, embedded_worker=False)
    app = make_test_app(config)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    database.keep_as_template()
    return app


@pytest.fixture
def app(_app: Flask, database: TestDatabase) -> Iterator[Flask]:
    """The application on a fresh, empty database (tables, roles and rights only)."""
    database.reset()
    forget()
    yield _app
    with _app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context around the test, for services without HTTP."""
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def world(app: Flask) -> World:
    """Two federations, a region and three clubs, see `make_world`. Ids and slugs stay readable."""
    with app.app_context():
        made = make_world()
        for organisation in vars(made).values():
            db.session.refresh(organisation)
            db.session.expunge(organisation)
        return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An anonymous visitor."""
    return app.test_client()


@pytest.fixture
def login(app: Flask, world: World) -> Callable[[str], FlaskClient]:
    """login("admin.a") -> a client that is logged in; CSRF tokens are read with `token(client)`."""

    def log_in(username: str) -> FlaskClient:
        client = app.test_client()
        page = client.get("/login/")
        answer = client.post("/login/", data={"username": username, "password": PASSWORD, "csrf_token": csrf_of(page.text)})
        assert answer.status_code == 302, answer.text[:2000]
        return client

    return log_in


def csrf_of(html: str) -> str:
    """The CSRF token of the first form on a page."""
    marker = 'name="csrf_token"'
    start = html.index("value=", html.index(marker)) + 7
    return html[start : html.index('"', start)]


class Queries(list[str]):
    """The SQL statements executed while counting."""


@pytest.fixture
def queries(app: Flask) -> Callable[[], Queries]:
    """queries() starts counting SQL statements; the list grows while the test goes on."""
    with app.app_context():
        engine = db.engine

    def start() -> Queries:
        seen = Queries()

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith(("BEGIN", "SELECT set_config")):
                seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        return seen

    return start
