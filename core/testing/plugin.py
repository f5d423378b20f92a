"""Fixtures for us and for authors of plugins: put `pytest_plugins = ["core.testing.plugin"]` in conftest.py.

Tests run on SQLite, or with KOEPEL_TEST_DB=postgres on PostgreSQL; see core/testing/servers.py for where that is.
KOEPEL_PLUGINS names the plugins they run with; unset is all of them, empty is none.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask, has_request_context
from flask.testing import FlaskClient
from sqlalchemy import event, select

from core import clock
from core.app import select_language
from core.db import db, transaction
from core.testing import servers
from core.testing.callers import caller
from core.testing.crashes import _worker_process, crash  # noqa: F401 -- fixtures
from core.testing.databases import TestDatabase, make_test_app, settings_for_tests, wants_postgres
from core.testing.factories import PASSWORD, World, find_world, make_world
from core.users import passwords
from core.users.models import User
from core.users.permissions import forget

#: how passwords are hashed outside tests
SLOW = passwords._hasher

__all__ = ["caller"]  # a fixture, like those below

pytest_plugins = ["core.testing.mission"]
#: set for the second run of the suite: only what depends on the database
ONLY_DATABASE = "KOEPEL_TEST_ONLY_DATABASE"


def pytest_configure(config: pytest.Config) -> None:
    """Workers of xdist share the servers that are found (or started) here, before there is any worker."""
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        return
    for find in (servers.postgres, servers.redis):
        with contextlib.suppress(servers.Missing):
            find()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers.stop_all()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the second database, leave out what would do the same again."""
    if not os.environ.get(ONLY_DATABASE):
        return
    again: list[pytest.Item] = []
    same: list[pytest.Item] = []
    for item in items:
        is_other = any(item.get_closest_marker(mark) for mark in ("browser", "postgres", "redis", "once"))
        (again if "database" in getattr(item, "fixturenames", ()) and not is_other else same).append(item)
    config.hook.pytest_deselected(items=same)
    items[:] = again


def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules, models and the tests themselves stay until the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _or_skip(find: Callable[[], str]) -> str:
    try:
        return find()
    except servers.Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """Address of a PostgreSQL server where databases may be made; mark such tests with `postgres`."""
    return _or_skip(servers.postgres)


@pytest.fixture(scope="session")
def redis_server() -> str:
    """Address of a Redis server; mark such tests with `redis`."""
    return _or_skip(servers.redis)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    server = _or_skip(servers.postgres) if wants_postgres() else None
    found = TestDatabase(tmp_path_factory.mktemp("database"), worker, server)
    found.create()
    yield found
    found.drop()


@pytest.fixture(scope="session")
def _app(database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    instance: Path = tmp_path_factory.mktemp("instance")
    app = make_test_app(settings_for_tests(instance, database.url, ask_second_factor=False))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = EnglishClient
    app.extensions["babel"].locale_selector = lambda: select_language() if has_request_context() else "en"
    from core.testing.mission import watch_hooks  # noqa: PLC0415 -- app ready: pytest loads that plugin after this one

    database.keep_as_template()
    watch_hooks(app.extensions["koepel"].plugins.manager)
    return app


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashes that are slow on purpose are half the time of a test that logs in; see `slow_passwords`."""
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", quick)
        patch.setattr(passwords, "_DUMMY", quick.hash("no account has this password"))
        yield


@pytest.fixture
def slow_passwords(world: World, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as they are outside tests, for all users of the world too."""
    monkeypatch.setattr(passwords, "_hasher", SLOW)
    monkeypatch.setattr(passwords, "_DUMMY", SLOW.hash("no account has this password"))
    with app.app_context(), transaction():
        hashed = passwords.hash_password(PASSWORD)
        for user in db.session.scalars(select(User)):
            user.password = hashed


class EnglishClient(FlaskClient):
    """A visitor whose browser asks for English, the language tests are written in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


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
def world(app: Flask, database: TestDatabase) -> World:
    """Two federations, a region and three clubs, see `make_world`. Ids and slugs stay readable."""

    def make() -> None:
        make_world()
        db.session.remove()
        db.engine.dispose()

    with app.app_context():
        database.starts_as(f"world_{clock.today():%Y_%m_%d}", make)  # clubs joined today, which is another day in some tests
        return find_world()


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
