"""My privacy in a browser's requests: consents, asking to be forgotten, the two weeks, who looked."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from core.contacts.models import Contact
from core.contacts.services import get_contact
from core.db import db
from core.errors import NotFound
from core.files.models import StoredFile
from core.jobs.runner import work_off
from core.outbox.models import OutboxMessage
from core.privacy import consents, ledger, requests
from core.privacy.commands import end_sessions, who_saw
from core.privacy.jobs import erase_due
from core.privacy.leaving import RULES, gone_since
from core.privacy.models import Consent, ContactView, ErasureRequest
from core.privacy.retention import apply, preview
from core.privacy.seen import exports_with, note_export, pack, unpack
from core.privacy.services import erase_contact
from core.tenancy import scope
from core.testing.factories import PASSWORD, inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User

pytestmark = pytest.mark.once

OWN = "/o/club-a/my/privacy/"


class Silent:
    """A job nobody watches."""

    def progress(self, *_words):
        pass

    def item(self, *_words, **_more):
        pass


@pytest.fixture
def person(app, world):
    """Contact of the login member.a; and what club A asks. Returns the id of the contact."""
    with app.app_context(), inside(world.club) as actor:
        contact = make_contact("Ann", "Peeters", email_1="ann@mail.example", language="en")
        user = db.session.scalars(select(User).where(User.username == "member.a")).one()
        db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user.id)).one().contact_id = contact.id
        consents.add_suggestions(actor=actor)
        return contact.id


def post(client, path, **data):
    page = client.get(OWN)
    return client.post(path, data={"csrf_token": csrf_of(page.text), **data})


def rows(app, world, model):
    with app.app_context(), scope(world.club):
        return db.session.scalars(select(model).order_by(model.id)).all()


def test_consent_is_never_ticked_and_goes_as_easily_as_it_came(app, world, login, person):
    client = login("member.a")
    page = client.get(OWN).text
    assert (page.count("Not answered yet"), "checked" in page) == (3, False)
    photo = rows(app, world, consents.ConsentPurpose)[0].id
    for answer in ("yes", "no"):
        assert post(client, f"{OWN}consents", purpose=photo, number=1, agrees=answer).status_code == 302

    said = rows(app, world, Consent)
    assert [(s.agrees, s.given_by, s.text_number, s.is_latest) for s in said] == [(True, "person", 1, False), (False, "person", 1, True)]
    assert {s.contact_id for s in said} == {person}
    with app.app_context(), scope(world.club):
        assert not consents.has_consent(person, "photo")


def test_changed_text_asks_again_and_an_old_page_does_not_count(app, world, login, person):
    client = login("member.a")
    photo = rows(app, world, consents.ConsentPurpose)[0].id
    post(client, f"{OWN}consents", purpose=photo, number=1, agrees="yes")
    with app.app_context(), inside(world.club) as actor:
        assert consents.has_consent(person, "photo")
        consents.save_purpose(consents.get_purpose(photo), {"nl": "Foto"}, {"nl": "Ook in de krant."}, actor=actor)
        assert not consents.has_consent(person, "photo")
    assert "Asked again: the text changed" in client.get(OWN).text
    post(client, f"{OWN}consents", purpose=photo, number=1, agrees="yes")
    assert len(rows(app, world, Consent)) == 1


def test_consent_is_a_column_and_a_filter_of_the_list(app, world, login, person):
    client = login("member.a")
    newsletter = rows(app, world, consents.ConsentPurpose)[1].id
    post(client, f"{OWN}consents", purpose=newsletter, number=1, agrees="yes")
    with app.app_context(), inside(world.club):
        make_contact("Bert", "Silent")
    admin = login("admin.a")
    found = {answer: admin.get(f"/o/club-a/crm/contacts/?f.consent.newsletter.is={answer}").text for answer in ("yes", "none")}
    assert ["Peeters" in found["yes"], "Silent" in found["yes"], "Peeters" in found["none"], "Silent" in found["none"]] == [True, False, False, True]


def test_paper_needs_where_it_is_kept(app, world, login, person):
    admin, photo = login("admin.a"), rows(app, world, consents.ConsentPurpose)[0].id
    path = f"/o/club-a/crm/contacts/{person}/privacy/paper"
    assert post(admin, path, purpose=photo, agrees="yes", note="").status_code == 422
    assert post(admin, path, purpose=photo, agrees="yes", note="Form of 2026, red folder").status_code == 302
    assert [(s.given_by, s.note) for s in rows(app, world, Consent)] == [("paper", "Form of 2026, red folder")]
    assert post(login("member.a"), path, purpose=photo, agrees="no").status_code == 403


def test_download_asks_the_password_and_is_the_askers_alone(app, world, login, person):
    client = login("member.a")
    assert post(client, f"{OWN}download", password="wrong").status_code == 422
    assert post(client, f"{OWN}download", password=PASSWORD).status_code == 302
    work_off(app)
    (kept,) = rows(app, world, StoredFile)
    assert timedelta(days=6) < kept.expires_at - datetime.now(UTC) <= timedelta(days=7)
    for name, code in (("member.a", 200), ("admin.a", 404)):
        answer = login(name).get(f"/o/club-a/files/{kept.id}")
        assert answer.status_code == code
        answer.close()


def test_asking_deciding_undoing_and_erasing_after_two_weeks(app, world, login, person):
    client, admin = login("member.a"), login("admin.a")
    assert post(client, f"{OWN}erase", reason="I moved").status_code == 302
    (asked,) = rows(app, world, ErasureRequest)
    with app.app_context(), scope(world.club):
        assert [m.to_address for m in db.session.scalars(select(OutboxMessage))] == ["admin.a@koepel.example"]
    assert post(admin, f"/o/club-a/settings/privacy/requests/{asked.id}/accept").status_code == 302
    with app.app_context(), scope(world.club), pytest.raises(NotFound):
        get_contact(person)
    post(admin, f"/o/club-a/settings/privacy/requests/{asked.id}/undo")
    with app.app_context(), scope(world.club):
        assert get_contact(person).first_name == "Ann"
    post(admin, f"/o/club-a/settings/privacy/requests/{asked.id}/accept")
    for days, name in ((13, "Ann"), (15, "")):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=False), app.app_context():
            erase_due(Silent())
        with app.app_context(), scope(world.club):
            assert db.session.scalars(select(Contact).where(Contact.id == person)).one().first_name == name
    (done,) = rows(app, world, ErasureRequest)
    assert (done.state, done.reason, done.asked_by) == ("done", "", "")


def test_refusing_says_why(app, world, login, person):
    post(login("member.a"), f"{OWN}erase", reason="")
    (asked,) = rows(app, world, ErasureRequest)
    path, admin = f"/o/club-a/settings/privacy/requests/{asked.id}", login("admin.a")
    assert post(admin, path, answer="", version=asked.version).status_code == 422
    assert post(admin, path, answer="There is an unpaid invoice.", version=asked.version).status_code == 302
    assert "There is an unpaid invoice." in login("member.a").get(OWN).text


def test_who_opened_a_profile_is_counted_once_a_day(app, world, login, person):
    admin = login("admin.a")
    for _time in range(3):
        assert admin.get(f"/o/club-a/crm/contacts/{person}").status_code == 200
    assert [(v.user_name, v.contact_id) for v in rows(app, world, ContactView)] == [("Admin Tester", person)]
    assert "Admin Tester" in login("member.a").get(f"{OWN}seen").text


def test_exports_remember_who_was_in_them(app, world, person):
    with app.app_context(), inside(world.club) as actor:
        note_export("contacts", [person, person + 1, person + 90_000], ["name", "town"], actor=actor)
        assert [(taken.list_name, taken.columns) for taken in exports_with(person)] == [("contacts", "name, town")]
        assert exports_with(person + 2) == []
    assert [*unpack(pack([1, 127, 128, 5_000_000]))] == [1, 127, 128, 5_000_000]


def test_people_who_left_go_after_the_term_only_when_switched_on(app, world, login, person):
    rule = RULES[1]
    later = datetime.now(UTC) + timedelta(days=800)
    with app.app_context(), inside(world.club):
        make_contact("Old", "Member")
    with time_machine.travel(later, tick=False), app.app_context():
        with scope(world.club):
            assert preview(rule).number is None
        assert apply(rule, world.club) == 0
    assert post(login("admin.a"), "/o/club-a/settings/privacy/cleaning/", months="24").status_code == 302
    with time_machine.travel(later, tick=False), app.app_context():
        with inside(world.club):
            assert (preview(rule).number, preview(rule).shown) == (2, ("Peeters Ann", "Member Old"))
            assert db.session.scalars(select(Contact.id).where(gone_since(later.date()))).all()
        assert apply(rule, world.club) == 2


def test_restored_backup_forgets_again_who_was_erased_after_it(app, world, person):
    """The ledger knows the person by ids and the moment it was made; another person with that id stays."""
    with app.app_context():
        with inside(world.club) as actor:
            made = get_contact(person).created_at
            erase_contact(get_contact(person), actor=actor)
        line = next(found for found in ledger.lines() if found["contact"] == person and found["made"] == made.isoformat())
        assert set(line) == {"at", "organisation", "contact", "made"}
        with inside(world.club):  # what a restored backup brings back
            row = db.session.scalars(select(Contact).where(Contact.id == person)).one()
            row.erased_at, row.first_name = None, "Ann"
            db.session.flush()
        assert ledger.erase_again() == 1
        with inside(world.club):
            row = db.session.scalars(select(Contact).where(Contact.id == person)).one()
            assert (row.first_name, row.erased_at is None) == ("", False)
            row.erased_at, row.created_at = None, row.created_at + timedelta(seconds=1)
            db.session.flush()
        assert ledger.erase_again() == 0


def test_register_lists_every_active_field_with_its_purpose(app, world, login):
    page = login("admin.a").get("/o/club-a/settings/privacy/register/").text
    assert "Reaching people about their membership and activities" in page
    assert login("admin.a").get("/o/club-a/settings/privacy/register/download").data[:2] == b"PK"


def test_what_a_login_saw_is_told_to_the_operator(app, world, login, person):
    login("admin.a").get(f"/o/club-a/crm/contacts/{person}")
    run = app.test_cli_runner()
    answer = run.invoke(who_saw, ["admin.a", "--since", "2020-01-01", "--ids"])
    assert "club-a: 1 people seen or exported" in answer.output
    assert f"contact {person}" in answer.output
    assert "1 logins were ended." in run.invoke(end_sessions, ["--user", "admin.a"]).output


def test_what_is_asked_belongs_to_the_members_of_one_club(app, world, login, person):
    purpose = rows(app, world, consents.ConsentPurpose)[0].id
    post(login("member.a"), f"{OWN}erase")
    (asked,) = rows(app, world, ErasureRequest)
    foreign = login("admin.b")
    for path in (f"consents/{purpose}", f"requests/{asked.id}"):
        assert foreign.get(f"/o/club-b/settings/privacy/{path}").status_code == 404
    assert requests.MANAGE == "privacy.manage"
