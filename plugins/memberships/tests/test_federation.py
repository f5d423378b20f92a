"""What a federation, its regions and the platform's rules do with requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.access import acting, system_actor
from core.audit.models import AuditEntry
from core.contacts.services import get_contact, save_contact
from core.db import db, transaction
from core.errors import OutOfScope, UserMistake
from core.organisations.models import Organisation
from core.privacy.services import erase_contact, personal_data
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside, make_contact, make_user
from core.users.services import give_role
from core.users.services.access import who_has_access
from plugins.memberships.models import FederationMember, Membership, MembershipEvent
from plugins.memberships.services import (
    accept_membership,
    active_on,
    end_membership,
    forget_former_members,
    get_membership,
    move_memberships,
    request_membership,
)
from plugins.memberships.tests.conftest import Types, add, days, load_type, read


def place_of(admin: Any, pk: int) -> str:
    """The line of the menu that is marked on the page of a membership."""
    (marked,) = re.findall(r'class="k-nav-link" href="[^"]*" aria-current="page">.*?<span>([^<]+)</span>', admin.page(f"/federation/memberships/{pk}"))
    return str(marked)


@pytest.mark.covers("R137", "R138")
def test_requests_are_accepted_and_refused_one_by_one(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        first, second = ask(last_name="Aerts"), ask(last_name="Baert", club=world.other_club)
    admin = browser("admin.f", "/o/federation-f")
    listed = admin.page("/federation/requests/")
    assert ("Aerts" in listed, "Baert" in listed, "Club B" in listed) == (True, True, True)
    accepted = admin.post(f"/federation/memberships/{first}/accept", next="1")
    assert accepted.location == f"/o/federation-f/federation/memberships/{second}"
    empty = admin.post(f"/federation/memberships/{second}/refuse", reason=" ")
    assert empty.status_code == 422
    assert place_of(admin, second) == "Requests"
    admin.post(f"/federation/memberships/{second}/refuse", reason="Not the right type")
    assert (place_of(admin, first), place_of(admin, second)) == ("Members", "Members")  # refusals are a tab there
    with app.app_context():
        assert read(world.club, first).status == "accepted"
        refused = read(world.other_club, second)
        assert (refused.status, refused.reason, refused.decided_by) == ("refused", "Not the right type", "Admin Tester")
    admin.post(f"/federation/memberships/{second}/undo")
    with app.app_context():
        assert (read(world.other_club, second).status, read(world.other_club, second).reason) == ("requested", "")
    assert "Aerts" in admin.page("/federation/members/")
    numbers = admin.page("/federation/numbers/")
    assert re.search(r'Sporting member</th><td class="k-num">1</td>', numbers)


def test_what_an_erased_person_decided_for_the_federation_is_without_the_name(context: Flask, world: World, ask: Callable[..., int]) -> None:
    """The rows are the club's; she keeps a login elsewhere."""
    with inside(world.federation) as system:
        ann, user = make_contact("Ann", "Peeters").id, make_user("ann.peeters")
        user.first_name, user.last_name = "Ann", "Peeters"
        give_role(user, world.federation, "member", contact_id=ann)
        give_role(user, world.other_federation, "federation_admin")
        by_her = replace(system, user_id=user.id, name=user.full_name)
    asked = ask()
    with inside(world.federation):
        accept_membership(asked, actor=by_her)
    assert read(world.club, asked).decided_by == "Ann Peeters"
    with scope(world.club):
        kept = [*db.session.scalars(select(MembershipEvent.changes)), *db.session.scalars(select(AuditEntry.changes))]
    assert "status" in str(kept) and "Ann Peeters" not in str(kept), "who did it stands beside what changed, not in it"
    with inside(world.federation) as system:
        erase_contact(get_contact(ann), actor=system)
    with scope(world.club):
        assert "Ann Peeters" not in [*db.session.scalars(select(MembershipEvent.actor_name)), *db.session.scalars(select(Membership.decided_by))]


def test_the_same_person_in_another_club_is_shown_before_deciding(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    same = {"first_name": "Jef", "last_name": "Maes", "birth_date": date(1950, 1, 2)}
    with app.app_context():
        first = ask(**same, club=world.other_club)
        second = ask(**same)
        third = ask(**{**same, "birth_date": date(1951, 1, 2)})
    admin = browser("admin.f", "/o/federation-f")
    page = admin.page(f"/federation/memberships/{second}")
    assert "The same name and birth date in another club:" in page
    assert f"/federation/memberships/{first}" in page
    assert "in another club" not in admin.page(f"/federation/memberships/{third}")


@pytest.mark.parametrize(
    "rule, birth_date, before, status",
    [
        ("ask", date(1950, 1, 2), False, "requested"),
        ("complete", date(1950, 1, 2), False, "accepted"),
        ("complete", None, False, "requested"),
        ("known", date(1950, 1, 2), False, "requested"),
        ("known", date(1950, 1, 2), True, "accepted"),
        ("known", None, True, "requested"),
        ("always", None, False, "accepted"),
    ],
)
def test_a_rule_accepts_what_is_complete(context: Flask, world: World, types: Types, rule: str, birth_date: Any, before: bool, status: str) -> None:
    kind = add(world.federation, "By rule", acceptance=rule, needs=["birth_date"])
    with inside(world.club) as actor:
        contact = make_contact(birth_date=birth_date)
        if before:
            once = request_membership(contact, load_type(add_always(world)), from_on=days(-300), actor=actor)
            end_membership(once, last_day=days(-100), actor=actor)
        made = request_membership(contact, load_type(kind), actor=actor)
        assert (made.status, made.decided_by) == (status, "")


def add_always(world: World) -> int:
    with scope(world.federation):
        return add(world.federation, "Always", acceptance="always")


@pytest.mark.covers("R088", "R150")
def test_the_federation_knows_members_and_only_while_they_are(context: Flask, world: World, sports: None, ask: Callable[..., int]) -> None:
    pk = ask(first_name="An", last_name="Baert", town="Herent")
    contact_id = read(world.club, pk).contact_id
    change(world, contact_id, {"town": "Leuven", "remarks": "Private", "extra": {"work": "Retired"}})
    assert known(world)[contact_id] == ("An", "Baert", "Leuven", {"work": "Retired"})
    with inside(world.club) as actor:
        other = make_contact()
        get = get_membership(pk)
        assert other.id not in known(world)
    with inside(world.federation) as actor:
        accept_membership(get_membership(pk), actor=actor)
    with inside(world.club) as actor:
        end_membership(get, last_day=days(-0), actor=actor)
        get_membership(pk).until_on = days(-1)
        get_membership(pk).from_on = days(-1)
        db.session.flush()
    change(world, contact_id, {"town": "Gent"})
    assert known(world)[contact_id][2] == "Leuven"
    with transaction(), unscoped("forgetting, as the schedule does"):
        forget_former_members()
    assert known(world)[contact_id] == ("An", "Baert", None, {})


def change(world: World, contact_id: int, values: dict[str, Any]) -> None:
    with inside(world.club) as actor:
        save_contact(get_contact(contact_id), values, actor=actor)


def known(world: World) -> dict[int, Any]:
    with scope(world.federation):
        db.session.expire_all()
        return {row.contact_id: (row.first_name, row.last_name, row.town, row.extra) for row in db.session.scalars(select(FederationMember))}


def test_an_erased_person_is_forgotten_by_the_federation_too(context: Flask, world: World, ask: Callable[..., int]) -> None:
    pk = ask(first_name="An", last_name="Baert")
    contact_id = read(world.club, pk).contact_id
    with inside(world.club) as actor:
        contact = get_contact(contact_id)
        with acting(actor):
            found = personal_data(contact, actor=actor)["memberships"]["memberships"]
            assert [(m["type"], m["status"]) for m in found] == [("Sporting member", "requested")]
        erase_contact(contact, actor=actor)
    assert known(world) == {}
    assert read(world.club, pk).status == "withdrawn"


@pytest.mark.covers("R149", "R150")
def test_who_counts_on_a_day(context: Flask, world: World, ask: Callable[..., int]) -> None:
    on_time, late, gone, asked = (ask(from_on=days(n), last_name=name) for n, name in ((-50, "A"), (5, "B"), (-50, "C"), (-50, "D")))
    with inside(world.federation) as actor:
        for pk in (on_time, late, gone):
            accept_membership(get_membership(pk), actor=actor)
    with inside(world.club) as actor:
        end_membership(get_membership(gone), last_day=days(-1), actor=actor)

    def on(day: date) -> list[Any]:
        with scope(world.federation):
            return [row.membership_id for row in db.session.execute(active_on(day, world.federation))]

    assert (on(days(-1)), on(days(0)), on(days(5)), on(days(-51))) == ([on_time, gone], [on_time], [on_time, late], [])
    assert asked not in on(days(0))


def test_two_contacts_that_are_one_person_keep_all_memberships(context: Flask, world: World, ask: Callable[..., int]) -> None:
    first = ask(first_name="Jef", last_name="Maes", from_on=days(-300))
    with inside(world.federation) as actor:
        accept_membership(first, actor=actor)
    with inside(world.club) as actor:
        end_membership(first, last_day=days(-200), actor=actor)
    second = ask(first_name="Josef", last_name="Maes")
    third = ask(first_name="Jos", last_name="Maes")
    ids = [read(world.club, pk).contact_id for pk in (first, second, third)]
    with inside(world.club) as actor:
        assert move_memberships(get_contact(ids[0]), get_contact(ids[1]), actor=actor) == 1
    assert read(world.club, first).contact_id == ids[1]
    assert sorted(known(world)) == ids[1:]
    with inside(world.club) as actor, pytest.raises(UserMistake, match="Both have a membership"):
        move_memberships(get_contact(ids[2]), get_contact(ids[1]), actor=actor)


# --- borders -------------------------------------------------------------------------------------------


def test_another_club_and_another_federation_see_nothing(app: Flask, world: World, types: Types, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask(last_name="Secret")
        contact = read(world.club, pk).contact_id
    b, g = browser("admin.b", "/o/club-b"), browser("admin.g", "/o/federation-g")
    for path in ("", "/change", "/end"):
        assert b.get(f"/crm/memberships/{pk}{path}").status_code == 404
    for path in ("/change", "/end", "/undo-end", "/withdraw", "/undo-withdraw", "/take-back"):
        assert b.post(f"/crm/memberships/{pk}{path}", last_day=days(0).isoformat()).status_code == 404
    assert b.get(f"/crm/memberships/add/{contact}").status_code == 404
    assert b.get(f"/settings/membership-types/{types.own}").status_code == 404
    assert b.get(f"/settings/membership-types/{types.sporting}").status_code == 404
    for act in ("accept", "refuse", "undo"):
        assert g.post(f"/federation/memberships/{pk}/{act}", reason="x").status_code == 404
    assert g.get(f"/federation/memberships/{pk}").status_code == 404
    for page in ("/federation/requests/", "/federation/members/", "/federation/refusals/"):
        assert "Secret" not in g.page(page)
        assert "Secret" not in b.page("/crm/requests/")
    with app.app_context():
        assert read(world.club, pk).status == "requested"


def test_region_staff_sees_its_clubs_and_decides_nothing(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        mine, other = ask(last_name="Inside"), ask(last_name="Outside", club=world.other_club)
    staff = browser("staff.r", "/o/region-r")
    page = staff.page("/federation/requests/")
    assert ("Inside" in page, "Outside" in page) == (True, False)
    assert staff.get(f"/federation/memberships/{mine}").status_code == 200
    assert staff.get(f"/federation/memberships/{other}").status_code == 404
    assert staff.post(f"/federation/memberships/{mine}/accept").status_code == 403


def test_a_member_without_rights_is_refused(app: Flask, world: World, ask: Callable[..., int], browser: Callable[..., Any]) -> None:
    with app.app_context():
        pk = ask()
    member = browser("member.a")
    assert member.get("/crm/memberships/").status_code == 403
    assert member.get(f"/crm/memberships/{pk}").status_code == 403
    assert member.get("/settings/membership-types/").status_code == 403


def test_a_club_that_does_not_belong_to_the_federation_cannot_ask(context: Flask, world: World, types: Types) -> None:
    with scope(world.federation):
        sporting = load_type(types.sporting)
        db.session.expunge(sporting)
    with inside(world.foreign_club) as actor, pytest.raises(UserMistake, match="does not belong"):
        request_membership(make_contact(), sporting, actor=actor)


def test_a_federation_changes_nothing_but_its_decision(context: Flask, world: World, ask: Callable[..., int]) -> None:
    pk = ask()

    def set_value(model: type, name: str, value: Any) -> None:
        with transaction(), scope(world.federation):
            setattr(db.session.scalars(select(model)).one(), name, value)
            db.session.flush()

    for model, name, value in ((Membership, "extra", {"sports": ["padel"]}), (Membership, "until_on", days(3)), (FederationMember, "town", "Elsewhere")):
        with pytest.raises(OutOfScope):
            set_value(model, name, value)
    set_value(Membership, "reason", "Its own")
    assert read(world.club, pk).reason == "Its own"


def test_only_a_club_asks(context: Flask, world: World, types: Types) -> None:
    with transaction(), scope(world.federation), pytest.raises(UserMistake, match="Only a club"):
        request_membership(make_contact(), load_type(types.sporting), actor=system_actor(world.federation.id))


def test_a_member_sees_that_the_region_and_the_federation_see_memberships_and_no_more(
    app: Flask, world: World, browser: Callable[..., Any]
) -> None:
    with app.app_context():
        with inside(world.club):
            contact = make_contact("Tina", "Treasurer")
            club = db.session.get_one(Organisation, world.club.id)
            give_role(make_user("tina"), club, "member", contact_id=contact.id)
        with scope(world.club):
            above = {place.organisation.slug: place.viewers for place in who_has_access(club) if not place.is_here}
    assert list(above) == ["region-r", "federation-f"]
    for viewers in above.values():
        told = {data for viewer in viewers for data in (*viewer.changes, *viewer.sees)}
        assert any(data.startswith("Memberships, with your name") for data in told)
        assert "Contact details" not in told
    page = browser("tina").page("/my/access/")
    assert all(word in page for word in ("Region R", "Staff Tester", "Federation F"))
