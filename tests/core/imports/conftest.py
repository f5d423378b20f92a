"""A person who walks through the import with her browser."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.access import acting, system_actor
from core.contacts.models import Contact
from core.db import db
from core.imports.models import ImportRun
from core.jobs.runner import work_off
from core.tenancy import scope
from core.testing.plugin import csrf_of

BASE = "/o/club-a/crm/import"


class Wizard:
    """The pages of the import of club A."""

    def __init__(self, app: Any, client: FlaskClient) -> None:
        self.app, self.client = app, client
        self.token = csrf_of(client.get(f"{BASE}/").text)

    def send(self, data: bytes | str, filename: str = "list.csv") -> Any:
        raw = data.encode() if isinstance(data, str) else data
        answer = self.client.post(f"{BASE}/", data={"file": (io.BytesIO(raw), filename), "csrf_token": self.token})
        answer.request.environ["wsgi.input"].close()  # a large form is a file on disk, which the client leaves open
        return answer

    def upload(self, data: bytes | str, filename: str = "list.csv") -> int:
        """The number of the import of a file that can be read."""
        answer = self.send(data, filename)
        assert answer.status_code == 302, self.mistake(answer)
        found = re.search(r"/import/(\d+)", answer.location)
        assert found is not None
        return int(found[1])

    def get(self, pk: int, page: str = "") -> Any:
        return self.client.get(f"{BASE}/{pk}{f'/{page}' if page else ''}")

    def post(self, pk: int, page: str, headers: Any = None, **data: Any) -> Any:
        return self.client.post(f"{BASE}/{pk}/{page}", data={"csrf_token": self.token, **data}, headers=headers)

    def start(self, pk: int, **acts: Any) -> Any:
        return self.post(pk, "acts", **(acts or {"create": "1", "update": "1"}))

    def import_all(self, data: bytes | str) -> dict[str, int]:
        """Walk through all steps; the counts of the import."""
        pk = self.upload(data)
        assert self.start(pk).status_code == 302
        self.work()
        return self.run(pk)["counts"]  # type: ignore[no-any-return]

    def work(self) -> None:
        work_off(self.app)

    def run(self, pk: int) -> dict[str, Any]:
        with self.app.app_context(), scope(self.club):
            found = db.session.get_one(ImportRun, pk)
            return {"state": found.state, "counts": dict(found.counts), "error": found.error, "kept": dict(found.kept)}

    @property
    def club(self) -> Any:
        return self.app.extensions["test_world"].club

    def contacts(self) -> list[tuple[str, str]]:
        """(last name, first name) of everybody in the club who is not in the bin, as they came in."""
        with self.app.app_context(), scope(self.club):
            query = select(Contact.last_name, Contact.first_name).where(Contact.deleted_at.is_(None)).order_by(Contact.id)
            return [tuple(row) for row in db.session.execute(query)]

    def count(self) -> int:
        with self.app.app_context(), scope(self.club):
            return int(db.session.scalar(select(func.count()).select_from(Contact).where(Contact.deleted_at.is_(None))) or 0)

    @staticmethod
    def mistake(answer: Any) -> str:
        """The sentence beside the field of the file."""
        found = re.search(r'id="file-error">.*?<span>(.*?)</span>', answer.text, re.DOTALL)
        return unescape(found[1]) if found else answer.text[:3000]


def said(html: str) -> list[str]:
    """What the grid says is wrong, in the order of the page."""
    return [unescape(text).strip() for text in re.findall(r'<div class="msg">([^<]+)</div>', html)]


def numbers(html: str) -> list[int]:
    """The four numbers above the list: columns that match, that do not, rows in order, rows to correct."""
    stats = html[html.index('id="import-stats"') :]
    return [int(text.replace(".", "").replace(",", "")) for text in re.findall(r'k-stat-value">\s*([\d.,]+)', stats)[:4]]


@pytest.fixture
def wizard(app: Any, world: Any, login: Callable[[str], FlaskClient]) -> Wizard:
    app.extensions["test_world"] = world
    return Wizard(app, login("admin.a"))


@pytest.fixture
def in_club(app: Any, world: Any) -> Any:
    """The club's scope and an all-powerful actor, outside a transaction."""
    with app.app_context(), scope(world.club), acting(system_actor(world.club.id, language="en")) as actor:
        yield actor
        db.session.rollback()
