"""The rights and secrets of people who log in."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select

from core.db import db
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped
from core.testing.plugin import csrf_of
from core.users.views import entering


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that take the same time for everybody take none here; one test measures them."""
    monkeypatch.setattr(entering, "EVEN", 0.0)


@pytest.fixture
def send(app: Flask) -> Callable[..., object]:
    """send(client, page, {...}): fill in the form on `page` and post it (to `to`, when it is another address)."""

    def post(client: FlaskClient, page: str, data: dict[str, str], *, to: str | None = None, follow: bool = False) -> object:
        token = csrf_of(client.get(page).text)
        return client.post(to or page, data={"csrf_token": token, **data}, follow_redirects=follow)

    return post


@pytest.fixture
def context(context: Flask) -> Iterator[Flask]:
    """The texts as they are in the code."""
    with force_locale("en"):
        yield context


def mails(app: Flask) -> list[OutboxMessage]:
    """Every mail in the outbox, oldest first."""
    with app.app_context(), unscoped("looking at mails in a test"):
        found = list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        db.session.expunge_all()
        return found


def last_link(app: Flask) -> str:
    """The link in the newest mail."""
    return re.findall(r"http://\S+/(?:invitation|new-password|login-link)/\S+", mails(app)[-1].text)[0]
