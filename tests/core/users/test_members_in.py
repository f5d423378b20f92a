"""Contacts that get a login: invited by mail, choosing a user name and a password, or linking the login they have."""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import func, select

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.db import db, transaction
from core.errors import Forbidden, NotFound, UserMistake
from core.jobs.models import JobItem
from core.jobs.runner import work_off
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact, make_user
from core.testing.plugin import csrf_of
from core.users import letters
from core.users.models import Invitation, OrganisationRole, User
from core.users.services import give_role, members, organisations_of
from core.users.services.invitations import LIFE, accept_with_new_login, invite_admin
from core.users.services.mailed_links import owner_of
from tests.core.users.conftest import last_link, mails

NEW = "vogelhuis-blauw-73"
LIST = "/o/club-a/crm/contacts/"


def invited(world, **values):
    """(contact id, token) of a contact of club A that was invited."""
    tokens = []
    with inside(world.club) as actor:
        contact = make_contact(**{"first_name": "Mia", "last_name": "Maes", "email_1": "mia@home.example", "language": "en", **values})
        club = db.session.get(Organisation, world.club.id)
        members.invite_member(contact, club, subject=None, text=None, address_of=lambda t: tokens.append(t) or f"http://x/{t}", site="http://x", actor=actor)
        return contact.id, tokens[0]


def invite_all(client, send, ids, **values):
    """What an administrator does: tick, Actions, Send invitation, send."""
    chosen = send(client, LIST, {"ids": ids, "action": "invite"}, to=f"{LIST}select")
    page = client.get(chosen.location, follow_redirects=True)
    form = {"subject": re.search(r'name="subject"[^>]* value="([^"]*)"', page.text)[1], "text": str(letters.INVITATION["en"]), **values}
    return page, client.post(page.request.path, data={"csrf_token": csrf_of(page.text), **form})


@pytest.mark.covers("R205", "R206", "R207", "R208", "R209", "R002")
def test_a_selection_is_invited_and_what_stands_in_the_way_is_told(app, world, login, send):
    with app.app_context(), inside(world.club):
        ann = make_contact("Ann", "Aerts", email_1="ann@home.example", email_2="mother@home.example", language="fr").id
        none = make_contact("Bob", "Bos", email_2="bob@home.example").id
        done = make_contact("Cas", "Cox", email_1="cas@home.example").id
        give_role(make_user("cas"), db.session.get(Organisation, world.club.id), "member", contact_id=done)
    page, answer = invite_all(login("admin.a"), send, [ann, none, done], subject="Come in, {first_name}")
    assert "Send invitation" in page.text and "{club} uses Koepel" in page.text
    assert answer.status_code == 302
    work_off(app)
    with app.app_context(), unscoped("looking at a test"):
        told = {item.item_id: (item.ok, item.text) for item in db.session.scalars(select(JobItem))}
        assert told == {
            str(ann): (True, ""),
            str(none): (False, "Bob Bos has no e-mail address 1. Fill it in and invite again."),
            str(done): (False, "Cas Cox has a login already."),
        }
    (mail,) = mails(app)
    assert (mail.to_address, mail.subject) == ("ann@home.example", "Come in, Ann")
    assert mail.text.startswith("Bonjour Ann,\n\nClub A utilise Koepel")  # the text was left as it was: in the language of the contact
    link = re.search(r"http://\S+/invitation/\S+", mail.text)[0]
    assert f'href="{link}"' in mail.html and mail.html.index("Bonjour") < mail.html.index(link)


def test_a_text_of_ones_own_goes_to_everybody_and_names_what_cannot_be_filled_in(app, world, login, send):
    with app.app_context(), inside(world.club):
        pk = make_contact("Ann", "O'Hara <b>", email_1="ann@home.example", language="fr").id
    page, answer = invite_all(login("admin.a"), send, [pk], text="Hi {voornaam}")
    assert answer.status_code == 422 and "Nothing can be filled in for {voornaam}" in answer.text
    invite_all(login("admin.a"), send, [pk], text="Hi {name} of {club}")
    work_off(app)
    (mail,) = mails(app)
    assert mail.text.startswith("Hi Ann O'Hara <b> of Club A\n")
    assert "O&#39;Hara &lt;b&gt;" in mail.html


def test_only_who_may_invite_can(app, world, login, send):
    with app.app_context(), inside(world.club):
        pk = make_contact(email_1="a@home.example").id
    with app.app_context(), scope(world.club), pytest.raises(Forbidden):
        members.invite_member(db.session.get(Contact, pk), world.club, subject="", text="", address_of=str, site="", actor=Actor(1, "x", world.club.id))


@pytest.mark.covers("R001", "R003", "R004", "R005", "R006", "R007", "R008", "R009", "R020")
def test_the_invited_choose_user_name_and_password_and_are_in(app, world, send):
    with app.app_context():
        pk, token = invited(world)
        with transaction(), unscoped("the rules of a test"):
            set_setting(db.session.get(Organisation, world.federation.id), "users.password_policy", "seed")
    client, page = app.test_client(), f"/invitation/{token}"
    for _time in range(3):  # programs that look at mail open links too
        shown = client.get(page)
        assert shown.status_code == 200
    assert "Welcome to Club A" in shown.text and "Mia Maes" in shown.text and "Between 8 and 20 characters." in shown.text
    assert 'value="mia@home.example"' in shown.text
    assert (shown.headers["Cache-Control"], shown.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    for data, field in (
        ({"username": "", "new": "mooie-dag-7", "again": "mooie-dag-7"}, "username"),
        ({"username": "a b", "new": "mooie-dag-7", "again": "mooie-dag-7"}, "username"),
        ({"username": "Admin.A", "new": "mooie-dag-7", "again": "mooie-dag-7"}, "username"),
        ({"username": "admin.b@koepel.example", "new": "mooie-dag-7", "again": "mooie-dag-7"}, "username"),
        ({"username": "mia", "new": "mooie-dag-7", "again": "mooie-dag-8"}, "again"),
        ({"username": "mia", "new": "mooi-7", "again": "mooi-7"}, "new"),
        ({"username": "mia", "new": "mooie-lange-dag", "again": "mooie-lange-dag"}, "new"),
        ({"username": "mia", "new": "mooie dag 7", "again": "mooie dag 7"}, "new"),
    ):
        refused = send(client, page, data)
        assert (refused.status_code, re.findall(r'id="(\w+)-error"', refused.text)) == (422, [field]), data
    answer = send(client, page, {"username": "Mia.M", "new": "mooie-dag-7", "again": "mooie-dag-7"})
    assert answer.location == "/o/club-a/home/"
    assert client.get("/o/club-a/home/").status_code == 200
    assert send(app.test_client(), "/login/", {"username": "mia@home.example", "password": "mooie-dag-7"}).status_code == 302
    assert app.test_client().get(page).status_code == 404  # used
    with app.app_context(), scope(world.club):
        role = db.session.scalars(select(OrganisationRole).where(OrganisationRole.contact_id == pk)).one()
        user = db.session.get(User, role.user_id)
        assert (user.username, user.email, user.address, user.last_name) == ("Mia.M", "mia@home.example", "mia@home.example", "Maes")
        assert user.password.startswith("$argon2id$")
        assert [(o.slug, name) for o, name in organisations_of(user.id)] == [("club-a", "member")]


def test_a_login_somebody_has_is_linked_only_by_logging_in(app, world, login, send):
    with app.app_context():
        pk, token = invited(world, email_1="admin.b@koepel.example")
    page = f"/invitation/{token}"
    stranger = app.test_client()
    assert "I have a login already" in stranger.get(page).text
    next_page = re.search(r'href="(/login/\?next=[^"]*)"', stranger.get(page).text)[1]
    for _time in range(30):  # the same door as the login page, as slow
        answer = send(stranger, next_page, {"username": "admin.b", "password": "wrong-1", "next": page}, to="/login/")
    assert answer.status_code == 429
    owner = login("admin.a")
    shown = owner.get(page)
    assert "Link this login to Mia Maes?" in shown.text
    answer = send(owner, page, {})
    assert answer.location == "/o/club-a/home/"
    with app.app_context(), scope(world.club):
        user = db.session.scalars(select(User).where(User.username == "admin.a")).one()
        rows = db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user.id, OrganisationRole.contact_id == pk)).all()
        assert len(rows) == 1
        assert sorted(name for _o, name in organisations_of(user.id)) == ["club_admin", "member"]


@pytest.mark.covers("R017")
def test_a_family_shares_an_address_and_each_has_a_login(app, world, send):
    with app.app_context():
        _parent, first = invited(world, email_1="family@home.example")
        child, second = invited(world, first_name="Kid", email_1="family@home.example", birth_date=clock.today().replace(year=clock.today().year - 9))
    one, two = app.test_client(), app.test_client()
    assert send(one, f"/invitation/{first}", {"username": "family@home.example", "new": NEW, "again": NEW}).status_code == 302
    assert 'value="family@home.example"' not in two.get(f"/invitation/{second}").text
    assert send(two, f"/invitation/{second}", {"username": "kid.maes", "new": NEW, "again": NEW}).status_code == 302
    with app.app_context():
        kid = db.session.scalars(select(User).where(User.username == "kid.maes")).one()
        assert (kid.address, kid.email.rpartition("@")[2]) == ("family@home.example", members.NO_ADDRESS)
    # the login of the parent is already somebody in this club
    with app.app_context():
        _other, third = invited(world, first_name="Kid2", email_1="family@home.example")
    refused = send(one, f"/invitation/{third}", {})
    assert refused.status_code == 422 and "already belongs to somebody else of Club A" in refused.text
    with app.app_context(), scope(world.club):
        assert db.session.scalar(select(func.count(Invitation.id)).where(Invitation.used_at.is_(None))) == 1  # still open


# --- tokens ------------------------------------------------------------------------------------------


def dead(app, token):
    client = app.test_client()
    return client.get(f"/invitation/{token}").status_code == 404


def test_a_newer_link_kills_the_older(app, world):
    with app.app_context():
        pk, old = invited(world)
        tokens = []
        with inside(world.club) as actor:
            club = db.session.get(Organisation, world.club.id)
            members.invite_member(db.session.get(Contact, pk), club, subject="", text="", address_of=lambda t: tokens.append(t) or t, site="", actor=actor)
    assert dead(app, old) and not dead(app, tokens[0])
    assert len(mails(app)) == 2


def test_a_link_is_worth_nothing_when_it_is_old_altered_or_for_something_else(app, world):
    with app.app_context():
        pk, token = invited(world)
        with inside(world.club) as actor:
            admin = invite_admin(db.session.get(Organisation, world.club.id), first_name="A", last_name="B", email="a.b@x.example", actor=actor).token
    middle = len(token) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    assert not dead(app, token)
    assert dead(app, altered)
    with time_machine.travel(clock.now() + LIFE, tick=False):
        assert dead(app, token)
    with app.app_context():
        with pytest.raises(NotFound):
            owner_of(token, "password", demo_allowed=True)
        with pytest.raises(NotFound), transaction():
            accept_with_new_login(token, NEW)  # the door of administrators
        with pytest.raises(NotFound), transaction():
            members.join_with_new_login(admin, "sly", NEW, NEW)  # the door of members
        with inside(world.club):
            db.session.get(Contact, pk).deleted_at = clock.now()
            db.session.flush()
    assert dead(app, token)


def test_two_links_of_one_contact_give_one_login(app, world):
    """The second press comes too late, also when both pages were open."""
    with app.app_context():
        _pk, token = invited(world)
        with transaction():
            members.join_with_new_login(token, "mia.one", NEW, NEW)
        with pytest.raises(NotFound), transaction():
            members.join_with_new_login(token, "mia.two", NEW, NEW)
        assert db.session.scalar(select(func.count(User.id)).where(User.username.like("mia.%"))) == 1


def test_a_closed_login_is_not_replaced_by_asking_again(app, world):
    with app.app_context():
        pk, token = invited(world)
        with transaction():
            user = members.join_with_new_login(token, "mia.one", NEW, NEW)
            user.active = False
        with inside(world.club) as actor, pytest.raises(UserMistake, match="closed"):
            club = db.session.get(Organisation, world.club.id)
            members.invite_member(db.session.get(Contact, pk), club, subject="", text="", address_of=str, site="", actor=actor)


# --- on the list -------------------------------------------------------------------------------------


def test_the_list_says_who_has_a_login_in_two_queries(app, world, login, queries, send):
    with app.app_context():
        invited(world, first_name="Invited")
        _pk, token = invited(world, first_name="Active")
        with transaction():
            members.join_with_new_login(token, "active.one", NEW, NEW)
        with inside(world.club):
            make_contact("Nobody", "Maes")
            ids = list(db.session.scalars(select(Contact.id)))
        with scope(world.club):
            seen = queries()
            states = members.login_states(ids)
            assert len(seen) == 2
        assert sorted(states.values()) == ["active", "invited", "none"]
    client = login("admin.a")
    send(client, f"{LIST}columns", {"columns": ["name", "login"], "apply": "1"})
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", client.get(LIST).text.partition("<tbody")[2], re.DOTALL)
    words = [re.sub(r"<[^>]*>", " ", row).split() for row in rows]
    cells = {name: row[-1] for row in words for name in ("Nobody", "Invited", "Active") if name in row[:-1]}
    assert cells == {"Nobody": "None", "Invited": "Invited", "Active": "Active"}
    for state, name in (("none", "Nobody"), ("invited", "Invited"), ("active", "Active")):
        page = client.get(f"{LIST}?f.login.is={state}").text
        assert [n for n in ("Nobody", "Invited", "Active") if f"Maes {n}" in page] == [name], state


def test_links_in_mails_start_with_the_address_of_the_installation(app, world, login, send):
    with app.app_context(), inside(world.club):
        pk = make_contact(email_1="a@home.example").id
    invite_all(login("admin.a"), send, [pk])
    work_off(app)
    assert last_link(app).startswith(f"{app.config['KOEPEL'].public_url}/invitation/")
