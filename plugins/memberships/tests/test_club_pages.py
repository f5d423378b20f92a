"""What a club does with memberships in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db
from core.i18n import format_date
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact
from plugins.memberships.models import Membership
from plugins.memberships.services import accept_membership, get_membership, refuse_membership
from plugins.memberships.tests.conftest import Types, days, read

pytestmark = pytest.mark.once


def person(app: Flask, world: World, **values: Any) -> int:
    with app.app_context(), inside(world.club):
        return make_contact(**{"first_name": "Maria", "last_name": "Peeters", **values}).id


def accept(app: Flask, world: World, pk: int) -> None:
    with app.app_context(), inside(world.federation) as actor:
        accept_membership(get_membership(pk), actor=actor)


def only(app: Flask, world: World) -> Membership:
    with app.app_context(), scope(world.club):
        found = db.session.scalars(select(Membership)).one()
        db.session.expunge(found)
        return found


@pytest.mark.covers("R133", "R134", "R136", "R137", "R139", "R135")
def test_a_club_asks_a_membership_with_sports_and_it_waits(app: Flask, world: World, types: Types, sports: None, browser: Callable[..., Any]) -> None:
    admin, contact = browser("admin.a"), person(app, world)
    form = admin.page(f"/crm/memberships/add/{contact}")
    assert [name in form for name in ("Sporting member (Federation F)", "Friend (Federation F)", "Club member (Club A)", "Singer")] == [True, True, True, False]
    assert [name in form for name in ("Padel", "Competition", "Secondary club", "Ask for membership")] == [True] * 4
    asked = {"type": types.sporting, "from_on": "2024-02-15", "extra-sports": ["badminton", "padel"], "extra-competition": "y"}
    answer = admin.post(f"/crm/memberships/add/{contact}", **asked)
    assert (answer.status_code, answer.location) == (302, f"/o/club-a/crm/contacts/{contact}")
    made = only(app, world)
    assert (made.status, made.from_on.isoformat(), made.until_on, made.federation_id) == ("requested", "2024-02-15", None, world.federation.id)
    assert made.extra == {"sports": ["badminton", "padel"], "competition": True, "secondary_club": False}
    assert "Maria" in admin.page("/crm/requests/")
    assert "Peeters" not in admin.page("/crm/memberships/")
    profile = admin.page(f"/crm/contacts/{contact}")
    assert "Membership requested (Federation F)" in profile
    assert "Badminton, Padel, Competition" in profile


@pytest.mark.covers("R139")
def test_the_clubs_own_membership_counts_at_once(app: Flask, world: World, types: Types, browser: Callable[..., Any]) -> None:
    admin, contact = browser("admin.a"), person(app, world)
    page = admin.page(f"/crm/memberships/add/{contact}?type={types.own}")
    assert "Add membership" in page
    answer = admin.post(f"/crm/memberships/add/{contact}", type=types.own, from_on=days(0).isoformat())
    assert answer.status_code == 302
    made = only(app, world)
    assert (made.status, made.federation_id, (made.until_on.month, made.until_on.day)) == ("accepted", None, (12, 31))


def test_a_mistake_comes_back_beside_its_field_with_what_was_typed(app: Flask, world: World, types: Types, browser: Callable[..., Any]) -> None:
    admin, contact = browser("admin.a"), person(app, world)
    answer = admin.post(f"/crm/memberships/add/{contact}", type=types.sporting, from_on="31/02/2026")
    assert answer.status_code == 422
    assert 'value="31/02/2026"' in answer.text
    assert "This day does not exist." in answer.text


def test_a_day_that_does_not_fit_comes_back_when_ending_and_changing(
    app: Flask, world: World, types: Types, ask: Callable[..., int], browser: Callable[..., Any]
) -> None:
    with app.app_context():
        pk = ask(first_name="Jan", last_name="Claes", kind=types.own, from_on=days(-30))
        asked = ask(first_name="Rita", last_name="Maes")
    admin = browser("admin.a")
    early = admin.post(f"/crm/memberships/{pk}/end", last_day=days(-31).isoformat(), reason="Moved house")
    assert (early.status_code, "Choose that day or a later one" in early.text, 'value="Moved house"' in early.text) == (422, True, True)
    wrong = admin.post(f"/crm/memberships/{asked}/change", version="1", type=types.own, from_on=days(3).isoformat())
    assert (wrong.status_code, "Choose a type of the same federation" in wrong.text, days(3).isoformat() in wrong.text) == (422, True, True)


def test_nobody_becomes_a_member_twice(app: Flask, world: World, types: Types, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask()
        contact = read(world.club, pk).contact_id
    answer = browser("admin.a").post(f"/crm/memberships/add/{contact}", type=types.other, from_on=days(0).isoformat())
    assert answer.status_code == 422
    assert "A membership of Federation F was asked for already." in answer.text


@pytest.mark.covers("R142")
def test_sports_of_an_accepted_membership_are_changed(app: Flask, world: World, sports: None, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask(extra={"sports": ["fitness"]})
    accept(app, world, pk)
    admin = browser("admin.a")
    page = admin.page(f"/crm/memberships/{pk}/change")
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page)
    assert version is not None
    answer = admin.post(f"/crm/memberships/{pk}/change", **{"version": version[1], "extra-sports": ["padel"]})
    assert answer.location == f"/o/club-a/crm/memberships/{pk}"
    with app.app_context():
        assert (read(world.club, pk).extra["sports"], read(world.club, pk).status) == (["padel"], "accepted")
    stale = admin.post(f"/crm/memberships/{pk}/change", **{"version": version[1], "extra-sports": ["badminton"]})
    assert stale.status_code == 409
    assert "Stored now" in stale.text
    with app.app_context():
        assert read(world.club, pk).extra["sports"] == ["padel"]


@pytest.mark.covers("R142")
def test_a_member_goes_on_as_another_type_and_that_is_undone(
    app: Flask, world: World, types: Types, ask: Callable[..., int], browser: Callable[..., Any]
) -> None:
    with app.app_context():
        pk = ask(first_name="Jan", last_name="Claes", from_on=days(-30), birth_date=days(-9_000))
        contact = read(world.club, pk).contact_id
    accept(app, world, pk)
    admin, address = browser("admin.a"), f"/crm/memberships/{pk}/change"
    page = admin.page(address)
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page)
    assert version is not None
    assert ("Friend (Federation F)" in page, "Club member (Club A)" in page, "Only for another type" in page) == (True, False, True)
    early, own = {"from_on": days(-30).isoformat()}, {"type": types.own}
    for changed, message in ((early, "Choose a later day for the other type"), (own, "Choose another type of the same")):
        wrong = admin.post(address, **{"version": version[1], "type": types.other, "from_on": days(0).isoformat(), **changed})
        assert (wrong.status_code, message in wrong.text) == (422, True)
    assert admin.post(address, version=version[1], type=types.foreign, from_on=days(0).isoformat()).status_code == 404
    assert admin.post(address, version=version[1], type=types.other, from_on=days(0).isoformat()).status_code == 302
    assert "Jan Claes goes on as Friend from" in admin.page(f"/crm/contacts/{contact}")
    with app.app_context(), scope(world.club):
        old, new = db.session.scalars(select(Membership).order_by(Membership.id))
        assert (old.type_id, old.until_on, old.end_reason, new.type_id, new.from_on, new.status) == (
            types.sporting, days(-1), "Goes on as Friend", types.other, days(0), "accepted",
        )  # fmt: skip
        made = new.id
    assert admin.post(address, version=version[1], type=types.other, from_on=days(0).isoformat()).status_code == 409
    admin.post(f"/crm/memberships/{made}/undo-switch")
    with app.app_context():
        assert (read(world.club, pk).until_on, read(world.club, made).status) == (None, "withdrawn")
    admin.post(f"/crm/memberships/{made}/undo-switch")
    assert "This can no longer be undone" in admin.page("/crm/memberships/")


@pytest.mark.covers("R143", "R145", "R089", "R050", "R051")
def test_a_membership_is_ended_undone_and_joined_again(app: Flask, world: World, types: Types, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask(first_name="Jan", last_name="Claes", from_on=days(-400))
        contact = read(world.club, pk).contact_id
    accept(app, world, pk)
    admin = browser("admin.a")
    assert "Claes" in admin.page("/crm/memberships/")
    admin.post(f"/crm/memberships/{pk}/end", last_day=days(-1).isoformat(), reason="Moved")
    assert "The membership of Jan Claes ends on" in admin.page("/crm/memberships/")
    assert "Claes" not in admin.page("/crm/memberships/")
    assert "Claes" in admin.page("/crm/former-memberships/")
    assert "Show expired memberships" in admin.page(f"/crm/contacts/{contact}")
    with app.app_context():
        ended = read(world.club, pk)
        assert (ended.status, ended.until_on, ended.end_reason) == ("accepted", days(-1), "Moved")
    admin.post(f"/crm/memberships/{pk}/undo-end")
    with app.app_context():
        assert read(world.club, pk).until_on is None
    admin.post(f"/crm/memberships/{pk}/end", last_day=days(-1).isoformat())
    form = admin.page(f"/crm/memberships/add/{contact}?like={pk}")
    assert f'value="{days(0).isoformat()}"' in form
    assert admin.post(f"/crm/memberships/add/{contact}?like={pk}", type=types.sporting, from_on=days(0).isoformat()).status_code == 302
    assert "Claes" in admin.page("/crm/requests/")


@pytest.mark.covers("R138", "R060")
def test_a_refusal_stands_on_the_dashboard_and_can_be_put_away(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask(first_name="Rita", last_name="Maes")
        with inside(world.federation) as actor:
            refuse_membership(get_membership(pk), reason="Fill in the birth date.", actor=actor)
    admin = browser("admin.a")
    dashboard = admin.page("/dashboard/")
    assert re.search(r'href="/o/club-a/crm/requests/\?f\.status\.is=refused"><span class="k-stat-value">1 ', dashboard)
    assert "Fill in the birth date." in admin.page("/crm/requests/?f.status.is=refused")
    admin.post(f"/crm/memberships/{pk}/withdraw")
    admin.page("/dashboard/")
    assert "Maes" not in admin.page("/crm/requests/")
    admin.post(f"/crm/memberships/{pk}/undo-withdraw")
    assert "Maes" in admin.page("/crm/requests/")


def test_a_contact_with_a_membership_is_not_put_in_the_bin(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask()
        contact = read(world.club, pk).contact_id
    answer = browser("admin.a").post(f"/crm/contacts/{contact}/delete")
    assert answer.status_code == 422
    with app.app_context(), scope(world.club):
        assert db.session.get(Contact, contact).deleted_at is None


def test_types_are_made_changed_moved_and_switched_off(app: Flask, world: World, types: Types, browser: Callable[..., Any]) -> None:
    admin = browser("admin.f", "/o/federation-f")
    wrong = admin.post("/settings/membership-types/add", duration="season_bound", period_start="31/02")
    assert wrong.status_code == 422
    assert "Fill in a name." in wrong.text
    made = {"name-nl": "Niet-verzekerd", "name-en": "Not insured", "duration": "season_bound", "period_start": "01/10", "period_end": "30/09"}
    answer = admin.post("/settings/membership-types/add", acceptance="ask", is_active="y", **made)
    assert answer.status_code == 302, answer.text
    assert "Season from 01/10 to 30/09" in admin.page("/settings/membership-types/")
    page = admin.page(f"/settings/membership-types/{types.other}")
    version = re.search(r'name="version" type="hidden" value="(\d+)"', page)
    assert version is not None
    off = {"version": version[1], "name-en": "Friend", "duration": "continuous", "acceptance": "ask"}
    assert admin.post(f"/settings/membership-types/{types.other}", **off).status_code == 302
    contact = person(app, world)
    form = browser("admin.a").page(f"/crm/memberships/add/{contact}")
    assert ("Friend (Federation F)" in form, "Not insured (Federation F)" in form) == (False, True)
    admin.post(f"/settings/membership-types/{types.other}/move", to="up")
    listed = admin.page("/settings/membership-types/")
    assert listed.index("Friend") < listed.index("Sporting member")


def test_the_page_of_a_membership_tells_its_history(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask()
    accept(app, world, pk)
    page = browser("admin.a").page(f"/crm/memberships/{pk}")
    history = re.findall(r'<b class="k-strong d-block">([^<]+)</b>', page)
    assert history == ["Accepted", "Asked"]
    assert format_date(days(0)) in page
