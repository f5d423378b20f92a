"""The memberships of a choir in one season: asked, refused, accepted, another insurance, ended, joined again, and all of them in the next season."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock
from core.contacts.services import get_contact
from core.db import db, transaction
from core.i18n import format_date
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from plugins.memberships.api import (
    Membership,
    Wish,
    accept_membership,
    counts_on,
    end_membership,
    get_membership,
    request_membership,
    request_memberships,
    sync_types,
    types_of,
)
from plugins.memberships.services import get_type, rejoin, switch_type

DAY = clock.today()
START = date(DAY.year - ((DAY.month, DAY.day) < (10, 1)), 10, 1)
END = date(START.year + 1, 9, 30)
SEASON = f"{START.year}-{START.year + 1}"
ANN = {"birth_date": date(1990, 1, 1), "gender": "F", "street": "Kerkstraat", "house_number": "1", "postcode": "3000", "town": "Leuven"}


@pytest.fixture
def insured(app: Flask, world: World) -> dict[str, int]:
    """Federation F is Koor&Stem: id per key of its types."""
    with app.app_context():
        with transaction(), unscoped("a federation with rules"):
            db.session.get_one(Organisation, world.federation.id).federation_plugin = "koor_en_stem"
        with inside(world.federation):
            federation = db.session.get_one(Organisation, world.federation.id)
            sync_types(federation)
            return {str(kind.key): kind.id for kind in types_of(federation)}


class Person:
    """Somebody with a browser, somewhere."""

    def __init__(self, client: FlaskClient, base: str) -> None:
        self.client, self.base = client, base
        self.token = csrf_of(client.get(f"{base}/dashboard/").text)

    def page(self, path: str) -> str:
        answer = self.client.get(self.base + path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.text)

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(self.base + path, data={"csrf_token": self.token, **data})


def only(app: Flask, world: World) -> int:
    with app.app_context(), scope(world.club):
        return db.session.scalars(select(Membership.id).where(Membership.status != "withdrawn")).one()


@pytest.mark.covers("R137", "R138", "R140", "R141", "R142")
def test_a_singer_is_asked_refused_asked_again_accepted_and_insured_otherwise(
    app: Flask, world: World, insured: dict[str, int], login: Callable[[str], FlaskClient]
) -> None:
    with app.app_context(), inside(world.club):
        ann = make_contact("Ann", "Alto", **ANN).id
    club, federation = Person(login("admin.a"), "/o/club-a"), Person(login("admin.f"), "/o/federation-f")
    form = club.page(f"/crm/memberships/add/{ann}")
    assert [name in form for name in ("Not insured", "Insured for liability", "Insured for accidents", "Sport branch")] == [True, True, True, False]
    assert club.post(f"/crm/memberships/add/{ann}", type=insured["liability"], season=SEASON, from_on=START.isoformat()).status_code == 302
    assert ("Alto" in club.page("/crm/requests/"), "Alto" in club.page("/crm/memberships/")) == (True, False)
    assert "Alto" in federation.page("/federation/requests/")
    federation.post(f"/federation/memberships/{only(app, world)}/refuse", reason="Pay last year first.")
    assert re.search(r'crm/requests/\?f\.status\.is=refused"><span class="k-stat-value">1 ', club.page("/dashboard/"))
    assert "Pay last year first." in club.page("/crm/requests/?f.status.is=refused")
    club.post(f"/crm/memberships/{only(app, world)}/withdraw")
    assert club.post(f"/crm/memberships/add/{ann}", type=insured["liability"], season=SEASON, from_on=START.isoformat()).status_code == 302
    federation.post(f"/federation/memberships/{only(app, world)}/accept")

    listed = club.page("/crm/memberships/")
    for said in ("Alto", "Ann", "Insured for liability", format_date(START), format_date(END), SEASON, "Federation F"):
        assert said in listed, said
    pk = only(app, world)
    page = club.page(f"/crm/memberships/{pk}/change")
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page)
    assert version is not None
    day = max(DAY, START + timedelta(days=1))
    answer = club.post(f"/crm/memberships/{pk}/change", version=version[1], type=insured["both"], from_on=day.isoformat())
    assert answer.status_code == 302, answer.text[-2000:]
    assert "Ann Alto goes on as Insured for liability and accidents" in club.page("/crm/requests/")
    waiting = federation.page("/federation/requests/")
    assert ("Alto" in waiting, "Insured for liability and accidents" in waiting) == (True, True)


@pytest.mark.covers("R143", "R145", "R146", "R148")
def test_at_any_moment_a_singer_stops_and_joins_again_and_the_reference_day_counts_who_is_there(app: Flask, world: World, insured: dict[str, int]) -> None:
    reference = date(START.year, 11, 15)
    with app.app_context(), inside(world.club) as actor:
        both = get_type(insured["both"])
        people = [make_contact(f"Singer{number}", "Choir", **ANN).id for number in range(4)]
        outcome = request_memberships([Wish(pk, both, START) for pk in people], actor=actor)
        ids = [outcome.made[place] for place in range(4)]
    with app.app_context(), inside(world.federation) as actor:
        for pk in ids:
            accept_membership(get_membership(pk), actor=actor)
    with app.app_context(), inside(world.club) as actor:
        before, after = reference - timedelta(days=1), reference + timedelta(days=60)
        end_membership(ids[0], last_day=before, reason="Stopped", actor=actor)
        end_membership(ids[1], last_day=after, actor=actor)
        again = rejoin(get_membership(ids[0]), from_on=after, actor=actor)
        late = request_membership(make_contact("Late", "Choir", **ANN), get_type(insured["both"]), from_on=reference + timedelta(days=120), actor=actor)
        assert [(row.from_on, row.until_on, row.season) for row in (again, late)] == [
            (after, END, SEASON), (reference + timedelta(days=120), END, SEASON),
        ]  # fmt: skip
        assert get_contact(people[0]).deleted_at is None
        assert db.session.scalars(select(Membership.id).where(counts_on(reference)).order_by(Membership.id)).all() == ids[1:]
        # nobody is asked to affiliate the choir again: who goes on is asked for the next season, all at once
        following = [Wish(pk, get_type(insured["both"]), END + timedelta(days=1)) for pk in people]
        assert len(request_memberships(following, actor=actor).made) == len(people)
        assert switch_type(get_membership(ids[2]), get_type(insured["liability"]), from_on=after, actor=actor).until_on == END
