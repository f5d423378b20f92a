"""A federation with two types, fees, and members in two clubs."""

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

from core.access import Actor
from core.db import db
from core.organisations.models import Affiliation, Organisation
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from plugins.invoices.models import Invoice, InvoiceLine, InvoiceMember, InvoiceRun, Payment, RunClub
from plugins.invoices.services.approving import approve_run
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.fees import save_fee
from plugins.invoices.services.runs import get_run, start_run
from plugins.memberships.api import Membership, request_membership
from plugins.memberships.services import add_type, get_type

IBAN = "BE68539007547034"
FIRST, SECOND = date(2024, 4, 1), date(2025, 4, 1)
SPORTING, FRIEND = 1850, 1200


@dataclass(frozen=True)
class Shop:
    """World with types and fees; ids of the types."""

    world: World
    sporting: int
    friend: int

    @property
    def federation(self) -> Organisation:
        return self.world.federation


@pytest.fixture
def shop(app: Flask, world: World) -> Shop:
    """Federation F with an account, two types and their fees; its clubs are affiliated since 2020."""
    with app.app_context():
        with inside(world.federation):
            federation = db.session.get_one(Organisation, world.federation.id)
            federation.iban, federation.email, federation.language = IBAN, "books@federation.example", "en"
            db.session.execute(update(Affiliation).values(from_on=date(2020, 1, 1)).execution_options(synchronize_session=False))
            for club, email in ((world.club, "a@clubs.example"), (world.other_club, "b@clubs.example")):
                found = db.session.get_one(Organisation, club.id)
                found.language = "en"
                found.invoice_email, found.street, found.house_number, found.postcode = email, "Kerkstraat", "5", "3200"
        types = [add_type_of(world.federation, name) for name in ("Sporting member", "Friend")]
        with inside(world.federation) as actor:
            for type_id, cents in zip(types, (SPORTING, FRIEND), strict=True):
                save_fee(None, type_id=type_id, amount_cents=cents, from_on=date(2020, 1, 1), until_on=None, actor=actor)
        db.session.remove()
    return Shop(world, *types)


def add_type_of(federation: Organisation, name: str) -> int:
    with inside(federation) as actor:
        return add_type({"name": {"en": name, "nl": name}, "duration": "continuous", "acceptance": "always"}, actor=actor).id


@pytest.fixture
def join(app: Flask, shop: Shop) -> Callable[..., int]:
    """join("Ann", "Peeters") makes an accepted member of club A since 2021; returns the id of the membership."""

    def make(
        first: str = "",
        last: str = "",
        *,
        club: Organisation | None = None,
        kind: int | None = None,
        from_on: date = date(2021, 1, 1),
        until_on: date | None = None,
    ) -> int:
        with app.app_context(), inside(club or shop.world.club) as actor:
            contact = make_contact(first, last)
            membership = request_membership(contact, get_type(kind or shop.sporting), from_on=from_on, actor=actor)
            membership.until_on = until_on
            db.session.flush()
            return membership.id

    return make


@pytest.fixture
def members(shop: Shop, join: Callable[..., int]) -> Shop:
    """Club A: three sporting and one friend; club B: two sporting. Foreign club C: one, of another federation."""
    for first in ("Ann", "Bert", "Cis"):
        join(first, "Peeters")
    join("Dora", "Maes", kind=shop.friend)
    for first in ("Els", "Fons"):
        join(first, "Janssens", club=shop.world.other_club)
    return shop


@contextmanager
def federation_of(app: Flask, shop: Shop) -> Iterator[Actor]:
    """The scope and transaction of the federation."""
    with app.app_context(), inside(shop.federation) as actor, force_locale("en"):
        yield actor


def draft(app: Flask, shop: Shop, day: date = SECOND) -> int:
    """Calculate a run and return its id."""
    with app.app_context():
        with inside(shop.federation) as actor, force_locale("en"):
            run_id = start_run(reference_on=day, invoice_on=None, due_on=None, actor=actor, with_job=False).id
        redraft(app, shop, run_id)
    return run_id


def redraft(app: Flask, shop: Shop, run_id: int) -> None:
    from core.access import acting, system_actor  # noqa: PLC0415 -- only here
    from core.tenancy import scope  # noqa: PLC0415 -- only here

    with app.app_context(), scope(shop.federation), acting(system_actor(shop.federation.id, language="en")) as actor, force_locale("en"):
        draft_run(run_id, actor=actor)
        db.session.remove()


def approve(app: Flask, shop: Shop, run_id: int) -> None:
    with federation_of(app, shop) as actor:
        approve_run(get_run(run_id), actor=actor)


def sent(app: Flask, shop: Shop, day: date = SECOND) -> list[Invoice]:
    """A run that was approved; its invoices by number."""
    run_id = draft(app, shop, day)
    approve(app, shop, run_id)
    return [invoice for invoice in rows(app, Invoice) if invoice.run_id == run_id]


def rows(app: Flask, model: type[Any]) -> list[Any]:
    """Every row of a table, whoever it belongs to."""
    with app.app_context(), unscoped("looking at rows in a test"):
        found = list(db.session.scalars(select(model).order_by(model.id)))
        for row in found:
            db.session.refresh(row)
            db.session.expunge(row)
        db.session.rollback()
    return found


def the_run(app: Flask, run_id: int) -> InvoiceRun:
    return next(run for run in rows(app, InvoiceRun) if run.id == run_id)


def mails(app: Flask) -> list[OutboxMessage]:
    """The mails to addresses for invoices, without the notifications of who manages the clubs."""
    return [mail for mail in rows(app, OutboxMessage) if not mail.unique_key.startswith("n:")]


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
        return answer.text

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(self.base + path, data={"csrf_token": self.token, **data})


@pytest.fixture
def admin(login: Callable[[str], FlaskClient], shop: Shop) -> Person:
    """The administrator of the federation."""
    return Person(login("admin.f"), "federation-f")


@pytest.fixture
def treasurer(login: Callable[[str], FlaskClient], shop: Shop) -> Person:
    """The administrator of club A."""
    return Person(login("admin.a"), "club-a")


__all__ = ["InvoiceLine", "InvoiceMember", "Membership", "Payment", "RunClub"]
