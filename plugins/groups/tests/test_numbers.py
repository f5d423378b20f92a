"""Linked groups over seasons, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import update

from core.api import Affiliation, Organisation, db, get_contact, scope, today, unscoped
from core.organisations.services.modules import switch
from core.testing.factories import World, inside
from core.testing.plugin import csrf_of
from core.web.context import current_organisation
from plugins.groups import services
from plugins.groups.tests.conftest import START, Choir, new_group, season_values
from plugins.groups.views.numbers import LINKS, GroupNumbers
from plugins.memberships.api import MonthDay
from plugins.statistics import periods
from plugins.statistics.services import evolution

SHARED = {"rehearsal_day": "Monday"}


@pytest.fixture
def linked(app: Flask, world: World, choir: Choir, federation: Organisation) -> Organisation:
    """Club A (region R) had a mixed choir of four, and has it with five; club B has one of an own kind, and one whose link ended."""
    with app.app_context(), inside(federation):
        db.session.execute(update(Affiliation).values(from_on=date(2020, 1, 1)).execution_options(synchronize_session=False))
    with app.app_context(), inside(world.club) as actor:
        group = services.change_group(services.get_group(choir.group), {"name": "Cantabile", "type": "mixed_choir"}, actor=actor)
        for number, pk in enumerate(choir.people[:4]):
            services.join(group, get_contact(pk), "singer" if number else "conductor", actor=actor)
        services.link_group(group, federation, extra=SHARED, actor=actor).linked_on = date(START - 1, 10, 1)
        copy = services.copy_group(group, services.get_season(choir.present), services.Choices(), actor=actor)
        services.join(copy, get_contact(choir.people[4]), "singer", actor=actor)
    with app.app_context(), inside(world.other_club) as actor:
        season = services.add_season(season_values(START, is_current=True), actor=actor).id
        own = services.add_term("type", {"name": {"en": "Street choir", "nl": "Straatkoor"}}, actor=actor).key
        for name, kind in (("Others", own), ("Gone", None)):
            made = new_group(season, name, actor=actor, type=kind)
            services.link_group(made, federation, extra=SHARED, actor=actor)
        services.unlink(made, federation, actor=actor)
    return federation


def counted(app: Flask, federation: Organisation, by: str = "all", measure: str = "groups", where: Organisation | None = None) -> dict[str, list[int | None]]:
    page = GroupNumbers()
    with app.test_request_context(), scope(where or federation), force_locale("en"):
        with unscoped("the federation as it is now, also for another one"):
            federation = db.session.get_one(Organisation, federation.id)
        assert page.first_day(federation) == MonthDay(10, 1)
        samples = periods.years(today(), 3, MonthDay(10, 1))
        way = next(way for way in page.dimensions(federation) if way.key == by)
        what = next(each for each in page.measures(federation) if each.key == measure)
        found = evolution(samples, way, federation, hides_small=False, counted=LINKS, measure=what)
        return {group.title: group.numbers for group in found.groups} | {"=": found.totals}


@pytest.mark.covers("R309")
def test_linked_groups_and_their_people_over_seasons_by_what_they_are(app: Flask, world: World, linked: Organisation) -> None:
    assert counted(app, linked)["="] == [0, 1, 2]
    assert counted(app, linked, "type") == {"Mixed choir": [0, 1, 1], "Street choir": [0, 0, 1], "=": [0, 1, 2]}
    assert counted(app, linked, "region") == {"Region R": [0, 1, 1], "No region": [0, 0, 1], "=": [0, 1, 2]}
    assert counted(app, linked, "type", "people") == {"Mixed choir": [0, 4, 5], "Street choir": [0, 0, 0], "=": [0, 4, 5]}
    assert counted(app, linked, measure="function-singer")["="] == [0, 3, 4]
    assert counted(app, linked, measure="function-conductor")["="] == [0, 1, 1]
    # a region has the groups of its own clubs only, another federation nothing
    assert counted(app, linked, where=world.region)["="] == [0, 1, 1]
    assert counted(app, linked, where=world.other_federation)["="] == [0, 0, 0]


def test_a_club_that_left_takes_its_groups_out_of_the_numbers(app: Flask, world: World, linked: Organisation) -> None:
    with app.app_context(), inside(linked):
        leaving = update(Affiliation).where(Affiliation.organisation_id == world.club.id).values(until_on=date(START, 9, 29))
        db.session.execute(leaving.execution_options(synchronize_session=False))
    assert counted(app, linked)["="] == [0, 0, 1]


def test_one_statement_whatever_the_number_of_clubs_and_groups(app: Flask, world: World, linked: Organisation, queries: Callable[[], list[str]]) -> None:
    def statements() -> int:
        with app.test_request_context(), scope(linked), force_locale("en"):
            page = GroupNumbers()
            way, what = page.dimensions(linked)[1], page.measures(linked)[1]
            seen = queries()
            evolution(periods.years(today(), 10, MonthDay(10, 1)), way, linked, hides_small=False, counted=LINKS, measure=what)
            return len(seen)

    before = statements()
    with app.app_context(), inside(world.other_club) as actor:
        season = services.seasons_of()[0].id
        for number in range(6):
            kind = services.add_term("type", {"name": {"en": f"Kind {number}", "nl": f"Soort {number}"}}, actor=actor).key
            services.link_group(new_group(season, f"More {number}", actor=actor, type=kind), linked, extra=SHARED, actor=actor)
    # the second is for the words of clubs
    assert (before, statements()) == (2, 2)


@pytest.mark.covers("R309")
def test_the_page_its_files_and_who_sees_them(app: Flask, world: World, linked: Organisation, login: Callable[[str], FlaskClient]) -> None:
    admin = login("admin.f")
    address = "/o/federation-f/reports/groups/"
    page = admin.get(f"{address}?by=type&count=people&seasons=10").text
    assert "<polyline" in page
    assert "Street choir" in page
    assert "counts in both" in page
    hidden = admin.get(f"{address}?by=type&count=people&small=hide").text
    assert "Numbers under 5 are hidden" in hidden
    # how many groups there are tells nothing of a person
    assert "Numbers under 5 are hidden" not in admin.get(f"{address}?by=type&small=hide").text
    assert admin.get(f"{address}?by=nonsense&count=nonsense&seasons=x").status_code == 200
    asked: dict[str, Any] = {"csrf_token": csrf_of(page), "by": "type", "count": "function-singer"}
    assert admin.post(f"{address}export", data=asked).data.startswith(b"PK")
    table = admin.post(f"{address}export", data={**asked, "file": "csv"}).data.decode("utf-8-sig").splitlines()
    assert [line.split(";")[0] for line in table] == ["Type", "Mixed choir", "Street choir", "Together"]
    assert table[1].endswith(";3;4")
    assert "Groups over seasons" in admin.get("/o/federation-f/reports/members/").text
    assert "You see the clubs of your region" in login("staff.r").get("/o/region-r/reports/groups/").text
    assert login("admin.a").get("/o/club-a/reports/groups/").status_code in (403, 404)


def test_without_reports_there_is_no_such_page(app: Flask, world: World, linked: Organisation, login: Callable[[str], FlaskClient]) -> None:
    with app.app_context(), inside(linked) as actor:
        switch(current_organisation(), "statistics", on=False, actor=actor)
    assert login("admin.f").get("/o/federation-f/reports/groups/").status_code == 404
