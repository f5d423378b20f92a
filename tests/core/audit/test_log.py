"""The log of an organisation as a page, and the check that nobody tampered with it."""

import pytest
from flask_babel import force_locale
from sqlalchemy import select, text

from core.audit.jobs import check_log
from core.audit.models import AuditEntry
from core.contacts.services import save_contact
from core.db import db, is_postgres
from core.errors import UserMistake
from core.organisations.models import Organisation
from core.tenancy import scope
from core.testing.factories import inside
from core.testing.plugin import csrf_of

LOG = "/o/club-a/settings/log/"


@pytest.fixture
def history(app, world):
    """Club A added a contact and moved it; club B added one."""
    with app.app_context():
        with inside(world.club) as actor:
            contact = save_contact(None, {"first_name": "An", "last_name": "Verlinden", "town": "Herent"}, actor=actor)
            pk = contact.id
        with inside(world.club) as actor:
            save_contact(db.session.merge(contact), {"town": "Leuven"}, actor=actor)
        with inside(world.other_club) as actor:
            save_contact(None, {"first_name": "Bob", "last_name": "Theirs"}, actor=actor)
    return pk


def test_log_says_what_happened_to_whom_newest_first(history, login):
    page = login("admin.a").get(LOG)
    assert page.status_code == 200, page.text[-2000:]
    assert page.text.index("Contact changed") < page.text.index("Contact added")
    assert "An Verlinden" in page.text and "Theirs" not in page.text
    assert '<small class="d-block d-md-none text-wrap">An Verlinden · ' in page.text, "a phone shows about whom, by whom and when too"


def test_one_entry_shows_the_change(history, login, app, world):
    with app.app_context(), scope(world.club):
        pk = db.session.scalars(select(AuditEntry.id).where(AuditEntry.action == "contact.changed")).one()
    with app.app_context(), scope(world.other_club):
        theirs = db.session.scalars(select(AuditEntry.id)).first()
    client = login("admin.a")
    page = client.get(f"{LOG}{pk}").text
    assert "Herent" in page and "Leuven" in page and "An Verlinden" in page
    assert client.get(f"{LOG}{theirs}").status_code == 404
    assert client.get(f"{LOG}99999999999999999999").status_code == 404


@pytest.mark.parametrize(
    ("asked", "number"),
    [("f.action.is=contact.created", 1), ("f.action.is=contact.erased", 0), ("f.who.contains=koepel", 2), ("f.at.until=2001-01-01", 0)],
)
def test_log_is_filtered(history, login, asked, number):
    page = login("admin.a").get(f"{LOG}?{asked}")
    assert page.text.count('href="/o/club-a/settings/log/row/') == number


def test_number_of_queries_does_not_grow_with_the_log(history, login, app, world, queries):
    client = login("admin.a")
    client.get(LOG)
    seen = queries()
    client.get(LOG)
    few = len(seen)
    with app.app_context():
        for number in range(20):
            with inside(world.club) as actor:
                save_contact(None, {"first_name": f"P{number}", "last_name": "Q"}, actor=actor)
    seen.clear()
    assert client.get(LOG).text.count('href="/o/club-a/settings/log/row/') == 22
    assert len(seen) == few <= 20, "\n".join(seen)


def test_log_is_for_administrators_of_the_club(history, login, client):
    assert login("member.a").get(LOG).status_code == 403
    assert login("admin.b").get(LOG.replace("club-a", "club-b")).status_code == 200
    assert login("admin.b").get(LOG).status_code == 404
    assert client.get(LOG).status_code == 302


class Run:
    """What the job is given."""

    def __init__(self, organisation):
        self.organisation, self.note = organisation, ""

    def progress(self, _done, _total, note=""):
        self.note = note


def test_check_runs_as_a_job_and_finds_tampering(history, login, app, world):
    client = login("admin.a")
    answer = client.post(f"{LOG}check", data={"csrf_token": csrf_of(client.get(LOG).text)})
    assert answer.status_code == 302 and "/o/club-a/jobs/" in answer.location
    with app.app_context(), force_locale("en"):
        club = db.session.get(Organisation, world.club.id)
        run = Run(club)
        check_log(run)
        assert run.note == "The log is intact: 2 entries were checked."
        tamper()
        with pytest.raises(UserMistake, match="changed from outside"):
            check_log(run)


def tamper():
    """What somebody does who may drop triggers."""
    db.session.rollback()  # or it goes on reading what was there before
    with db.engine.connect() as connection:
        if is_postgres():
            connection.execute(text("SELECT set_config('koepel.low', '0', true), set_config('koepel.high', '2147483647', true)"))
        connection.execute(text(f"DROP TRIGGER audit_entry_no_update{' ON audit_entry' if is_postgres() else ''}"))
        connection.execute(text("UPDATE audit_entry SET actor_name = 'Somebody else' WHERE id = (SELECT min(id) FROM audit_entry)"))
        connection.commit()


def test_command_checks_every_log(history, app, world):
    command = next(c for c in app.extensions["koepel"].all("commands") if c.name == "check-audit")
    result = app.test_cli_runner().invoke(command, [])
    assert result.exit_code == 0 and "club-a" in result.output and "club-b" in result.output
    assert app.test_cli_runner().invoke(command, ["--organisation", "nowhere"]).exit_code == 1
    with app.app_context(), scope(world.club):
        tamper()
    result = app.test_cli_runner().invoke(command, ["--organisation", "club-a"])
    assert result.exit_code == 1 and "BAD" in result.output and "changed after it was recorded" in result.output
