"""The first steps of a new installation."""

import re

import pytest
from sqlalchemy import func, select

from core.db import db, transaction
from core.organisations.models import Affiliation, Organisation
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped
from core.testing.factories import make_user
from core.testing.plugin import csrf_of
from core.users.models import User
from core.users.services.admins import admins_of
from core.users.services.invitations import offer_of

GOOD = "vogelhuis-blauw-73"


@pytest.fixture
def run(app):
    """run("create-admin", ...): the command with its answers, on this application."""
    commands = {command.name: command for command in app.extensions["koepel"].all("commands")}

    def call(name, *arguments, answers=()):
        return app.test_cli_runner().invoke(commands[name], list(arguments), input="".join(f"{a}\n" for a in answers))

    return call


def test_a_federation_a_club_and_their_administrators(run, app):
    result = run("create-organisation", "Alpine Federation")
    assert result.exit_code == 0, result.output
    assert "/o/alpine-federation/" in result.output
    assert run("create-organisation", "Edelweiss", "--kind", "club", "--federation", "alpine-federation", "--number", "7").exit_code == 0
    assert run("create-organisation", "North", "--kind", "region", "--federation", "alpine-federation").exit_code == 0
    admin = ("--email", "heidi@alpine.example", "--first-name", "Heidi", "--last-name", "Berg")
    made = run("create-admin", "alpine-federation", *admin, answers=(GOOD, GOOD))
    assert made.exit_code == 0, made.output
    again = run("create-admin", "edelweiss", *admin)  # has a login, so no password is asked
    assert again.exit_code == 0, again.output
    with app.app_context(), unscoped("looking at what was made"):
        assert db.session.execute(select(Affiliation.number, Organisation.name).join(Organisation, Organisation.id == Affiliation.organisation_id)).all() == [
            ("7", "Edelweiss")
        ]
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
    client = app.test_client()
    token = csrf_of(client.get("/login/").text)
    assert client.post("/login/", data={"username": "heidi@alpine.example", "password": GOOD, "csrf_token": token}).status_code == 302


@pytest.mark.covers("R028", "R029")
def test_a_federation_moves_here_with_its_clubs_and_their_contact_persons_run_them(run, app, world, tmp_path, send):
    """Several persons of one club are several rows; the file may be given again; a mistake stops only its row."""
    file = tmp_path / "clubs.csv"
    file.write_text(
        "name;number;town;region;first_name;last_name;person_email\n"
        "Trefpunt Herent;2001;Herent;;An;Verlinden;an@herent.example\n"
        "Trefpunt Herent;2001;Herent;;Jef;Maes;jef@herent.example\n"
        "Trefpunt Rotselaar;2002;Rotselaar;;;;\n"
        "Trefpunt Mist;2003;;No such region;Bo;Claes;bo@mist.example\n"
    )
    arguments = ("import-clubs", str(file), "--federation", "federation-f")
    tried = run(*arguments, "--dry-run")
    assert "2 clubs would be new, 2 contact persons would be invited, 1 rows" in tried.output
    with app.app_context(), unscoped("looking at what was made"):
        assert db.session.scalar(select(func.count(Organisation.id)).where(Organisation.name.like("Trefpunt%"))) == 0
    done = run(*arguments)
    assert done.exit_code == 1 and "row 5: Choose a region from the list." in done.output
    assert "2 clubs new, 2 contact persons invited, 1 rows with a mistake." in done.output
    again = run(*arguments, "--mail")
    assert "0 clubs new, 0 contact persons invited" in again.output

    secret = re.search(r"Trefpunt Herent, An Verlinden: \S+/invitation/(\S+)", done.output)[1]
    client = app.test_client()
    assert send(client, f"/invitation/{secret}", {"new": GOOD}).status_code == 302
    listed = client.get("/o/trefpunt-herent/crm/contacts/").text
    assert "Verlinden" in listed and "Maes" in listed, "all data of the club, without anybody of the federation doing more"
    assert client.get("/o/trefpunt-rotselaar/crm/contacts/").status_code == 404


def test_there_is_no_default_password_and_weak_ones_are_refused(run, app):
    run("create-organisation", "F")
    admin = ("create-admin", "f", "--email", "a@f.example", "--first-name", "Ann", "--last-name", "Berg")
    assert run(*admin, answers=("", "")).exit_code != 0
    weak = run(*admin, answers=("welkom123", "welkom123"))
    assert weak.exit_code == 1 and "too short" in weak.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_a_link_instead_of_a_password(run, app):
    run("create-organisation", "F")
    result = run("create-admin", "f", "--email", "a@f.example", "--first-name", "Ann", "--last-name", "Berg", "--link")
    token = re.search(r"/invitation/([\w-]+)", result.output)[1]
    with app.app_context():
        assert offer_of(token).role_name == "federation_admin"
        assert admins_of(offer_of(token).organisation) == []


def test_a_link_by_mail_in_the_language_of_the_organisation(run, app):
    run("create-organisation", "Alpenverein", "--slug", "f", "--language", "de")
    admin = ("create-admin", "f", "--email", "a@f.example", "--first-name", "Ann", "--last-name", "Berg")
    assert run(*admin, "--link", "--mail").exit_code == 2
    result = run(*admin, "--mail")
    assert "goes to a@f.example" in result.output and "waits in the outbox" in result.output
    assert "/invitation/" not in result.output, "who has the mail has the link, nobody else"
    with app.app_context(), unscoped("looking at the mail"):
        mail = db.session.scalars(select(OutboxMessage)).one()
        assert (mail.to_address, mail.subject) == ("a@f.example", "Ihr Koepel-Konto")
        assert mail.text.startswith("Guten Tag Ann,") and "Alpenverein" in mail.text
        assert offer_of(re.search(r"/invitation/([\w-]+)", mail.text)[1]).role_name == "federation_admin"


def test_what_does_not_exist_is_told(run):
    assert "no organisation 'nowhere'" in run("create-admin", "nowhere", "--email", "a@f.example", "--first-name", "A", "--last-name", "B").output
    assert "no federation plugin" in run("create-organisation", "F", "--plugin", "nonsense").output
    assert "name it with --federation" in run("create-organisation", "R", "--kind", "region").output
    run("create-organisation", "F", "--slug", "f")
    assert "already in use" in run("create-organisation", "F", "--slug", "f").output


def test_demo_logins_are_refused_in_production(run, app):
    run("create-organisation", "F")
    with app.app_context(), transaction():
        make_user("demo").is_demo = True
    before = app.config["KOEPEL"]
    app.config["KOEPEL"] = before.model_copy(update={"environment": "production"})
    try:
        result = run("create-admin", "f", "--email", "demo@koepel.example", "--first-name", "D", "--last-name", "E")
    finally:
        app.config["KOEPEL"] = before
    assert result.exit_code == 1 and "login of the demo" in result.output
