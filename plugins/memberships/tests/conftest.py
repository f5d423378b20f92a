"""A federation with two types, and what tests need to ask for memberships."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock
from core.access import Actor, system_actor
from core.contacts.services import get_contact
from core.db import db, transaction
from core.fields.models import FieldDefinition
from core.organisations.models import Organisation
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from plugins.memberships.models import Membership, MembershipType
from plugins.memberships.services import add_type, get_type, request_membership

CONTINUOUS = {"name": {"en": "Sporting member", "nl": "Sportend lid"}, "duration": "continuous", "acceptance": "ask"}


@dataclass(frozen=True)
class Types:
    """Ids of types: of federation F, of federation G and of club A."""

    sporting: int
    other: int
    foreign: int
    own: int


def add(organisation: Organisation, name: str, **values: Any) -> int:
    with inside(organisation) as actor:
        return add_type({**CONTINUOUS, "name": {"en": name}, **values}, actor=actor).id


@pytest.fixture
def types(app: Flask, world: World) -> Types:
    with app.app_context():
        return Types(
            add(world.federation, "Sporting member"),
            add(world.federation, "Friend", acceptance="complete", needs=["birth_date"]),
            add(world.other_federation, "Singer"),
            add(world.club, "Club member", duration="fixed_end", period_end="31/12", transfer_on="01/09"),
        )


@pytest.fixture
def ask(app: Flask, world: World, types: Types) -> Callable[..., int]:
    """ask() stores a contact with a membership in club A; ask(contact=.., kind=.., club=..)."""

    def make(*, kind: int | None = None, club: Organisation | None = None, contact: int | None = None, **wanted: Any) -> int:
        person = {name: wanted.pop(name) for name in ("first_name", "last_name", "birth_date", "email_1", "town") if name in wanted}
        with inside(club or world.club) as actor:
            who = get_contact(contact) if contact is not None else make_contact(**person)
            return request_membership(who, load_type(kind or types.sporting), actor=actor, **wanted).id

    return make


def load_type(pk: int) -> MembershipType:
    return get_type(pk)


def days(number: int) -> date:
    return clock.today() + timedelta(days=number)


def actor_of(organisation: Organisation) -> Actor:
    return system_actor(organisation.id, language="en")


def read(organisation: Organisation, pk: int) -> Membership:
    """The membership as stored, seen from an organisation."""
    with scope(organisation), transaction():
        found = db.session.get(Membership, pk)
        assert found is not None
        db.session.refresh(found)
        db.session.expunge(found)
        return found


@pytest.fixture
def sports(app: Flask, world: World) -> None:
    """Federation F asks the sport, competition and secondary club of a membership, and reads the work of a contact."""
    say = {"nl": "", "en": ""}
    common = {"purpose": "insurance", "is_active": True, "sees": ["member", "club", "federation"], "edits": ["club"]}
    choices = [{"value": value, "label": {"en": value.title(), "nl": value.title()}} for value in ("badminton", "fitness", "padel")]
    with app.app_context(), inside(world.federation):
        for key, target, kind, label in (
            ("sports", "membership", "multi_choice", "Sport branch"),
            ("competition", "membership", "yes_no", "Competition"),
            ("secondary_club", "membership", "yes_no", "Secondary club"),
            ("work", "contact", "text", "Work"),
        ):
            field = FieldDefinition(target=target, key=key, type=kind, label={**say, "en": label, "nl": label}, choices=[], federation_reads=True, **common)
            field.choices = choices if kind == "multi_choice" else []
            db.session.add(field)
        db.session.flush()


class Browser:
    """A logged-in person at club A, or somewhere else."""

    def __init__(self, client: FlaskClient, base: str = "/o/club-a") -> None:
        self.client, self.base = client, base
        self.token = ""

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(self.base + path, **options)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.text)

    def post(self, path: str, **data: Any) -> Any:
        if not self.token:
            self.token = csrf_of(self.get("/dashboard/").text)
        return self.client.post(self.base + path, data={"csrf_token": self.token, **data})


@pytest.fixture
def browser(login: Callable[[str], FlaskClient]) -> Callable[..., Browser]:
    """browser("admin.a") works in club A; browser("admin.f", "/o/federation-f") in the federation."""
    return lambda username, base="/o/club-a": Browser(login(username), base)
