"""Find a choir: what a stranger finds, and what nobody finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock
from core.db import db, transaction
from core.fields.services import field_here, switch_declared
from core.organisations.models import Affiliation, PluginActivation
from core.organisations.services import set_setting
from core.tenancy import unscoped
from core.testing.databases import TestDatabase
from core.testing.factories import World, find_world, inside, make_contact, make_world
from core.testing.plugin import csrf_of
from core.web.context import current_organisation
from plugins.groups.api import ClubGroup, add_group, add_season, change_group, change_term, get_group, get_term, join, link_group, unlink
from plugins.groups.bench import publish_many

TODAY = clock.today()
YEAR = TODAY.year - ((TODAY.month, TODAY.day) < (10, 1))
FIND = "/find/federation-f/"
SHARED = {
    "published": True,
    "rehearsal_day": "tuesday",
    "rehearsal_hour": "20:00",
    "rehearsal_place": "Sint-Jozefskerk",
    "rehearsal_street": "Kerkstraat 1",
    "rehearsal_postcode": "3200",
    "rehearsal_town": "Aarschot",
    "group_email": "koor@aarschot.example",
    "group_website": "https://koor.example/aarschot",
}


@pytest.fixture
def world(app: Flask, database: TestDatabase) -> World:
    """The usual world, with federation F as Koor&Stem."""

    def make() -> None:
        make_world("koor_en_stem")
        db.session.remove()
        db.engine.dispose()

    with app.app_context():
        database.starts_as("choirs", make)
        return find_world()


def season(year: int = YEAR, *, actor: Any) -> Any:
    values = {"name": f"{year}-{year + 1}", "start_on": date(year, 10, 1), "end_on": date(year + 1, 9, 30)}
    return add_season({**values, "is_current": True, "is_active": True}, actor=actor)


def choir(federation: Any, here: Any, name: str, *, actor: Any, **shared: Any) -> ClubGroup:
    """A linked choir with a conductor of whom strangers learn nothing."""
    group = add_group({"name": name, "type": "adults", "composition": "mixed"}, here, actor=actor)
    join(group, make_contact("Geheime", "Dirigent", email_1="geheim@dirigent.example", mobile_1="+32470112233"), "conductor", actor=actor)
    link_group(group, federation, extra={**SHARED, **shared}, actor=actor)
    return group


@pytest.fixture
def published(app: Flask, world: World) -> dict[str, int]:
    """Two published world and one that is not, in two clubs; their numbers by name."""
    found: dict[str, int] = {}
    with app.app_context():
        with inside(world.club) as actor:
            here = season(actor=actor)
            for name in ("Cantabile", "Verborgen"):
                found[name] = choir(world.federation, here, name, actor=actor, published=name == "Cantabile").lineage
        with inside(world.other_club) as actor:
            there = season(actor=actor)
            place = {"rehearsal_postcode": "8000", "rehearsal_town": "Brugge", "rehearsal_hour": "19:30", "group_email": "", "group_website": ""}
            group = choir(world.federation, there, "Brugs Jeugdkoor", actor=actor, **place)
            change_group(group, {"type": "youth", "composition": "high"}, actor=actor)
            found[group.name] = group.lineage
        return found


@pytest.fixture
def in_club(app: Flask, world: World) -> Iterator[Any]:
    with app.app_context(), inside(world.club) as actor:
        yield actor


def names(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"{FIND}groups.json{query}")
    assert answer.status_code == 200, answer.text
    return [group["name"] for group in answer.json["groups"]]


def group_named(name: str) -> ClubGroup:
    return get_group(db.session.scalars(select(ClubGroup.id).where(ClubGroup.name == name)).one())


# --- what is found --------------------------------------------------------------------------------


@pytest.mark.covers("R222", "R223", "R226")
def test_a_stranger_finds_published_choirs_by_place_type_and_composition(client: FlaskClient, published: dict[str, int]) -> None:
    page = client.get(FIND)
    assert page.status_code == 200
    assert "Find a choir" in page.text
    assert page.text.index("Brugs Jeugdkoor") < page.text.index("Cantabile")  # by name, as nothing was asked
    assert "Verborgen" not in page.text
    near = client.get(f"{FIND}?where=3000").text
    assert near.index("Cantabile") < near.index("Brugs Jeugdkoor")
    assert "seen from 3000 Leuven" in near
    assert "14 km" in near
    assert names(client, "?where=3000&km=20") == ["Cantabile"]
    assert names(client, "?where=brugge&km=5") == ["Brugs Jeugdkoor"]
    assert names(client, "?type=youth") == ["Brugs Jeugdkoor"]
    assert names(client, "?composition=mixed&where=brugge") == ["Cantabile"]
    assert names(client, "?type=children") == []
    assert "Nothing found" in client.get(f"{FIND}?type=children").text


@pytest.mark.covers("R223")
def test_a_choir_shows_what_was_published_and_nothing_of_people(client: FlaskClient, published: dict[str, int]) -> None:
    shown = client.get(f"{FIND}{published['Cantabile']}").text
    for text in ("Cantabile", "Club A", "Adult choir", "Mixed", "Tuesday", "20:00", "Sint-Jozefskerk", "Kerkstraat 1", "3200 Aarschot"):
        assert text in shown, text
    assert 'href="mailto:koor@aarschot.example"' in shown
    assert 'href="https://koor.example/aarschot" rel="noopener nofollow"' in shown
    whole = shown + client.get(FIND).text + client.get(f"{FIND}groups.json").text
    for secret in ("Geheime", "Dirigent", "geheim@", "112233", "Verborgen", "member_count", "holders", "options"):
        assert secret not in whole, secret
    other = client.get(f"{FIND}{published['Brugs Jeugdkoor']}").text
    assert "mailto:" not in other  # it published no address
    assert "rel=" not in other.split("<main")[1].split("</main>")[0]


def test_the_json_says_the_same_in_the_language_asked(client: FlaskClient, published: dict[str, int]) -> None:
    answer = client.get(f"{FIND}groups.json?where=3000&km=20&language=nl")
    assert (answer.json["total"], answer.json["page"], answer.json["pages"], answer.json["near"]) == (1, 1, 1, "3000 Leuven")
    (group,) = answer.json["groups"]
    assert group["distance_km"] == pytest.approx(14, abs=3)
    assert group["url"].endswith(f"{FIND}{published['Cantabile']}")
    assert set(group) == {
        "number", "name", "club", "type", "composition", "day", "hour", "place", "street", "postcode", "town", "email", "website",
        "near", "distance_km", "url", "language",
    }  # fmt: skip
    assert (group["type"], group["day"], group["email"]) == ({"key": "adults", "title": "Volwassenenkoor"}, "Dinsdag", "koor@aarschot.example")
    assert client.get(f"{FIND}groups.json?language=en").json["groups"][0]["type"]["title"] == "Youth choir"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "query, field",
    [
        ("where=nergenshuizen", "where"),
        ("where=sint-", "where"),
        ("km=20", "where"),
        ("where=9000&km=7", "km"),
        ("type=opera", "type"),
        ("composition=x", "composition"),
    ],
)
def test_what_cannot_be_understood_is_told_beside_its_field(client: FlaskClient, published: dict[str, int], query: str, field: str) -> None:
    page = client.get(f"{FIND}?{query}")
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    answer = client.get(f"{FIND}groups.json?{query}")
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_odd_addresses_are_no_fault_of_the_server(client: FlaskClient, published: dict[str, int]) -> None:
    for query in ("page=0", "page=-1", "page=99999999999", "page=x", "where=%00", "language=xx", "where=%25s&km=%F0%9F%8E%B5", f"where={'9' * 500}"):
        assert client.get(f"{FIND}?{query}").status_code in (200, 422), query
        assert client.get(f"{FIND}groups.json?{query}").status_code in (200, 422), query
    for path in ("federation-f/0", "federation-f/99999999999999999999", "club-a/", "federation-g/", "federation-g/groups.json", "nobody/colours.css"):
        assert client.get(f"/find/{path}").status_code == 404, path
    for name in ("_external", "_scheme", "_anchor", "_method", "endpoint", "slug", "number"):
        steered = client.get(f"{FIND}?{name}=javascript")
        assert steered.status_code == 200, name
        assert "javascript" not in steered.text, name
    planted = client.get(f"{FIND}?where=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in planted


# --- what is not found any more -------------------------------------------------------------------


def test_taking_a_choir_off_works_at_once(client: FlaskClient, published: dict[str, int], app: Flask, world: World) -> None:
    address = f"{FIND}{published['Cantabile']}"
    assert client.get(address).status_code == 200
    with app.app_context(), inside(world.club) as actor:
        link_group(group_named("Cantabile"), world.federation, extra={"published": False}, actor=actor)
    assert names(client) == ["Brugs Jeugdkoor"]
    assert client.get(address).status_code == 404
    with app.app_context(), inside(world.club) as actor:
        link_group(group_named("Cantabile"), world.federation, extra={"published": True}, actor=actor)
    assert names(client) == ["Brugs Jeugdkoor", "Cantabile"]
    with app.app_context(), inside(world.club) as actor:
        unlink(group_named("Cantabile"), world.federation, actor=actor)
    assert names(client) == ["Brugs Jeugdkoor"]


def _end_affiliation(world: World) -> None:
    with inside(world.federation):
        db.session.scalars(select(Affiliation).where(Affiliation.organisation_id == world.club.id)).one().until_on = TODAY - timedelta(days=1)
        db.session.flush()


def _close_club(world: World) -> None:
    with transaction(), unscoped("closing a club in a test"):
        db.session.merge(world.club).closed_on = TODAY


def _switch_off_groups(world: World) -> None:
    with inside(world.club):
        db.session.add(PluginActivation(plugin="groups", active=False))
        db.session.flush()


def _switch_off_field(world: World) -> None:
    with inside(world.federation) as actor:
        switch_declared(field_here("group", "rehearsal_day"), False, actor=actor)


@pytest.mark.parametrize("change", [_end_affiliation, _close_club, _switch_off_groups])
def test_a_club_that_left_is_not_found(client: FlaskClient, published: dict[str, int], app: Flask, world: World, change: Callable[[World], None]) -> None:
    assert names(client) == ["Brugs Jeugdkoor", "Cantabile"]
    with app.app_context():
        change(world)
    assert names(client) == ["Brugs Jeugdkoor"]
    assert client.get(f"{FIND}{published['Cantabile']}").status_code == 404


def test_another_season_is_not_found_and_an_address_lasts_over_seasons(client: FlaskClient, app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club) as actor:
        former = choir(world.federation, season(YEAR - 1, actor=actor), "Cantabile", actor=actor)
        number, pk = former.lineage, former.id
    assert names(client) == []
    assert "Nothing here yet" in client.get(FIND).text
    with app.app_context(), inside(world.club) as actor:
        from plugins.groups.services.copying import Choices, copy_group  # noqa: PLC0415 -- only this test copies

        copy_group(get_group(pk), season(actor=actor), Choices(), actor=actor)
    assert names(client) == ["Cantabile"]
    assert client.get(f"{FIND}{number}").status_code == 200


def test_words_and_fields_the_federation_changes_are_followed(client: FlaskClient, published: dict[str, int], app: Flask, world: World) -> None:
    address = f"{FIND}{published['Cantabile']}"
    assert "Tuesday" in client.get(address).text
    with app.app_context(), inside(world.federation) as actor:
        change_term(get_term("type", "adults"), {"name": {"en": "Grown-ups"}}, actor=actor)
    assert "Grown-ups" in client.get(address).text
    with app.app_context():
        _switch_off_field(world)
    assert "Tuesday" not in client.get(address).text
    with app.app_context(), inside(world.federation) as actor:
        switch_declared(field_here("group", "published"), False, actor=actor)
        assert not field_here("group", "published").is_active
    assert names(client) == []


@pytest.mark.parametrize("for_clubs", [False, True])
def test_a_federation_without_groups_has_no_page(client: FlaskClient, published: dict[str, int], app: Flask, world: World, for_clubs: bool) -> None:
    assert client.get(FIND).status_code == 200
    with app.app_context(), inside(world.federation):  # the page with modules refuses this; a row may come from before
        db.session.add(PluginActivation(plugin="groups", active=False, for_clubs=for_clubs))
        db.session.flush()
    assert client.get(FIND).status_code == 404


# --- the federation and the club ------------------------------------------------------------------


def test_the_federation_closes_and_opens_its_page(client: FlaskClient, login: Any, published: dict[str, int]) -> None:
    admin = login("admin.f")
    base = "/o/federation-f/settings/groups/"
    assert "Strangers find the groups" in admin.get(base).text
    page = admin.get(f"{base}finder/").text
    assert "2 groups are published." in page
    assert FIND in page
    token = {"csrf_token": csrf_of(page)}
    assert admin.post(f"{base}finder/close", data=token).status_code == 302
    assert client.get(FIND).status_code == 404
    closed = admin.get(f"{base}finder/").text
    assert "Closed" in closed
    assert 'action="/o/federation-f/settings/groups/finder/open"' in closed  # also the way to undo it
    assert admin.post(f"{base}finder/open", data=token).status_code == 302
    assert client.get(FIND).status_code == 200
    assert login("admin.g").get("/o/federation-g/settings/groups/finder/").status_code == 404
    staff, club = login("staff.r"), login("admin.a")
    assert staff.post("/o/region-r/settings/groups/finder/close", data={"csrf_token": csrf_of(staff.get("/o/region-r/dashboard/").text)}).status_code == 403
    assert club.get("/o/club-a/settings/groups/finder/").status_code == 404
    assert client.get(FIND).status_code == 200


@pytest.mark.covers("R221", "R222")
def test_the_club_and_the_federation_see_how_strangers_see_it(app: Flask, login: Any, published: dict[str, int], world: World) -> None:
    with app.app_context(), inside(world.club):
        cantabile, hidden = group_named("Cantabile").id, group_named("Verborgen").id
    club = login("admin.a")
    address = f'href="{FIND}{published["Cantabile"]}"'
    for path in (f"groups/{cantabile}", f"groups/{cantabile}/link/{world.federation.id}"):
        assert address in club.get(f"/o/club-a/{path}").text, path
    assert "Not published: strangers do not find this group" in club.get(f"/o/club-a/groups/{hidden}").text
    federation = login("admin.f")
    link = re.search(r"/o/federation-f/federation/groups/\d+", federation.get("/o/federation-f/federation/groups/?q=cantabile").text)
    assert link is not None
    assert address in federation.get(link[0]).text
    with app.app_context(), inside(world.federation):
        set_setting(current_organisation(), "groups.finder", False)
    assert "strangers" not in club.get(f"/o/club-a/groups/{cantabile}").text


# --- kept, slowed down, quick ---------------------------------------------------------------------


def test_pages_are_kept_a_minute_without_a_cookie_or_a_token(client: FlaskClient, published: dict[str, int]) -> None:
    for path, kept in ((FIND, "private, max-age=60"), (f"{FIND}{published['Cantabile']}", "private, max-age=60"), (f"{FIND}groups.json", "public, max-age=60")):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == kept
        assert "Set-Cookie" not in answer.headers
        assert "csrf" not in answer.text
        assert "nonce" not in answer.text
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    assert "Accept-Language" in client.get(FIND).headers["Vary"]
    before = client.get(FIND).headers["ETag"]
    assert client.get(FIND, headers={"Accept-Language": "nl"}).headers["ETag"] != before
    assert "#" in client.get(f"{FIND}colours.css").text


def test_robots_may_keep_the_page_and_each_choir_but_no_search(client: FlaskClient, published: dict[str, int]) -> None:
    for path, says in ((FIND, "index, follow"), (f"{FIND}{published['Cantabile']}", "index, follow"), (f"{FIND}?where=9000", "noindex, follow")):
        answer = client.get(path)
        assert f'<meta name="robots" content="{says}">' in answer.text
        assert "X-Robots-Tag" not in answer.headers


def test_somebody_who_asks_for_very_many_pages_waits(client: FlaskClient, published: dict[str, int]) -> None:
    taker = {"REMOTE_ADDR": "192.0.2.7"}
    answers = [client.get(f"{FIND}groups.json", environ_base=taker).status_code for _number in range(61)]
    assert answers == [200] * 60 + [429]
    for path in (FIND, f"{FIND}{published['Cantabile']}"):
        refused = client.get(path, environ_base=taker)
        assert (refused.status_code, refused.headers["Retry-After"], refused.headers["Cache-Control"]) == (429, "60", "no-store")
        assert "Wait a minute" in refused.text
    assert client.get(FIND).status_code == 200  # somebody else goes on


def test_three_thousand_groups_take_no_more_queries_than_three(client: FlaskClient, app: Flask, world: World, queries: Any) -> None:
    with app.app_context():
        publish_many("federation-f", "club-a", 3)
        asked = queries()
        assert len(json.loads(client.get(f"{FIND}groups.json?where=9000").data)["groups"]) == 3
        few = _reading(asked)
        publish_many("federation-f", "club-b", 2_997)
    asked.clear()
    answer = client.get(f"{FIND}groups.json?where=9000")
    assert answer.json["total"] == 3_000
    assert _reading(asked) == few
    asked.clear()
    second = client.get(f"{FIND}?where=gent&km=50&page=2")
    assert second.status_code == 200
    assert "21–40 / " in second.text
    assert _reading(asked) == few - 3  # words, fields and groups are kept
    assert len(asked) <= 5  # counting who asks included
    numbers = [group["distance_km"] for group in answer.json["groups"]]
    assert numbers == sorted(numbers)


def _reading(statements: list[str]) -> int:
    """Statements that read what is shown: not the two that count who asks."""
    return len([statement for statement in statements if "tally" not in statement and not statement.startswith(("COMMIT", "SAVEPOINT", "RELEASE"))])
