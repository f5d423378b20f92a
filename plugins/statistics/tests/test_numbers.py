"""Members over time and clubs over seasons, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select

from core.api import Affiliation, current_organisation, db, scope, today, unscoped
from core.testing.conformance import problems_of
from core.testing.factories import inside
from plugins.memberships.api import MonthDay
from plugins.statistics import periods
from plugins.statistics.dimensions import dimensions
from plugins.statistics.periods import Sample
from plugins.statistics.services import club_evolution, evolution
from plugins.statistics.suppression import hide_small
from plugins.statistics.tests.conftest import Person, Town

DAYS = [Sample(date(year, 12, 31), str(year), date(year, 1, 1)) for year in range(2020, 2025)]


def counted(app: Flask, town: Town, by: str, *, hides_small: bool = False, where: str = "federation") -> dict[str, list[int | None]]:
    organisation = getattr(town.world, where)
    with app.app_context(), scope(organisation), force_locale("en"):
        federation = town.federation
        way = next(way for way in dimensions(federation) if way.key == by)
        found = evolution(DAYS, way, federation, hides_small=hides_small)
        return {group.title: group.numbers for group in found.groups} | {"=": found.totals}


def test_plugin_keeps_the_rules_of_the_house() -> None:
    assert problems_of("statistics") == []


def test_days_of_months_seasons_and_reference_days() -> None:
    day = date(2026, 3, 15)
    assert [s.day for s in periods.months(day, 3)] == [date(2026, 1, 31), date(2026, 2, 28), day]
    seasons = periods.years(day, 2, MonthDay(10, 1))
    assert [(s.title, s.starts_on, s.day) for s in seasons] == [("2024-2025", date(2024, 10, 1), date(2025, 9, 30)), ("2025-2026", date(2025, 10, 1), day)]
    assert [s.day for s in periods.reference_days(day, 2, MonthDay(4, 1))] == [date(2024, 4, 1), date(2025, 4, 1)]


@pytest.mark.covers("R307")
def test_members_on_a_row_of_days_by_what_they_are(app: Flask, people: Town) -> None:
    assert counted(app, people, "all")["="] == [0, 7, 7, 6, 8]
    assert counted(app, people, "gender") == {"Woman": [0, 6, 6, 6, 6], "Man": [0, 1, 1, 0, 2], "=": [0, 7, 7, 6, 8]}
    assert counted(app, people, "type") == {"Singer": [0, 7, 7, 6, 8], "=": [0, 7, 7, 6, 8]}
    assert counted(app, people, "region") == {"Region R": [0, 7, 7, 6, 6], "No region": [0, 0, 0, 0, 2], "=": [0, 7, 7, 6, 8]}
    # the oldest turns 75 in 2025 only; 1950 to 1955 are 65 to 74 from the year in which they reach it
    ages = counted(app, people, "age")
    assert ages["65 to 74"] == [0, 6, 6, 6, 6]
    assert ages["18 to 34"] == [0, 1, 1, 0, 0]
    assert ages["35 to 54"] == [0, 0, 0, 0, 2]
    # a region has the numbers of its own clubs only
    assert counted(app, people, "all", where="region")["="] == [0, 7, 7, 6, 6]


def test_a_member_does_not_count_before_and_after_the_affiliation_of_the_club(app: Flask, people: Town) -> None:
    with app.app_context(), inside(people.federation):
        row = db.session.scalars(select(Affiliation).where(Affiliation.organisation_id == people.world.club.id)).one()
        row.from_on, row.until_on = date(2022, 1, 1), date(2023, 12, 30)
        db.session.flush()
    assert counted(app, people, "all")["="] == [0, 0, 7, 0, 2]
    with app.app_context(), scope(people.federation):
        found = club_evolution(DAYS, people.federation, hides_small=False)
    assert [(s.affiliated, s.joined, s.left, s.members) for s in found.seasons] == [(1, 1, 0, 0), (1, 0, 0, 0), (2, 1, 0, 7), (1, 0, 1, 0), (1, 0, 0, 2)]


def test_small_numbers_are_hidden_and_cannot_be_worked_out(app: Flask, people: Town) -> None:
    assert hide_small([[4], [6], [0], [9]]) == [[None], [None], [0], [9]]
    assert hide_small([[4], [3], [9]]) == [[None], [None], [9]]
    assert hide_small([[4], [9]], adds_up=False) == [[None], [9]]
    hidden = counted(app, people, "gender", hides_small=True)
    assert hidden["Man"] == [0, None, None, 0, None]
    assert hidden["Woman"] == [0, None, None, 6, None]


@pytest.mark.covers("R309")
def test_the_clubs_over_seasons_and_as_a_file(app: Flask, people: Town, admin: Person) -> None:
    with app.app_context(), scope(people.federation):
        found = club_evolution(DAYS, people.federation, hides_small=False)
    assert [(s.affiliated, s.joined, s.left) for s in found.seasons] == [(2, 2, 0), (2, 0, 0), (2, 0, 0), (2, 0, 0), (2, 0, 0)]
    assert [(club.name, club.number, club.numbers, club.difference) for club in found.clubs] == [
        ("Club A", "1001", [0, 7, 7, 6, 6], -1),
        ("Club B", "1002", [0, 0, 0, 0, 2], 0),
    ]
    page = admin.page("/reports/clubs/?seasons=10&order=members&q=club")
    assert page.index("Club A") < page.index("Club B")
    answer = admin.post("/reports/clubs/export", seasons="10")
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")


def test_pages_for_federation_region_and_nobody_else(app: Flask, people: Town, admin: Person, login: Callable[[str], FlaskClient]) -> None:
    page = admin.page("/reports/members/?by=gender&period=60m")
    assert "Man" in page
    assert "<polyline" in page
    assert "&lt; 5" not in page
    assert "&lt; 5" in admin.page("/reports/members/?by=gender&small=hide")
    assert admin.page("/reports/members/?by=nonsense&period=99x")
    assert admin.post("/reports/members/export", by="age", period="24m").data.startswith(b"PK")
    staff = Person(login("staff.r"), "region-r")
    assert "You see the clubs of your region" in staff.page("/reports/members/")
    assert "Club B" not in staff.page("/reports/clubs/")
    assert staff.get("/reports/snapshots/").status_code == 403
    club = Person(login("admin.a"), "club-a")
    assert club.get("/reports/members/").status_code in (403, 404)


def test_the_number_of_statements_does_not_grow(app: Flask, people: Town, queries: Callable[[], list[str]]) -> None:
    def statements() -> int:
        with app.app_context(), scope(people.federation), force_locale("en"):
            current_organisation()
            way = next(way for way in dimensions(people.federation) if way.key == "town")
            seen = queries()
            evolution(periods.months(today(), 60), way, people.federation, hides_small=False)
            return len(seen)

    before = statements()
    for number in range(10):
        people.join(f"More{number}", postcode=str(1000 + number), town="Elders")
    assert statements() == before == 1


def test_nothing_of_another_federation_is_counted(app: Flask, people: Town) -> None:
    with app.app_context(), unscoped("looking at numbers of another federation"):
        other = people.world.other_federation
    with app.app_context(), scope(other), force_locale("en"):
        found = evolution(DAYS, dimensions(other)[0], people.federation, hides_small=False)
        assert found.totals == [0, 0, 0, 0, 0]
