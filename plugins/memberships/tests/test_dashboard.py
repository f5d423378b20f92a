"""The dashboards of clubs, regions and federations: who came and went, and the clubs that wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask

from core.db import db, transaction
from core.organisations.models import Organisation
from core.organisations.services import affiliate, create_organisation
from core.organisations.services.readiness import refresh
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside, make_contact
from plugins.memberships.chart import BARS, chart_of
from plugins.memberships.models import Membership
from plugins.memberships.services.flow import YearOfMembers, member_flow
from plugins.memberships.tests.conftest import Types

TODAY = date(2026, 11, 25)
#: statements of a whole dashboard, also with a thousand clubs; a new widget may add one
CLUB_BUDGET, FEDERATION_BUDGET = 12, 11
Period = tuple[str, str | None]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-25T10:00:00+01:00", tick=True):
        yield


def member(club: Organisation, kind: int, *periods: Period, federation: Organisation | None, status: str = "accepted") -> None:
    """A contact with memberships as they are stored."""
    with inside(club):
        contact = make_contact()
        for first, last in periods:
            until = date.fromisoformat(last) if last else None
            owner = federation.id if federation else None
            row = Membership(contact_id=contact.id, type_id=kind, federation_id=owner, from_on=date.fromisoformat(first), until_on=until, status=status)
            db.session.add(row)
        db.session.flush()


def flow(organisation: Organisation) -> list[tuple[int, int, int]]:
    with scope(organisation):
        return [(year.year, year.new, year.ended) for year in member_flow(TODAY)]


def nothing_but(**years: tuple[int, int]) -> list[tuple[int, int, int]]:
    return [(year, *years.get(f"in{year}", (0, 0))) for year in range(2022, 2027)]


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        ([("2022-01-01", "2024-12-31")], {"in2022": (1, 0), "in2024": (0, 1)}),
        ([("2021-12-31", None)], {}),  # before these five years
        ([("2020-01-01", "2021-12-31")], {}),
        ([("2023-05-01", "2026-11-25")], {"in2023": (1, 0)}),  # today is its last day: it still counts
        ([("2023-05-01", "2026-11-24")], {"in2023": (1, 0), "in2026": (0, 1)}),
        ([("2026-11-26", None)], {}),  # still to come
        ([("2024-09-01", "2025-08-31"), ("2025-09-01", "2026-08-31"), ("2026-09-01", None)], {"in2024": (1, 0)}),  # renewed
        ([("2024-01-01", "2024-12-31"), ("2025-01-02", None)], {"in2024": (1, 1), "in2025": (1, 0)}),  # a day without
        ([("2024-01-01", None), ("2025-03-01", "2026-02-28")], {"in2024": (1, 0)}),  # a second one beside it
        ([("2024-01-01", "2025-06-30"), ("2024-01-01", "2025-06-30")], {"in2024": (1, 0), "in2025": (0, 1)}),  # twice the same
    ],
)
def test_who_came_and_who_stopped(context: Flask, world: World, types: Types, periods: list[Period], expected: dict[str, tuple[int, int]]) -> None:
    member(world.club, types.sporting, *periods, federation=world.federation)
    assert flow(world.club) == nothing_but(**expected)
    assert flow(world.federation) == nothing_but(**expected)


def test_only_memberships_of_federations_that_were_accepted(context: Flask, world: World, types: Types) -> None:
    period = ("2025-01-01", "2026-01-31")
    member(world.club, types.own, period, federation=None)
    for status in ("requested", "refused", "withdrawn"):
        member(world.club, types.sporting, period, federation=world.federation, status=status)
    assert flow(world.club) == nothing_but()


def test_everybody_sees_the_members_that_are_theirs(context: Flask, world: World, types: Types) -> None:
    member(world.club, types.sporting, ("2025-01-01", None), federation=world.federation)
    member(world.other_club, types.sporting, ("2024-01-01", "2026-01-31"), federation=world.federation)
    member(world.foreign_club, types.foreign, ("2023-01-01", None), federation=world.other_federation)
    assert flow(world.club) == nothing_but(in2025=(1, 0))
    assert flow(world.other_club) == nothing_but(in2024=(1, 0), in2026=(0, 1))
    assert flow(world.region) == nothing_but(in2025=(1, 0))
    assert flow(world.federation) == nothing_but(in2024=(1, 0), in2025=(1, 0), in2026=(0, 1))
    assert flow(world.other_federation) == nothing_but(in2023=(1, 0))


def test_bars_of_both_directions_have_one_scale() -> None:
    assert chart_of([YearOfMembers(2025, 0, 0), YearOfMembers(2026, 0, 0)]) is None
    chart = chart_of([YearOfMembers(2025, 30, 5), YearOfMembers(2026, 15, 10)])
    assert chart is not None
    assert [(bar.up, bar.down, bar.is_current) for bar in chart.bars] == [(75.0, 12.5, False), (37.5, 25.0, True)]
    assert max(bar.up for bar in chart.bars) + max(bar.down for bar in chart.bars) == BARS


def card(page: str, name: str) -> str:
    """What a widget shows."""
    found = re.search(rf'<section class="k-card k-widget" aria-labelledby="widget-{name}">.*?</section>', page, re.S)
    assert found is not None, name
    return found.group()


def links(html: str) -> list[tuple[str, str]]:
    return [(url, re.sub(r"<[^>]+>", "", text).strip()) for url, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', html, re.S)]


@pytest.mark.covers("R061")
def test_key_figures_stand_above_the_cards(app: Flask, world: World, types: Types, browser: Callable[..., Any]) -> None:
    with app.app_context():
        member(world.club, types.sporting, ("2024-01-01", None), federation=world.federation)
        member(world.club, types.sporting, ("2020-01-01", "2020-12-31"), federation=world.federation)
    page = browser("admin.a").page("/dashboard/")
    figures = re.findall(r'href="([^"]+)"><span class="k-stat-value">(\d+).*?k-stat-label">([^<]+)', page)
    assert {label: (int(value), url) for url, value, label in figures if label in ("contacts", "active memberships", "open invoices")} == {
        "contacts": (2, "/o/club-a/crm/contacts/"),
        "active memberships": (1, "/o/club-a/crm/memberships/?f.status.is=active"),
        "open invoices": (0, "/o/club-a/invoices/"),
    }
    assert page.index("k-stat-value") < page.index("In order?") < page.index("widget-member_flow")


def test_the_club_sees_its_members_come_and_go(app: Flask, world: World, types: Types, browser: Callable[..., Any]) -> None:
    admin = browser("admin.a")
    with app.app_context():
        member(world.club, types.sporting, ("2015-01-01", None), federation=world.federation)
    empty = card(admin.page("/dashboard/"), "member_flow")
    assert ("Nobody joined or stopped in the last five years." in empty, "<svg" in empty.replace('<svg class="icon', "")) == (True, False)
    with app.app_context():
        member(world.club, types.sporting, ("2024-01-01", "2026-01-31"), federation=world.federation)
        member(world.club, types.sporting, ("2024-02-01", None), federation=world.federation)
    shown = card(admin.page("/dashboard/"), "member_flow")
    (label,) = re.findall(r'role="img" aria-label="([^"]+)"', shown)
    assert label == (
        "Member flow per year. 2022: 0 new, 0 stopped. 2023: 0 new, 0 stopped. 2024: 2 new, 0 stopped. 2025: 0 new, 0 stopped. 2026: 0 new, 1 stopped."
    )
    assert links(shown) == [("/o/club-a/crm/memberships/", "Memberships")]


@pytest.mark.parametrize(("username", "slug", "clubs"), [("admin.f", "federation-f", ["Club B", "Club A"]), ("staff.r", "region-r", ["Club A"])])
def test_the_clubs_with_most_requests_lead_to_them(
    app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any], username: str, slug: str, clubs: list[str]
) -> None:
    admin = browser(username, f"/o/{slug}")
    assert "No request waits for you." in card(admin.page("/dashboard/"), "requests_per_club")
    assert "Nobody joined or stopped in the last five years." in card(admin.page("/dashboard/"), "federation_flow")
    with app.app_context():
        ask(last_name="Aerts")
        ask(last_name="Baert", club=world.other_club)
        ask(last_name="Claes", club=world.other_club)
    found = links(card(admin.page("/dashboard/"), "requests_per_club"))
    queue = f"/o/{slug}/federation/requests/"
    assert found == [(queue, "Requests"), *((f"{queue}?f.club.is={club.replace(' ', '+')}", club) for club in clubs)]
    listed = admin.client.get(found[1][0]).text
    assert [name in listed for name in ("Aerts", "Baert", "Claes")] == [clubs[0] == "Club A", *[clubs[0] == "Club B"] * 2]


def test_dashboards_take_as_many_queries_with_one_club_as_with_three(
    app: Flask, world: World, types: Types, ask: Callable[..., int], browser: Callable[..., Any], queries: Callable[[], list[str]]
) -> None:
    def fill(club: Organisation) -> None:
        ask(club=club, kind=types.foreign)
        member(club, types.foreign, ("2024-01-01", "2026-01-31"), federation=world.other_federation)
        with inside(club):
            refresh(db.session.get_one(Organisation, club.id))

    def counted(username: str, slug: str) -> int:
        admin = browser(username, f"/o/{slug}")
        admin.page("/dashboard/")
        seen = queries()
        page = admin.page("/dashboard/")
        taken = len(seen)
        assert "Member flow per year." in page
        return taken

    with app.app_context():
        fill(world.foreign_club)
    assert [counted("admin.c", "club-c"), counted("admin.g", "federation-g")] == [CLUB_BUDGET, FEDERATION_BUDGET]
    with app.app_context():
        for name in ("Club D", "Club E"):
            with transaction(), unscoped("two clubs more"):
                club = create_organisation(kind="club", name=name)
                affiliate(club, world.other_federation)
            fill(club)
    assert [counted("admin.c", "club-c"), counted("admin.g", "federation-g")] == [CLUB_BUDGET, FEDERATION_BUDGET]
    shown = card(browser("admin.g", "/o/federation-g").page("/dashboard/"), "requests_per_club")
    assert [text for _url, text in links(shown)] == ["Requests", "Club C", "Club D", "Club E"]
