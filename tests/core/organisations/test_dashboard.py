"""The dashboards of federations and regions: the clubs with most left to do."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from core.db import db
from core.organisations import contributions
from core.organisations.models import Affiliation, ClubReadiness
from core.organisations.services.platform import federations_by_name
from core.organisations.services.readiness import Behind, furthest_from_ready
from core.tenancy import scope
from core.testing.factories import inside

TODAY = date(2026, 11, 25)
MISSING = [{"name": "details", "title": "Details", "own_title": "Gegevens"}]


def stand(world, club, done, total=5):
    with inside(club):
        db.session.add(ClubReadiness(federation_id=world.federation.id, done=done, total=total, missing=MISSING, day=TODAY))
        db.session.flush()


def furthest(organisation, limit=5):
    with scope(organisation):
        return [(found.name, found.done, found.total) for found in furthest_from_ready(limit)]


def test_clubs_with_most_left_to_do_come_first(context, world):
    assert furthest(world.federation) == [("Club A", None, None), ("Club B", None, None)]  # nobody looked yet
    stand(world, world.other_club, 3)
    assert furthest(world.federation) == [("Club B", 3, 5), ("Club A", None, None)]
    stand(world, world.club, 1)
    assert furthest(world.federation) == [("Club A", 1, 5), ("Club B", 3, 5)]
    assert furthest(world.federation, limit=1) == [("Club A", 1, 5)]
    assert furthest(world.region) == [("Club A", 1, 5)]
    assert furthest(world.other_federation) == [("Club C", None, None)]
    with scope(world.region):
        assert furthest_from_ready(5) == [Behind(world.club.id, "Club A", 1, 5, MISSING)]


def test_clubs_that_are_in_order_are_left_out(context, world):
    stand(world, world.club, 5)
    stand(world, world.other_club, 4)
    assert furthest(world.federation) == [("Club B", 4, 5)]
    assert furthest(world.region) == []


def card(page):
    return re.search(r'<section class="k-card k-widget" aria-labelledby="widget-clubs_furthest">.*?</section>', page, re.S).group()


@pytest.mark.parametrize(("username", "slug"), [("admin.f", "federation-f"), ("staff.r", "region-r")])
def test_dashboard_leads_to_the_clubs(app, login, world, username, slug):
    with app.app_context():
        stand(world, world.club, 1)
        stand(world, world.other_club, 5)
    client = login(username)
    shown = card(client.get(f"/o/{slug}/dashboard/").text)
    assert re.findall(r'<a [^>]*href="([^"]+)"', shown) == [f"/o/{slug}/clubs/?f.readiness.is=no", f"/o/{slug}/clubs/{world.club.id}"]
    assert re.findall(r"<small>(.*?)</small>", shown) == ["Details"]
    assert re.findall(r'aria-label="([^"]+)"', shown) == ["1 of 5 in order"]
    assert client.get(f"/o/{slug}/clubs/{world.club.id}").status_code == 200


def test_dashboard_says_so_when_nobody_misses_anything(app, login, world):
    with app.app_context():
        stand(world, world.club, 5)
        stand(world, world.other_club, 5)
    shown = card(login("admin.f").get("/o/federation-f/dashboard/").text)
    assert re.findall(r'<p class="k-muted mb-0">(.*?)</p>', shown) == ["No club misses anything. As soon as one does, you see it here."]
    assert "<a " not in shown


def test_the_operator_sees_the_federations_and_their_size(app, world, login):
    page = login("platform").get("/o/platform/dashboard/").text
    assert re.findall(r'class="k-strong">(Federation \w)</span><small>[^<]*</small></div><span>(\d+) clubs?<', page) == [
        ("Federation F", "2"),
        ("Federation G", "1"),
    ]
    assert "Club A" not in page

    with app.app_context(), inside(world.federation):
        db.session.scalars(select(Affiliation).where(Affiliation.organisation_id == world.other_club.id)).one().until_on = TODAY.replace(year=2020)
        db.session.flush()
    with app.app_context():
        assert federations_by_name()[0].clubs == 1


def test_before_there_is_a_federation_the_operator_reads_how_to_make_one(login, monkeypatch):
    monkeypatch.setattr(contributions, "federations_by_name", list)
    assert "koepel create-organisation" in login("platform").get("/o/platform/dashboard/").text
