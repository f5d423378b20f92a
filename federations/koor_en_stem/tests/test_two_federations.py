"""One installation, two federations, one club in both: each reads its own memberships, invoices and groups, and nothing of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock
from core.access import acting, system_actor
from core.contacts.services import functions_here
from core.db import db, transaction
from core.organisations.models import Organisation
from core.organisations.services import affiliate
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside, make_contact
from plugins.groups.api import add_group, add_season, link_group
from plugins.invoices.api import Invoice, InvoiceLine, save_fee
from plugins.invoices.models import InvoiceMember
from plugins.invoices.services.approving import approve_run
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.runs import get_run, start_run
from plugins.memberships.api import Membership, request_membership, sync_types, types_of

DAY = clock.today()
START = date(DAY.year - ((DAY.month, DAY.day) < (10, 1)), 10, 1)
SPORT, CHOIR = "federation-f", "federation-g"


@dataclass(frozen=True)
class Both:
    """Ids by federation (slug): its invoice to club A, its memberships there, and the linked choir."""

    invoices: dict[str, int]
    memberships: dict[str, list[int]]
    link: int


@pytest.fixture
def both(app: Flask, world: World) -> Both:
    """Club A is in the sports federation F and in the choir federation G; Ann does sports, Bea sings, Cis does both."""
    with app.app_context():
        with transaction(), unscoped("two federations with rules of their own"):
            for federation, plugin in ((world.federation, "okra_sport"), (world.other_federation, "koor_en_stem")):
                found = db.session.get_one(Organisation, federation.id)
                found.federation_plugin, found.iban, found.language = plugin, "BE68539007547034", "en"
            db.session.get_one(Organisation, world.club.id).language = "en"
            affiliate(world.club, world.other_federation, number="309", from_on=START)
        federations = {f.slug: db.session.get_one(Organisation, f.id) for f in (world.federation, world.other_federation)}
        kinds = {}
        for slug, key in ((SPORT, "sporting"), (CHOIR, "both")):
            with inside(federations[slug]) as actor:
                sync_types(federations[slug])
                for kind in types_of(federations[slug]):
                    cents = 600 if kind.key == "uninsured" else 1_000
                    save_fee(None, type_id=kind.id, amount_cents=cents, from_on=date(2020, 1, 1), until_on=None, actor=actor)
                kinds[slug] = next(kind for kind in types_of(federations[slug]) if kind.key == key)
        link, memberships = _in_the_club(app, world, federations, kinds)
        invoices = {slug: _invoice(federation, world.club.id) for slug, federation in federations.items()}
        db.session.remove()
    return Both(invoices, memberships, link)


def _in_the_club(app: Flask, world: World, federations: dict[str, Any], kinds: dict[str, Any]) -> tuple[int, dict[str, list[int]]]:
    memberships: dict[str, list[int]] = {SPORT: [], CHOIR: []}
    with app.test_request_context(), inside(world.club) as actor:
        g.org_slug = world.club.slug
        for name, slugs in (("Annsports", (SPORT,)), ("Beasings", (CHOIR,)), ("Cisdoesboth", (SPORT, CHOIR))):
            contact = make_contact(name, "Peeters", birth_date=date(1990, 1, 1), gender="F")
            for slug in slugs:
                made = request_membership(contact, kinds[slug], from_on=START, actor=actor)
                made.status = "accepted"
                memberships[slug].append(made.id)
        name = f"{START.year}-{START.year + 1}"
        season = add_season({"name": name, "start_on": START, "end_on": date(START.year + 1, 9, 30), "is_current": True, "is_active": True}, actor=actor)
        link = link_group(add_group({"name": "Secretchoir"}, season, actor=actor), federations[CHOIR], extra={}, options=["library"], actor=actor)
        db.session.flush()
        return link.id, memberships


def _invoice(federation: Organisation, club: int) -> int:
    with inside(federation) as actor:
        run_id = start_run(reference_on=DAY, invoice_on=None, due_on=None, actor=actor, with_job=False).id
    with scope(federation), acting(system_actor(federation.id, language="en")) as actor:
        draft_run(run_id, actor=actor)
        with transaction():
            approve_run(get_run(run_id), actor=actor)
        return db.session.scalars(select(Invoice.id).where(Invoice.debtor_id == club)).one()


def _page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


@pytest.mark.covers("R139", "R304")
@pytest.mark.parametrize(("slug", "other", "user"), [(SPORT, CHOIR, "admin.f"), (CHOIR, SPORT, "admin.g")])
def test_each_federation_reads_its_own_members_invoices_and_groups(both: Both, login: Callable[[str], FlaskClient], slug: str, other: str, user: str) -> None:
    client = login(user)
    mine, theirs = ("Annsports", "Beasings") if slug == SPORT else ("Beasings", "Annsports")
    members = _page(client, f"/o/{slug}/federation/members/")
    assert (mine in members, "Cisdoesboth" in members, theirs in members) == (True, True, False)
    assert ("Secretchoir" in _page(client, f"/o/{slug}/federation/groups/")) is (slug == CHOIR)
    assert client.get(f"/o/{slug}/federation/groups/{both.link}").status_code == (200 if slug == CHOIR else 404)
    own = _page(client, f"/o/{slug}/invoices/{both.invoices[slug]}")
    assert (mine in own, theirs in own, "Choir membership" in own) == (True, False, slug == CHOIR)
    assert client.get(f"/o/{slug}/invoices/{both.invoices[other]}").status_code == 404
    assert client.get(f"/o/{other}/federation/members/").status_code == 404
    pages = {pk: client.get(f"/o/{slug}/federation/memberships/{pk}").status_code for pks in both.memberships.values() for pk in pks}
    assert pages == dict.fromkeys(both.memberships[slug], 200) | dict.fromkeys(both.memberships[other], 404)


@pytest.mark.covers("R139")
def test_the_club_reads_both_invoices_and_has_a_function_of_both_once(both: Both, world: World, app: Flask, login: Callable[[str], FlaskClient]) -> None:
    client = login("admin.a")
    for slug, federation in ((SPORT, "Federation F"), (CHOIR, "Federation G")):
        assert federation in _page(client, f"/o/club-a/invoices/{both.invoices[slug]}")
    with app.app_context(), inside(world.club):
        keys = [function.key for function in functions_here()]
        assert sorted(keys) == sorted({"chair", "secretary", "contact_person", "trainer", "member_administrator", "conductor"})
        assert {function.key for function in functions_here() if function.required} == set(keys) - {"trainer"}


def test_a_member_who_pays_a_fee_and_a_premium_is_listed_once(both: Both, app: Flask) -> None:
    with app.app_context(), unscoped("looking at rows in a test"):
        lines = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == both.invoices[CHOIR]).order_by(InvoiceLine.position)).all()
        assert [(line.text, line.quantity, line.unit_cents) for line in lines] == [
            ("Choir membership (Secretchoir)", 1, 7_500), ("Fee per member", 2, 600),
            ("Insurance premium: Insured for liability and accidents", 2, 400), ("Access to the library (Secretchoir)", 1, 5_000),
        ]  # fmt: skip
        members = db.session.scalars(select(InvoiceMember).where(InvoiceMember.invoice_id == both.invoices[CHOIR]).order_by(InvoiceMember.id)).all()
        assert [(m.name, m.amount_cents, m.rule_text) for m in members] == [
            (f"Peeters {name}", 1_000, "Fee per member €6.00 + Insurance premium: Insured for liability and accidents €4.00")
            for name in ("Beasings", "Cisdoesboth")
        ]
        assert len(db.session.scalars(select(Membership.id)).all()) == 4
