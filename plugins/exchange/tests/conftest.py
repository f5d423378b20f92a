"""Two clubs of a federation that exchanges members with another system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select, update

from core.api import Actor, Affiliation, Contact, Organisation, acting, db, scope, switch_module, system_actor, transaction
from core.jobs.runner import work_off
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from plugins.exchange.mapping import Link
from plugins.exchange.models import Exchange, ExchangeRow, Proposal
from plugins.exchange.services.exchanges import get_exchange, save_exchange, start_receiving
from plugins.memberships.api import Membership, request_membership
from plugins.memberships.services import add_type, get_type

VALUES = {
    "name": "Pamela", "partner": "Mother (Pamela)", "purpose": "One membership, two systems", "legal_basis": "contract", "sends": True, "receives": True,
    "is_active": True,
}  # fmt: skip
LINKS = [
    Link("number", "Nr"), Link("club_number", "Club"), Link("first_name", "First"), Link("last_name", "Last"), Link("birth_date", "Born"),
    Link("gender", "Sex", values={"F": "V"}), Link("town", "Town"), Link("email_1", "Mail"), Link("type", "Kind"), Link("until_on", "Until"),
    Link("decision", "Decision"),
]  # fmt: skip
HEADER = "Nr;Club;First;Last;Born;Sex;Town;Mail;Kind;Until;Decision"


@dataclass
class Town:
    """The world with an exchange; ids of people in club A by first name."""

    app: Flask
    world: World
    exchange: int
    people: dict[str, int]
    memberships: dict[str, int]

    @property
    def federation(self) -> Organisation:
        return self.world.federation

    @contextmanager
    def working(self, organisation: Organisation | None = None) -> Iterator[Actor]:
        """In the federation or a club, outside a transaction."""
        here = organisation or self.federation
        with self.app.app_context(), scope(here), acting(system_actor(here.id, language="en")) as actor, force_locale("en"):
            yield actor
            db.session.remove()

    def receive(self, *lines: str) -> int:
        """Bring a file and have it checked; returns the run."""
        with self.working() as actor, transaction():
            text = "\n".join([HEADER, *lines]).encode()
            pk = start_receiving(get_exchange(self.exchange), text, "pamela.csv", actor=actor).id
        work_off(self.app)
        return pk

    def rows(self, run: int) -> dict[str, ExchangeRow]:
        with self.working():
            return {row.number: row for row in db.session.scalars(select(ExchangeRow).where(ExchangeRow.run_id == run).order_by(ExchangeRow.row_no))}

    def proposals(self, club: Organisation | None = None) -> list[Proposal]:
        with self.working(club or self.world.club):
            return list(db.session.scalars(select(Proposal).order_by(Proposal.id)))

    def contact(self, first: str) -> Contact:
        with self.working(self.world.club):
            return db.session.scalars(select(Contact).where(Contact.first_name == first)).one()


@pytest.fixture
def town(app: Flask, world: World) -> Town:
    people, memberships = {}, {}
    with app.app_context():
        with inside(world.federation) as actor:
            db.session.execute(update(Affiliation).values(from_on=date(2020, 1, 1)).execution_options(synchronize_session=False))
            federation = db.session.get_one(Organisation, world.federation.id)
            for for_clubs in (False, True):
                switch_module(federation, "exchange", on=True, for_clubs=for_clubs, actor=actor)
            kind = add_type({"name": {"en": "Singer"}, "duration": "continuous", "acceptance": "ask"}, actor=actor)
            kind.key = "singer"
            kind_id, exchange = kind.id, save_exchange(None, VALUES, LINKS, actor=actor).id
        for number, first in enumerate(("Ann", "Bert", "Cis")):
            with inside(world.club) as actor:
                details = {"gender": "F", "birth_date": date(1950, 1, number + 1), "town": "Aarschot", "email_1": f"{first.lower()}@mail.example"}
                contact = make_contact(first, "Peeters", **details)
                membership = request_membership(contact, get_type(kind_id), from_on=date(2021, 1, 1), actor=actor)
                if first != "Cis":
                    membership.status = "accepted"
                db.session.flush()
                people[first], memberships[first] = contact.id, membership.id
        db.session.remove()
    return Town(app, world, exchange, people, memberships)


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
        return self.client.post(self.base + path, data={"csrf_token": self.token, **data}, content_type="multipart/form-data")


@pytest.fixture
def admin(login: Callable[[str], FlaskClient], town: Town) -> Person:
    return Person(login("admin.f"), "federation-f")


__all__ = ["Exchange", "Membership"]
