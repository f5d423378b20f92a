"""Correcting one's own details: at once or by request, and what the club decides."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import select

from core.contacts.models import Contact
from core.contacts.services import get_contact, save_contact
from core.corrections.models import ContactCorrection
from core.corrections.services import asked_by, forget_contact, set_direct
from core.corrections.services.asking import drafts
from core.db import db
from core.fields.models import FieldDefinition
from core.notifications.models import Notification
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User

DETAILS = "/o/club-a/my/details/"
CHANGE = "/o/club-a/my/details/change"


@pytest.fixture
def member(app, world):
    with app.app_context(), inside(world.club):
        contact = make_contact("Godelieve", "Peeters", email_1="g@members.example", town="Aarschot", remarks="Secretremark", country="BE", language="en")
        make_contact("Other", "Person")
        row = db.session.scalars(select(OrganisationRole).join(User, User.id == OrganisationRole.user_id).where(User.username == "member.a")).one()
        row.contact_id = contact.id
        db.session.flush()
        return contact.id


def stored(app, world, pk):
    with app.app_context(), inside(world.club):
        contact = get_contact(pk)
        return {name: getattr(contact, name) for name in ("first_name", "town", "email_1", "remarks", "version")}


def corrections(app):
    with app.app_context(), unscoped("looking at requests in a test"):
        return list(db.session.scalars(select(ContactCorrection).order_by(ContactCorrection.id)))


def form_of(client, **changed):
    page = client.get(CHANGE).text
    version = page.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
    data = {"csrf_token": csrf_of(page), "version": version, "first_name": "Godelieve", "last_name": "Peeters", "email_1": "g@members.example"}
    return {**data, "town": "Aarschot", "country": "BE", "language": "en", **changed}


def direct(app, world):
    with app.app_context(), inside(world.club) as actor:
        set_direct(db.session.get(Organisation, world.club.id), True, actor=actor)


@pytest.mark.covers("R049")
def test_a_member_sees_the_own_details_and_no_notes_of_the_club(login, member):
    page = login("member.a").get(DETAILS).text
    assert "g@members.example" in page
    assert "Secretremark" not in page


def test_by_request_nothing_changes_until_the_club_accepts_and_both_are_told(app, world, login, member):
    client, admin = login("member.a"), login("admin.a")
    assert client.post(CHANGE, data=form_of(client, town="Leuven")).status_code == 303
    assert stored(app, world, member)["town"] == "Aarschot"
    assert "Leuven" in client.get(DETAILS).text
    (row,) = corrections(app)
    assert (row.was, row.wanted, row.asked_by) == ({"town": "Aarschot"}, {"town": "Leuven"}, "Member Tester")
    page = admin.get(f"/o/club-a/crm/corrections/{row.id}/").text
    assert "Aarschot" in page
    assert "Leuven" in page
    assert "Godelieve Peeters" in admin.get("/o/club-a/dashboard/").text, "the widget names who waits"
    data = {"csrf_token": csrf_of(page), "version": row.version, "contact_version": 1}
    assert admin.post(f"/o/club-a/crm/corrections/{row.id}/accept", data=data).location == "/o/club-a/crm/corrections/"
    assert stored(app, world, member)["town"] == "Leuven"
    with app.app_context(), inside(world.club):
        told = {row.kind: row for row in db.session.scalars(select(Notification))}
        assert set(told) == {"corrections.asked", "corrections.decided"}, "accepting is not told as a change by the club too"
        assert (told["corrections.decided"].contact_id, told["corrections.asked"].about_id) == (member, member)
    assert corrections(app)[0].wanted == {}


def test_refusing_needs_a_reason_which_the_member_reads(app, world, login, member):
    client, admin = login("member.a"), login("admin.a")
    client.post(CHANGE, data=form_of(client, town="Leuven"))
    (row,) = corrections(app)
    address = f"/o/club-a/crm/corrections/{row.id}"
    data = {"csrf_token": csrf_of(admin.get(f"{address}/").text), "version": row.version}
    assert "Say why" in admin.post(f"{address}/refuse", data={**data, "reason": " "}).text
    assert admin.post(f"{address}/refuse", data={**data, "reason": "You do not live there"}).status_code == 303
    assert stored(app, world, member)["town"] == "Aarschot"
    assert "You do not live there" in client.get("/o/club-a/my/notifications/").text


def test_asking_again_changes_the_request_that_waits_and_withdrawing_ends_it(app, login, member):
    client = login("member.a")
    client.post(CHANGE, data=form_of(client, town="Leuven"))
    assert 'value="Leuven"' in client.get(CHANGE).text, "the form goes on where it was left"
    client.post(CHANGE, data=form_of(client, town="Gent", first_name="Lieve"))
    (row,) = corrections(app)
    assert row.wanted == {"town": "Gent", "first_name": "Lieve"}
    client.post("/o/club-a/my/details/withdraw", data={"csrf_token": csrf_of(client.get(DETAILS).text)})
    assert [(row.state, row.wanted) for row in corrections(app)] == [("withdrawn", {})]


def test_directly_addresses_hold_at_once_and_who_somebody_is_waits(app, world, login, member):
    direct(app, world)
    client = login("member.a")
    client.post(CHANGE, data=form_of(client, town="Leuven", birth_date="2001-02-03"))
    assert stored(app, world, member)["town"] == "Leuven"
    assert [row.wanted for row in corrections(app)] == [{"birth_date": "2001-02-03"}]


def test_what_a_member_may_not_write_is_not_written(app, world, login, member):
    direct(app, world)
    with app.app_context(), inside(world.club):
        for key, edits in (("mine", ["member", "club"]), ("theirs", ["club"])):
            definition = FieldDefinition(target="contact", key=key, type="text", label={"en": key}, purpose="x", legal_basis="consent", is_active=True)
            definition.sees, definition.edits = ["member", "club"], edits
            db.session.add(definition)
        db.session.flush()
    client = login("member.a")
    assert client.post(CHANGE, data=form_of(client, remarks="Planted", **{"extra-mine": "Yes", "extra-theirs": "Planted"})).status_code == 303
    with app.app_context(), inside(world.club):
        contact = get_contact(member)
        assert (contact.extra, contact.remarks) == ({"mine": "Yes"}, "Secretremark")


def test_a_mistake_stands_beside_its_field_and_nothing_is_lost(app, login, member):
    client = login("member.a")
    answer = client.post(CHANGE, data=form_of(client, email_2="no address", town="Leuven"))
    assert answer.status_code == 422
    assert 'id="email_2-error"' in answer.text
    assert 'value="Leuven"' in answer.text
    assert corrections(app) == []


def test_when_the_club_saved_meanwhile_the_member_looks_again(app, world, login, member):
    direct(app, world)
    client = login("member.a")
    data = form_of(client, town="Leuven")
    with app.app_context(), inside(world.club) as actor:
        save_contact(get_contact(member), {"town": "Gent"}, actor=actor)
    answer = client.post(CHANGE, data=data)
    assert answer.status_code == 409
    assert 'value="Leuven"' in answer.text
    assert stored(app, world, member)["town"] == "Gent"


def test_accepting_what_changed_since_it_was_looked_at_is_refused(app, world, login, member):
    client, admin = login("member.a"), login("admin.a")
    client.post(CHANGE, data=form_of(client, town="Leuven"))
    (row,) = corrections(app)
    address = f"/o/club-a/crm/corrections/{row.id}"
    data = {"csrf_token": csrf_of(admin.get(f"{address}/").text), "version": row.version, "contact_version": 1}
    with app.app_context(), inside(world.club) as actor:
        save_contact(get_contact(member), {"town": "Gent"}, actor=actor)
    assert admin.post(f"{address}/accept", data=data).location == f"{address}/"
    assert stored(app, world, member)["town"] == "Gent"
    page = admin.get(f"{address}/").text
    assert "it was: Aarschot" in page
    client.post(CHANGE, data=form_of(client, town="Brussel"))
    assert admin.post(f"{address}/accept", data={**data, "contact_version": 2}).location == f"{address}/", "the request is another one by now"


def test_only_who_may_decides_and_those_of_another_club_do_not_exist(app, login, member):
    client = login("member.a")
    client.post(CHANGE, data=form_of(client, town="Leuven"))
    (row,) = corrections(app)
    assert client.get(f"/o/club-a/crm/corrections/{row.id}/").status_code == 403
    other = login("admin.b")
    assert other.get(f"/o/club-b/crm/corrections/{row.id}/").status_code == 404
    data = {"csrf_token": csrf_of(other.get("/o/club-b/my/preferences/").text), "version": row.version, "contact_version": 1}
    assert other.post(f"/o/club-b/crm/corrections/{row.id}/accept", data=data).status_code == 404
    assert corrections(app)[0].state == "waiting"


def test_a_file_that_is_sent_along_waits_with_the_request(app, world, login, member):
    with app.app_context(), inside(world.club):
        definition = FieldDefinition(target="contact", key="attest", type="file", label={"en": "Attest"}, purpose="x", legal_basis="consent", is_active=True)
        definition.sees, definition.edits = ["member", "club"], ["member"]
        db.session.add(definition)
        db.session.flush()
    client, admin = login("member.a"), login("admin.a")
    client.post(CHANGE, data=form_of(client, **{"extra-attest": (BytesIO(b"fit"), "fit.txt")}), content_type="multipart/form-data")
    (row,) = corrections(app)
    address = f"/o/club-a/crm/corrections/{row.id}"
    with admin.get(f"{address}/file/{row.wanted['extra.attest']}") as sent:
        assert sent.data == b"fit"
    data = {"csrf_token": csrf_of(admin.get(f"{address}/").text), "version": row.version, "contact_version": 1}
    admin.post(f"{address}/accept", data=data)
    assert "fit.txt" in client.get("/o/club-a/my/documents/").text
    with app.app_context(), inside(world.club):
        assert drafts([row.wanted["extra.attest"]]) == [], "it belongs to the contact now"
        assert get_contact(member).extra == {"attest": row.wanted["extra.attest"]}


def test_an_erased_person_asked_nothing(app, world, login, member):
    client = login("member.a")
    client.post(CHANGE, data=form_of(client, town="Leuven"))
    with app.app_context(), inside(world.club):
        contact = db.session.get(Contact, member)
        assert asked_by(contact)[0]["wanted"] == {"Town": "Leuven"}
        forget_contact(contact)
    assert corrections(app) == []


def test_a_member_with_a_login_hears_that_the_club_changed_something_once_a_day(app, world, login, member):
    admin = login("admin.a")
    for town in ("Leuven", "Gent"):
        page = admin.get(f"/o/club-a/crm/contacts/{member}/edit").text
        version = page.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
        data = {"csrf_token": csrf_of(page), "version": version, "first_name": "Godelieve", "last_name": "Peeters", "language": "en", "town": town}
        assert admin.post(f"/o/club-a/crm/contacts/{member}/edit", data=data).status_code == 302
    with app.app_context(), inside(world.club):
        (row,) = db.session.scalars(select(Notification)).all()
        assert (row.kind, row.contact_id) == ("contacts.changed", member)
        assert "Town" in row.text
        assert "Leuven" not in row.text, "what is in it is for the page only"
