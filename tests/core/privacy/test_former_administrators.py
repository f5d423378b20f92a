"""The names of administrators beside what they made: gone once they are erased, never those of others."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core import clock
from core.access import acting
from core.audit.models import AuditEntry
from core.contacts.services import get_contact
from core.db import db, transaction
from core.imports.models import ImportRun
from core.organisations.checks import looked_at
from core.organisations.models import ClubNote, Organisation
from core.organisations.services.readiness import note_looked_at
from core.privacy.services import erase_contact, personal_data
from core.tenancy import scope
from core.testing.factories import inside, make_contact, make_user
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User
from core.users.services import give_role
from core.users.services.admins import appoint, remove_admin
from core.users.services.parts import give_part, holders_of, take_part

IMPORTS, CLUBS = "/o/club-a/crm/import/", "/o/federation-f/clubs/"


def made(model, name_column, **values):
    """A row as it is stored, of the organisation at hand."""
    row = model(**{name_column: "Ann Peeters", **values})
    db.session.add(row)
    db.session.flush()
    return row.id


def an_import(**values):
    return made(ImportRun, "created_by", filename="members.csv", row_count=1, **values)


def a_note(club_id, **values):
    return made(ClubNote, "written_by", club_id=club_id, text="Called on Monday.", **values)


def names(owner, column):
    with scope(owner):
        return dict(db.session.execute(select(column.class_.id, column)).all())


@pytest.fixture
def ann(app, world):
    """Ann Peeters: a contact and member of club A and of the federation. (login, contact in A, contact in the federation)."""
    with app.app_context():
        with transaction():
            user = make_user("ann.peeters")
            user.first_name, user.last_name = "Ann", "Peeters"
        found = [user.id]
        for owner in (world.club, world.federation):
            with inside(owner):
                contact = make_contact("Ann", "Peeters", email_1="ann@members.example")
                give_role(db.session.merge(user), owner, "member", contact_id=contact.id)
                found.append(contact.id)
    return found


def erase(owner, pk):
    with inside(owner) as actor:
        erase_contact(get_contact(pk), actor=actor)


def test_an_erased_administrator_is_not_named_beside_imports_and_notes(context, world, ann):
    user_id, in_club, in_federation = ann
    with inside(world.club):
        hers, of_another = an_import(created_by_id=user_id), an_import(created_by_id=user_id + 1_000, created_by="Bob Maes")
    with inside(world.federation):
        note = a_note(world.club.id, written_by_id=user_id)
    erase(world.club, in_club)
    assert names(world.club, ImportRun.created_by) == {hers: "", of_another: "Bob Maes"}
    assert names(world.federation, ClubNote.written_by) == {note: "Ann Peeters"}, "she still is somebody there"
    erase(world.federation, in_federation)
    assert names(world.federation, ClubNote.written_by) == {note: ""}


def test_who_still_administers_keeps_the_name_until_that_is_over(context, world, ann):
    user_id, in_club, _federation = ann
    with inside(world.club):
        hers = an_import(created_by_id=user_id)
        give_role(db.session.get_one(User, user_id), world.club, "club_admin", contact_id=in_club)
    erase(world.club, in_club)
    assert names(world.club, ImportRun.created_by) == {hers: "Ann Peeters"}


def test_the_name_goes_with_the_part_of_somebody_who_was_erased_before(context, world, ann):
    user_id, in_club, _federation = ann
    with inside(world.club) as actor:
        hers = an_import(created_by_id=user_id)
        give_role(db.session.get_one(User, user_id), world.club, "club_admin", contact_id=in_club)
        give_role(make_user("other.admin"), world.club, "club_admin")
    erase(world.club, in_club)
    with inside(world.club) as actor:
        remove_admin(user_id, world.club, actor=actor)
    assert names(world.club, ImportRun.created_by) == {hers: ""}


def test_a_part_that_was_lost_before_is_in_the_log_without_the_name(context, world, ann):
    """The row of the part is gone by then; what the log said about appointing and removing her named her."""
    user_id, in_club, _federation = ann
    with inside(world.club) as actor:
        give_role(make_user("other.admin"), world.club, "club_admin")
        appoint(get_contact(in_club), world.club, actor=actor)
        remove_admin(user_id, world.club, actor=actor)
        give_part(get_contact(in_club), "members", world.club, actor=actor)
        take_part(holders_of(world.club)[0].id, world.club, actor=actor)
    assert [note for note in notes_of(world.club) if "Ann Peeters" in note] != []
    erase(world.club, in_club)
    assert [note for note in notes_of(world.club) if "Ann Peeters" in note] == []


def notes_of(owner):
    with scope(owner):
        return db.session.scalars(select(AuditEntry.note)).all()


def test_who_looked_at_the_details_of_a_club_is_named_as_long_as_she_is_there(context, world, ann):
    user_id, in_club, _federation = ann
    with inside(world.club) as actor:
        note_looked_at(db.session.merge(world.club), "details", actor=replace(actor, user_id=user_id))
        db.session.flush()
    club = db.session.get_one(Organisation, world.club.id)
    assert "Ann Peeters" in looked_at(club, "details", clock.today())
    erase(world.club, in_club)
    assert looked_at(db.session.get_one(Organisation, world.club.id), "details", clock.today()).startswith("On ")


def test_a_former_administrator_who_lost_the_login_is_forgotten_by_name(context, world, ann):
    user_id, in_club, _federation = ann
    with inside(world.club):
        hers, older = an_import(created_by_id=user_id), an_import()
        namesake = give_role(make_user("other.ann"), world.club, "club_admin").user_id
        of_namesake = an_import(created_by_id=namesake)
        db.session.delete(db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user_id)).one())
        db.session.flush()
    erase(world.club, in_club)
    assert names(world.club, ImportRun.created_by) == {hers: "", older: "", of_namesake: "Ann Peeters"}


def test_the_last_erasure_forgets_the_name_in_every_organisation(context, world, ann):
    """A login that holds nothing anywhere any more is emptied, and so is its name where it worked before."""
    user_id, in_club, in_federation = ann
    with inside(world.other_club):
        elsewhere = an_import(created_by_id=user_id)
    erase(world.federation, in_federation)
    assert names(world.other_club, ImportRun.created_by) == {elsewhere: "Ann Peeters"}
    erase(world.club, in_club)
    assert names(world.other_club, ImportRun.created_by) == {elsewhere: ""}


def test_she_is_told_what_she_brought_in_and_wrote(context, world, ann):
    user_id, in_club, in_federation = ann
    told, makers = {}, (lambda: an_import(created_by_id=user_id), lambda: a_note(world.club.id, written_by_id=user_id))
    for owner, pk, make in zip((world.club, world.federation), (in_club, in_federation), makers, strict=True):
        with inside(owner) as actor, acting(actor):
            make()
            told |= {table["title"]: table["rows"] for table in personal_data(get_contact(pk), actor=actor)["kept"]}
    assert [row["filename"] for row in told["Lists you brought in"]] == ["members.csv"]
    assert len(told["Notes about clubs you wrote"]) == 1 and "text" not in told["Notes about clubs you wrote"][0]


def test_pages_say_a_former_administrator(app, world, login, ann):
    user_id, in_club, in_federation = ann
    with app.app_context():
        with inside(world.club):
            run = an_import(created_by_id=user_id, state="failed")
        with inside(world.federation):
            a_note(world.club.id, written_by_id=user_id)
    pages = ((login("admin.a"), f"{IMPORTS}{run}"), (login("admin.a"), f"{IMPORTS}history"), (login("admin.f"), f"{CLUBS}{world.club.id}"))
    assert [path for client, path in pages if "Ann Peeters" not in client.get(path).text] == []
    with app.app_context():
        erase(world.club, in_club)
        erase(world.federation, in_federation)
    assert [path for client, path in pages if "A former administrator" not in client.get(path).text] == []


def test_who_makes_them_is_kept_by_number_too(app, world, login):
    federation = login("admin.f")
    page = federation.get(f"{CLUBS}{world.club.id}")
    assert page.status_code == 200
    federation.post(f"{CLUBS}{world.club.id}/notes", data={"csrf_token": csrf_of(page.text), "text": "Called."})
    with app.app_context(), scope(world.federation):
        assert db.session.scalars(select(ClubNote)).one().written_by_id is not None
