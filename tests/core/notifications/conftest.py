from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.db import db
from core.extend.contributions import NotificationKind
from core.extend.registry import Owned
from core.notifications.models import Notification
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped
from core.testing.factories import World, inside, make_contact
from core.users.models import OrganisationRole, User

KINDS = (
    NotificationKind("test.told", "A test"),
    NotificationKind("test.quiet", "A quiet test", by_mail=False),
    NotificationKind("test.managers", "For managers", audience="managers", permission="contacts.write"),
    NotificationKind("test.user", "For a login", audience="user"),
)


@pytest.fixture
def kinds(app: Flask) -> Iterator[None]:
    """Kinds of our own in the registry, so that tests do not hang on those of rooms."""
    items = app.extensions["koepel"]._items["notification_kinds"]
    items.update({kind.key: Owned("core", kind) for kind in KINDS})
    yield
    for kind in KINDS:
        del items[kind.key]


@pytest.fixture
def member(app: Flask, world: World) -> Any:
    """Contact of Club A who logs in as member.a: (contact id, user id)."""
    with app.app_context(), inside(world.club):
        contact = make_contact("Godelieve", "Peeters", email_1="g@members.example", email_2="son@members.example", whose={"email_2": "son"}, language="de")
        row = db.session.scalars(select(OrganisationRole).join(User, User.id == OrganisationRole.user_id).where(User.username == "member.a")).one()
        row.contact_id = contact.id
        db.session.flush()
        return contact.id, row.user_id


def told(app: Flask, key: str) -> list[Notification]:
    with app.app_context(), unscoped("looking at notifications in a test"):
        return list(db.session.scalars(select(Notification).where(Notification.unique_key == key).order_by(Notification.id)))


def mails(app: Flask) -> list[OutboxMessage]:
    with app.app_context(), unscoped("looking at mails in a test"):
        return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
