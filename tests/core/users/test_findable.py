"""Not findable: a person, or the club, keeps a name off the page on which people look for an account."""

from __future__ import annotations

import pytest

from core.audit.models import AuditEntry
from core.contacts.models import Contact
from core.db import db
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User
from tests.core.users.conftest import mails
from tests.core.users.test_lookup import SEED, person, request_login, search, switch


@pytest.mark.covers("R013")
def test_whoever_is_not_findable_gets_a_mail_and_is_not_spoken_of(app, world):
    switch(app, world, SEED)
    shown = person(app, world)
    client = app.test_client()
    seen = search(app, "Nele", "D’Hondt", client=client)
    assert 'name="handle"' in seen.text
    with app.app_context(), inside(world.club):
        db.session.get(Contact, shown).not_findable = True
        db.session.flush()
    hidden, nobody = search(app, "Nele", "D’Hondt", address="192.0.2.2"), search(app, "Nele", "Nobody", address="192.0.2.3")
    assert 'name="handle"' not in hidden.text
    assert hidden.text.replace("D’Hondt", "Nobody").count("<li") == nobody.text.count("<li")
    assert len(mails(app)) == 1
    request_login(client, seen)  # the button of before no longer works
    assert len(mails(app)) == 1


def test_a_person_chooses_on_the_own_page(app, world, login):
    with app.app_context(), inside(world.club):
        contact = make_contact("Mia", "Member")
        member = db.session.query(User).filter_by(username="member.a").one()
        db.session.query(OrganisationRole).filter_by(user_id=member.id).one().contact_id = contact.id
        db.session.flush()
        pk = contact.id
    client = login("member.a")
    page = client.get("/o/club-a/account/").text
    assert "Do not show me" in page
    client.post("/o/club-a/account/findable/", data={"csrf_token": csrf_of(page), "shown": "0"})
    assert "Show me again" in client.get("/o/club-a/account/").text
    with app.app_context(), inside(world.club):
        entry = db.session.query(AuditEntry).filter_by(action="contact.changed", subject_id=pk).one()
        assert (db.session.get(Contact, pk).not_findable, entry.changes) == (True, {"not_findable": [None, True]})
    client.post("/o/club-a/account/findable/", data={"csrf_token": csrf_of(page), "shown": "1"})
    with app.app_context(), inside(world.club):
        assert db.session.get(Contact, pk).not_findable is None


def test_a_login_that_is_no_contact_here_has_nothing_to_choose(login):
    client = login("admin.a")
    page = client.get("/o/club-a/account/").text
    assert "Do not show me" not in page
    assert client.post("/o/club-a/account/findable/", data={"csrf_token": csrf_of(page), "shown": "0"}).status_code == 404


def test_the_club_sets_it_on_the_form_and_finds_who_has_it(app, world, login):
    with app.app_context(), inside(world.club):
        pk = make_contact("Hidden", "Person").id
        make_contact("Other", "Person")
    client = login("admin.a")
    page = client.get(f"/o/club-a/crm/contacts/{pk}/edit").text
    assert "Not findable" in page
    version = page.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
    data = {"csrf_token": csrf_of(page), "version": version, "first_name": "Hidden", "last_name": "Person", "country": "BE", "not_findable": "y"}
    assert client.post(f"/o/club-a/crm/contacts/{pk}/edit", data=data).status_code == 302
    found = client.get("/o/club-a/crm/contacts/?f.not_findable.is=yes").text
    assert "Hidden" in found and "Other Person" not in found
    assert "Not shown to somebody who looks for an account." in client.get(f"/o/club-a/crm/contacts/{pk}").text
    assert client.get(f"/api/v1/o/club-a/contacts/{pk}").json["not_findable"] is True
