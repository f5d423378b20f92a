"""Who hears of decisions and endings; and the page on which a member sees the own memberships."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.db import db
from core.notifications.models import Notification
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped
from core.testing.factories import inside, make_contact
from core.users.models import OrganisationRole, User
from plugins.memberships.services import accept_membership, end_membership, get_membership, refuse_membership, undo_decision, undo_ending
from plugins.memberships.tests.conftest import days, read


def told(app):
    with app.app_context(), unscoped("looking at notifications in a test"):
        return {(row.kind, row.contact_id or 0): row for row in db.session.scalars(select(Notification).order_by(Notification.id))}


def mailed(app):
    with app.app_context(), unscoped("looking at mails in a test"):
        return {mail.to_address: mail for mail in db.session.scalars(select(OutboxMessage))}


@pytest.fixture
def own(app, world, ask):
    """A membership that waits, of the contact who logs in as member.a."""
    with app.app_context():
        pk = ask(first_name="Godelieve", last_name="Peeters", email_1="g@members.example")
        with inside(world.club):
            row = db.session.scalars(select(OrganisationRole).join(User, User.id == OrganisationRole.user_id).where(User.username == "member.a")).one()
            row.contact_id = get_membership(pk).contact_id
            db.session.flush()
    return pk


def test_a_refusal_reaches_the_member_and_who_manages_the_club_with_the_reason(app, world, login, own):
    with app.app_context(), inside(world.federation) as actor:
        refuse_membership(own, reason="No birth date", actor=actor)
    found = told(app)
    contact_id = read_contact(app, world, own)
    assert set(found) == {("memberships.refused", contact_id), ("memberships.decided", 0)}
    assert "No birth date" in found["memberships.refused", contact_id].text
    manager = found["memberships.decided", 0]
    assert (manager.organisation_id, manager.about_id) == (world.club.id, contact_id)
    assert "Godelieve Peeters" in manager.text
    assert "Godelieve" not in manager.subject, "subjects stay in the log of mails"
    mails = mailed(app)
    assert set(mails) == {"g@members.example", "admin.a@koepel.example"}
    assert mails["g@members.example"].run_at - mails["g@members.example"].created_at == timedelta(minutes=2), "time to undo"
    page = login("member.a").get("/o/club-a/my/memberships/")
    assert "Sporting member" in page.text


def read_contact(app, world, pk):
    with app.app_context():
        return read(world.club, pk).contact_id


def test_what_is_undone_in_time_reaches_nobody(app, world, own):
    with app.app_context(), inside(world.federation) as actor:
        accept_membership(own, actor=actor)
        undo_decision(own, actor=actor)
    assert "g@members.example" not in mailed(app)
    assert [kind for kind, _contact in told(app)] == ["memberships.decided"]


def test_two_hundred_decisions_are_one_message_an_hour_for_who_manages_the_club(app, world, ask):
    with app.app_context():
        ids = [ask() for _each in range(5)]
        with inside(world.federation) as actor:
            for pk in ids:
                accept_membership(pk, actor=actor)
    with app.app_context(), unscoped("looking at notifications in a test"):
        kinds = [row.kind for row in db.session.scalars(select(Notification))]
    assert kinds.count("memberships.decided") == 1
    assert kinds.count("memberships.accepted") == 5


def test_an_ending_is_told_and_taken_back_when_it_is_undone(app, world, own):
    with app.app_context(), inside(world.federation) as actor:
        accept_membership(own, actor=actor)
    contact_id = read_contact(app, world, own)
    with app.app_context(), inside(world.club) as actor:
        end_membership(own, last_day=days(3), actor=actor)
    assert ("memberships.ended", contact_id) in told(app)
    with app.app_context(), inside(world.club) as actor:
        undo_ending(own, actor=actor)
    assert ("memberships.ended", contact_id) not in told(app)


@pytest.mark.covers("R050", "R051")
def test_the_own_page_shows_current_and_future_ones_and_expired_ones_behind_a_link(app, world, login, own, ask, types):
    with app.app_context():
        contact_id = read(world.club, own).contact_id
        with inside(world.federation) as actor:
            accept_membership(own, actor=actor)
        old = ask(contact=contact_id, kind=types.own, from_on=days(-400), until_on=days(-30))
        ask(contact=contact_id, kind=types.own, from_on=days(40), until_on=days(90))
        with inside(world.club):
            other = make_contact("Other", "Person").id
        foreign = ask(contact=other)
    client = login("member.a")
    page = client.get("/o/club-a/my/memberships/").text
    assert page.count("/o/club-a/my/memberships/") >= 2
    assert f"/my/memberships/{old}/" not in page
    assert "Show expired memberships" in page
    assert f"/my/memberships/{old}/" in client.get("/o/club-a/my/memberships/?expired=1").text
    assert "Start date" in client.get(f"/o/club-a/my/memberships/{own}/").text
    assert client.get(f"/o/club-a/my/memberships/{foreign}/").status_code == 404, "those of another member do not exist"
