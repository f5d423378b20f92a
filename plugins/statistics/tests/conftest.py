"""A federation with members who come and go: enough to count by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from core.api import Affiliation, Organisation, db
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from plugins.memberships.api import Membership, request_membership
from plugins.memberships.services import add_type, get_type


@dataclass
class Town:
    """The world with a type of membership, and how to make a member of it."""

    world: World
    kind: int
    join: Callable[..., int]

    @property
    def federation(self) -> Organisation:
        return self.world.federation


@pytest.fixture
def town(app: Flask, world: World) -> Town:
    """Clubs A (region R) and B of federation F, affiliated since 2020."""
    with app.app_context():
        with inside(world.federation) as actor:
            db.session.execute(update(Affiliation).values(from_on=date(2020, 1, 1)).execution_options(synchronize_session=False))
            kind = add_type({"name": {"en": "Singer", "nl": "Zanger"}, "duration": "continuous", "acceptance": "always"}, actor=actor).id
        db.session.remove()

    def join(first: str, *, club: Organisation | None = None, from_on: date = date(2021, 1, 1), until_on: date | None = None, **person: Any) -> int:
        with app.app_context(), inside(club or world.club) as actor:
            contact = make_contact(first, "Peeters", **person)
            membership = request_membership(contact, get_type(kind), from_on=from_on, actor=actor)
            membership.until_on = until_on
            db.session.flush()
            return contact.id

    return Town(world, kind, join)


@pytest.fixture
def people(town: Town) -> Town:
    """Club A: six women, one man who stopped in 2023; club B: two men."""
    for number in range(6):
        town.join(f"Ann{number}", gender="F", birth_date=date(1950 + number, 6, 1), postcode="3200", town="Aarschot")
    town.join("Bert", gender="M", birth_date=date(1990, 1, 1), until_on=date(2023, 6, 30))
    for first in ("Cis", "Dirk"):
        town.join(first, club=town.world.other_club, gender="M", birth_date=date(1970, 1, 1), from_on=date(2024, 3, 1))
    return town


class Person:
    """Somebody with a browser."""

    def __init__(self, client: FlaskClient, slug: str) -> None:
        self.client, self.base = client, f"/o/{slug}"
        self.token = csrf_of(client.get(f"{self.base}/dashboard/").text)

    def get(self, path: str) -> Any:
        return self.client.get(self.base + path)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[-1500:]
        return str(answer.text)

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(self.base + path, data={"csrf_token": self.token, **data})


@pytest.fixture
def admin(login: Callable[[str], FlaskClient], world: World) -> Person:
    return Person(login("admin.f"), "federation-f")


__all__ = ["Membership", "Person", "Town"]
