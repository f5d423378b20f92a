from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from core import clock
from core.db import db
from core.testing.databases import TestDatabase
from core.users.permissions import forget
from tests.security import town as arranged


@dataclass
class Town:
    """The application on the full database; shared by the tests of a file, so they must not depend on each other's traces."""

    app: Flask
    clients: dict[str, Any] = field(default_factory=dict)
    #: endpoints the crawl of one club replayed
    crawled: set[str] = field(default_factory=set)

    def client(self, username: str) -> Any:
        """Somebody who is logged in; the same session each time."""
        if username not in self.clients:
            self.clients[username] = arranged.log_in(self.app, username)
        return self.clients[username]


def furnish(app: Flask, database: TestDatabase) -> Town:
    """A town on an empty database; of those after the first, the database is a copy."""

    def make() -> None:
        arranged.build(app)
        made = Town(app)
        for slug in arranged.FULL:
            arranged.by_hand(made.client(arranged.ADMIN_OF[slug]), slug)
        _close(app)

    database.reset()
    forget()
    database.starts_as(f"town_{clock.today():%Y_%m_%d}", make)
    database.count()
    return Town(app)


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def town(_app: Flask, database: TestDatabase) -> Iterator[Town]:
    yield furnish(_app, database)
    _close(_app)
