"""Memberships among the contacts, and what is done with many at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.access import acting, system_actor
from core.db import db
from core.jobs.models import JobItem
from core.jobs.runner import work_off
from core.lists.contacts.definitions import CONTACTS
from core.lists.engine import Sort, fetch_page
from core.lists.filterset import FilterSet
from core.lists.listing import listing_for
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import Queries
from plugins.memberships.models import FederationMember, Membership, MembershipEvent
from plugins.memberships.services import Wish, accept_membership, end_membership, get_membership, request_memberships
from plugins.memberships.services.reading import counts_on
from plugins.memberships.tests.conftest import Types, days, load_type


def found(world: World, query: str, column: str = "first_name") -> list[Any]:
    """What the list of contacts of club A finds: values of one column, by name."""
    with scope(world.club), acting(system_actor(world.club.id, language="en")) as actor:
        listing = listing_for(CONTACTS, actor=actor)
        shown = listing.columns[column]
        page = fetch_page(listing, FilterSet.parse(query, listing), columns=[shown], sort=Sort.parse(None, listing))
        return [str(shown.shown(row.values[0])) for row in page.rows]


@pytest.fixture
def members(context: Flask, world: World, types: Types, sports: None, ask: Callable[..., int]) -> dict[str, int]:
    """Five people: their names say what they are."""
    made = {
        "padel": ask(first_name="padel", from_on=days(-500), extra={"sports": ["padel", "fitness"], "competition": True}),
        "fitness": ask(first_name="fitness", from_on=days(-100), extra={"sports": ["fitness"], "secondary_club": True}),
        "friend": ask(first_name="friend", kind=types.other, from_on=days(-100), extra={"sports": ["padel"]}),
        "left": ask(first_name="left", from_on=days(-300), extra={"sports": ["padel"]}),
        "asks": ask(first_name="asks", extra={"sports": ["padel"]}),
    }
    with inside(world.federation) as actor:
        for name in ("padel", "fitness", "friend", "left"):
            accept_membership(get_membership(made[name]), actor=actor)
    with inside(world.club) as actor:
        end_membership(get_membership(made["left"]), last_day=days(-10), actor=actor)
        make_contact("nobody")
    return made


@pytest.mark.covers("R119", "R122", "R136")
@pytest.mark.parametrize(
    "query, names",
    [
        ("f.membership.type.is={sporting}&f.membership.sports.is=padel", {"padel", "asks"}),
        ("f.membership.type.is={sporting}&f.membership.sports.is=padel&f.membership.current.is=yes", {"padel"}),
        ("f.membership.type.is={sporting}&f.membership.type.is={other}&f.membership.current.is=yes", {"padel", "fitness", "friend"}),
        ("f.membership.current.is=yes", {"padel", "fitness", "friend"}),
        ("f.membership.current.is=no", {"left", "asks", "nobody"}),
        ("f.membership.current.is=no&f.membership.had_on.on={month_ago}", {"left"}),
        ("f.membership.had_on.on={month_ago}", {"padel", "fitness", "friend", "left"}),
        ("f.membership.had_on.on={year_ago}", {"padel"}),
        ("f.membership.from_on.from={half_year_ago}&f.membership.from_on.until={today}", {"fitness", "friend"}),
        ("f.membership.until_on.from={month_ago}", {"left"}),
        ("f.membership.status.is=requested", {"asks"}),
        ("f.membership.status.is=ended", {"left"}),
        ("f.membership.competition.is=yes", {"padel"}),
        ("f.membership.secondary_club.is=yes&f.membership.sports.is=padel", set()),
        ("f.membership.sports.is=fitness", {"padel", "fitness"}),
    ],
)
def test_filters_on_one_membership(members: dict[str, int], world: World, types: Types, query: str, names: set[str]) -> None:
    moments = {"today": days(0), "month_ago": days(-30), "half_year_ago": days(-180), "year_ago": days(-400)}
    text = query.format(sporting=types.sporting, other=types.other, **{name: day.isoformat() for name, day in moments.items()})
    assert set(found(world, text)) == names


@pytest.mark.covers("R129", "R151", "R152", "R153")
def test_the_column_says_who_is_a_member_of_the_federation(members: dict[str, int], world: World) -> None:
    names = found(world, "")
    said = dict(zip(names, found(world, "", "membership.status"), strict=True))
    assert said == {
        "padel": "Active membership (Federation F)",
        "fitness": "Active membership (Federation F)",
        "friend": "Active membership (Federation F)",
        "left": "No membership",
        "asks": "Membership requested (Federation F)",
        "nobody": "No membership",
    }
    shown = dict(zip(names, found(world, "", "membership.sports"), strict=True))
    assert (shown["padel"], shown["nobody"]) == ("Fitness, Padel", "None")
    assert dict(zip(names, found(world, "", "membership.type"), strict=True))["friend"] == "Friend"


PAGES = (
    ("admin.a", "/o/club-a/crm/contacts/"),
    ("admin.a", "/o/club-a/crm/memberships/"),
    ("admin.a", "/o/club-a/crm/requests/"),
    ("admin.f", "/o/federation-f/federation/members/"),
    ("admin.f", "/o/federation-f/federation/requests/"),
)


@pytest.mark.covers("R141")
def test_lists_ask_the_same_number_of_queries_for_one_and_for_many(
    app: Flask, world: World, types: Types, login: Callable[..., Any], queries: Callable[[], Queries]
) -> None:
    def ask_for(number: int) -> None:
        with app.app_context(), inside(world.club) as actor:
            people = [make_contact().id for _ in range(number)]
            request_memberships([Wish(pk, load_type(types.own)) for pk in people], actor=actor)
            request_memberships([Wish(pk, load_type(types.sporting)) for pk in people], actor=actor)
        with app.app_context(), inside(world.federation) as actor:
            waiting = db.session.scalars(select(Membership.id).where(Membership.status == "requested").order_by(Membership.id)).all()
            for pk in waiting[: len(waiting) // 2]:
                accept_membership(get_membership(pk), actor=actor)

    counts: dict[str, list[int]] = {path: [] for _name, path in PAGES}
    clients = {name: login(name) for name in ("admin.a", "admin.f")}
    for number in (2, 20):
        ask_for(number)
        for name, path in PAGES:
            clients[name].get(path)  # the first one fills what is kept per process
            seen = queries()
            assert clients[name].get(path).status_code == 200
            counts[path].append(len(seen))
            seen.clear()
    page = clients["admin.a"].get("/o/club-a/crm/memberships/").text
    assert re.findall(r'<th scope="col"[^>]*>.*?</th>', page)
    for path, (few, many) in counts.items():
        assert few == many, path
        assert many <= 12, (path, many)
    headings = [title for title in ("Name", "Membership type", "Start date", "End date", "Season", "Organisation") if title in page]
    assert headings == ["Name", "Membership type", "Start date", "End date", "Season", "Organisation"]


# --- many at once -----------------------------------------------------------------------------------------


class Bulk:
    """Ticking rows, choosing an action, and waiting for its job."""

    def __init__(self, app: Flask, browser: Any) -> None:
        self.app, self.browser = app, browser

    def start(self, path: str, action: str, ids: list[int] | None = None, query: str = "", **values: Any) -> int:
        """The number of the job; without ids all rows that `query` finds."""
        chosen: dict[str, Any] = {"ids": [str(pk) for pk in ids]} if ids is not None else {"all": "1", "query": query}
        begun = self.browser.post(f"{path}select", action=action, **chosen)
        assert begun.status_code == 302, begun.text[:500]
        first = self.browser.client.get(begun.location)
        self.confirm = first.location
        self.asked = self.browser.client.get(first.location).text
        answer = self.browser.client.post(first.location, data={"csrf_token": self.browser.token, **values})
        assert answer.status_code == 302, re.findall(r"k-error.*", answer.text)
        self.work()
        return int(re.findall(r"\d+", answer.location)[-1])

    def undo(self, job: int) -> None:
        answer = self.browser.post(f"/selections/undo/{job}")
        assert answer.status_code == 302
        self.work()

    def work(self) -> None:
        with self.app.app_context():
            db.session.remove()
        work_off(self.app)

    def results(self, job: int) -> dict[bool, int]:
        with self.app.app_context(), unscoped("results of a job in a test"):
            rows = db.session.execute(select(JobItem.ok, func.count()).where(JobItem.job_id == job).group_by(JobItem.ok))
            return {ok: number for ok, number in rows}


@pytest.fixture
def bulk(app: Flask, browser: Callable[..., Any]) -> Callable[..., Bulk]:
    return lambda *where: Bulk(app, browser(*where or ("admin.a",)))


def number(app: Flask, world: World, *conditions: Any) -> int:
    with app.app_context(), scope(world.club):
        return int(db.session.scalar(select(func.count(Membership.id)).where(*conditions)) or 0)


@pytest.mark.covers("R111", "R112", "R144")
def test_memberships_are_added_to_ticked_contacts_ended_and_both_undone(
    app: Flask, world: World, types: Types, sports: None, bulk: Callable[..., Bulk]
) -> None:
    with app.app_context(), inside(world.club):
        people = [make_contact().id for _ in range(4)]
    club = bulk()
    job = club.start("/crm/contacts/", "add_memberships", people, type=types.sporting, from_on=days(-3).isoformat(), **{"extra-sports": ["padel"]})
    assert club.results(job) == {True: 4}
    assert number(app, world, Membership.status == "requested", Membership.from_on == days(-3)) == 4
    again = club.start("/crm/contacts/", "add_memberships", people, type=types.sporting, from_on=days(-3).isoformat())
    assert club.results(again) == {False: 4}
    club.undo(job)
    assert number(app, world, Membership.status == "withdrawn") == 4
    own = club.start("/crm/contacts/", "add_memberships", people[:2], type=types.own, from_on=days(-3).isoformat())
    ended = club.start("/crm/contacts/", "end_memberships", people, type="0", last_day=days(-1).isoformat())
    assert "The contacts stay." in club.asked
    assert (club.results(own), club.results(ended)) == ({True: 2}, {True: 2, False: 2})
    assert number(app, world, counts_on(days(0))) == 0
    club.undo(ended)
    assert number(app, world, counts_on(days(0))) == 2


@pytest.mark.covers("R137", "R138")
def test_a_federation_accepts_all_that_a_filter_finds_and_undoes_it(
    app: Flask, world: World, types: Types, ask: Callable[..., int], bulk: Callable[..., Bulk]
) -> None:
    with app.app_context():
        for club in (world.club, world.other_club):
            for _ in range(3):
                ask(club=club)
    federation = bulk("admin.f", "/o/federation-f")
    job = federation.start("/federation/requests/", "accept", query="f.club.is=Club A")
    assert federation.results(job) == {True: 3}
    assert number(app, world, Membership.status == "accepted") == 3
    federation.undo(job)
    assert number(app, world, Membership.status == "requested") == 3
    refused = federation.start("/federation/requests/", "refuse", query="f.club.is=Club A", reason="Pay first")
    assert federation.results(refused) == {True: 3}
    assert number(app, world, Membership.reason == "Pay first") == 3


@pytest.mark.covers("R144", "R148")
def test_a_whole_club_is_ended_by_one_click_and_comes_back(app: Flask, world: World, types: Types, bulk: Callable[..., Bulk]) -> None:
    many = 150  # of 40,000: what one costs does not grow with the number
    with app.app_context(), inside(world.club) as actor:
        request_memberships([Wish(make_contact().id, load_type(types.own), from_on=days(-20)) for _ in range(many)], actor=actor)
    club = bulk()
    job = club.start("/crm/memberships/", "end_memberships", query="", last_day=days(-1).isoformat())
    assert f"{many} memberships end on" in club.asked
    assert club.results(job) == {True: many}
    assert (number(app, world, counts_on(days(0))), number(app, world)) == (0, many)
    club.undo(job)
    assert (number(app, world, counts_on(days(0))), number(app, world)) == (many, many)


def test_asking_for_thousands_costs_no_query_each(context: Flask, world: World, types: Types, queries: Callable[[], Queries]) -> None:
    with inside(world.club) as actor:
        people = [make_contact().id for _ in range(40)]
        kind = load_type(types.sporting)
        counts = []
        for ids in (people[:1], people[1:3], people[3:]):  # the first time fills what is kept per request
            seen = queries()
            outcome = request_memberships([Wish(pk, kind) for pk in ids], actor=actor)
            counts.append(len(seen))
            assert (len(outcome.made), outcome.mistakes) == (len(ids), {})
    assert counts[1] == counts[2]
    with scope(world.federation):
        assert db.session.scalar(select(func.count(FederationMember.id))) == 40
        assert db.session.scalar(select(func.count(MembershipEvent.id))) == 40
