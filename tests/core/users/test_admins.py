"""1 to 6 administrators, whatever happens at the same time."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask_appbuilder.security.sqla.models import Role
from flask_babel import force_locale
from sqlalchemy import func, select

from core import clock
from core.access import Actor, system_actor
from core.contacts.models import Contact
from core.db import db, transaction
from core.errors import Forbidden, NotFound, UserMistake
from core.extend.registry import registry
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.testing.factories import PASSWORD, inside, make_contact, make_user
from core.testing.plugin import csrf_of
from core.users.models import Invitation, OrganisationRole, User
from core.users.permissions import permissions_of
from core.users.services import give_role
from core.users.services.admins import MOST_ADMINS, admin_role, admins_of, appoint, open_invitations, remove_admin
from core.users.services.invitations import accept_with_login, accept_with_new_login, invite_admin, offer_of, withdraw
from core.users.services.parts import parts_here
from core.users.services.roles import UNDO_FOR, put_back, receipt_of

ADMINS = "/o/club-a/settings/admins/"


def club_of(world):
    return db.session.get(Organisation, world.club.id)


def fill(world, number):
    """Let the club have so many administrators."""
    for count in range(number - len(admins_of(club_of(world)))):
        give_role(make_user(f"extra{count}"), club_of(world), "club_admin")


def member_contact(world, name="Mem"):
    """A contact of the club with a login as member."""
    with inside(world.club):
        contact = make_contact(name, "Ber", email_1=f"{name.lower()}@club.example")
        pk = contact.id
        give_role(make_user(f"login.{name.lower()}"), club_of(world), "member", contact_id=pk)
    return pk


@pytest.mark.covers("R034", "R039", "R040")
def test_every_administrator_may_do_all_there_is_to_do_in_the_club(app, world, login, send):
    """One who was appointed by another: changes and completes a member, and holds every right a club has."""
    with app.app_context():
        pk = member_contact(world)
        with inside(world.club) as actor:
            appoint(db.session.get(Contact, pk), club_of(world), actor=actor)
            other = make_contact("Bob", "Maes").id
            held = permissions_of(frozenset({admin_role(club_of(world)).id}), "club")
            of_admins = {permission.name for permission in registry().all("permissions") if "club_admin" in permission.roles}
            others = [db.session.scalars(select(Role.id).where(Role.name == part.name)).one() for part in parts_here(club_of(world))]
            of_others = frozenset().union(*(permissions_of(frozenset({role}), "club") for role in others))
    assert {"contacts.write", "contacts.delete", "users.manage", "audit.read", "modules.manage"} <= held
    assert of_others <= held, "no part in running the club has a right the administrator lacks"
    assert of_admins <= held
    client, page = login("login.mem"), f"/o/club-a/crm/contacts/{other}/edit"
    form = client.get(page)
    assert form.status_code == 200
    data = {"csrf_token": csrf_of(form.text), "version": re.search(r'name="version"[^>]*value="(\d+)"', form.text)[1]}
    saved = client.post(page, data={**data, "first_name": "Bob", "last_name": "Maes", "town": "Diest", "country": "BE"})
    assert saved.status_code == 302, saved.text[-1500:]
    with app.app_context(), scope(world.club):
        assert db.session.get_one(Contact, other).town == "Diest"


@pytest.mark.covers("R037", "R039")
def test_a_contact_with_a_login_is_administrator_at_once(context, world):
    pk = member_contact(world)
    with inside(world.club) as actor:
        user = appoint(db.session.get(Contact, pk), club_of(world), actor=actor)
        assert user.username == "login.mem"
        assert [admin.name for admin in admins_of(club_of(world))] == ["Admin Tester", "Login Tester"]
        with pytest.raises(UserMistake, match="already"):
            appoint(db.session.get(Contact, pk), club_of(world), actor=actor)


def test_an_account_is_never_taken_because_of_an_address(context, world):
    """The club may write any address on a contact: that of somebody else's administrator too."""
    with inside(world.club) as actor:
        contact = make_contact("Eva", "Sly", email_1="admin.b@koepel.example")
        assert appoint(contact, club_of(world), actor=actor) is None
        token = invite_admin(club_of(world), first_name="Eva", last_name="Sly", email=contact.email_1, contact_id=contact.id, actor=actor).token
    with transaction(), pytest.raises(UserMistake, match="login with this e-mail address already"):
        accept_with_new_login(token, "vogelhuis-blauw-73")


@pytest.mark.covers("R035", "R036")
def test_there_are_at_most_six_and_open_links_count(context, world):
    with inside(world.club) as actor:
        fill(world, MOST_ADMINS - 1)
        invite_admin(club_of(world), first_name="Sixth", last_name="One", email="six@club.example", actor=actor)
        with pytest.raises(UserMistake, match="6 administrators"):
            invite_admin(club_of(world), first_name="Seventh", last_name="One", email="seven@club.example", actor=actor)
        # another link for the same address replaces the first, so there is room for it
        invite_admin(club_of(world), first_name="Sixth", last_name="One", email="SIX@club.example", actor=actor)
        assert len(open_invitations(club_of(world))) == 1


def test_twenty_at_once_never_make_seven(app, world):
    with app.app_context():
        contacts = [member_contact(world, f"P{number}") for number in range(20)]

    def try_to(pk):
        with app.app_context():
            try:
                with inside(world.club) as actor:
                    appoint(db.session.get(Contact, pk), club_of(world), actor=actor)
            except UserMistake:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(try_to, contacts))
    assert outcomes.count(True) == MOST_ADMINS - 1
    with app.app_context():
        assert len(admins_of(club_of(world))) == MOST_ADMINS


@pytest.mark.covers("R038")
def test_one_at_least_stays_also_when_both_remove_each_other(app, world):
    with app.app_context():
        with transaction():
            give_role(make_user("second"), club_of(world), "club_admin")
        users = [admin.user_id for admin in admins_of(club_of(world))]

    def try_to(user_id):
        with app.app_context():
            try:
                with transaction(), scope(world.club):
                    remove_admin(user_id, club_of(world), actor=system_actor(world.club.id))
            except UserMistake:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_to, users)) == [False, True]
    with app.app_context():
        assert len(admins_of(club_of(world))) == 1


def test_rights_and_strangers(context, world):
    nobody = Actor(1, "Nobody", world.club.id, frozenset())
    with inside(world.club) as actor:
        with pytest.raises(Forbidden):
            invite_admin(club_of(world), first_name="A", last_name="B", email="a@b.example", actor=nobody)
        with pytest.raises(Forbidden):
            remove_admin(1, club_of(world), actor=nobody)
        stranger = db.session.scalars(select(User).where(User.username == "admin.b")).one()
        with pytest.raises(NotFound):
            remove_admin(stranger.id, club_of(world), actor=actor)


# --- links -------------------------------------------------------------------------------------------


@pytest.fixture
def link(app, world):
    """The secret of a link for somebody new in club A."""
    with app.app_context(), inside(world.club) as actor:
        contact = make_contact("Nele", "New", email_1="nele@club.example")
        return invite_admin(club_of(world), first_name="Nele", last_name="New", email="nele@club.example", contact_id=contact.id, actor=actor).token


def test_opening_a_link_changes_nothing_and_using_it_works_once(link, client, send, app, world):
    url = f"/invitation/{link}"
    for _look in range(3):
        page = client.get(url, headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert page.headers["Cache-Control"].startswith("no-store")
    assert "Welcome to Club A" in page.text and "nele@club.example" in page.text

    answer = send(client, url, {"new": "vogelhuis-blauw-73"})
    assert answer.status_code == 302
    assert client.get("/o/club-a/dashboard/").status_code == 200
    with app.app_context(), scope(world.club):
        role = db.session.scalars(select(OrganisationRole).join(User, User.id == OrganisationRole.user_id).where(User.email == "nele@club.example")).one()
        assert role.contact_id is not None
    assert app.test_client().get(url).status_code == 404


def test_wrong_old_and_withdrawn_links_are_dead(link, client, app, world):
    assert client.get("/invitation/nonsense").status_code == 404
    assert client.get(f"/invitation/{link[:20]}{'y' if link[20] == 'x' else 'x'}{link[21:]}").status_code == 404
    with app.app_context(), inside(world.club) as actor:
        (made,) = open_invitations(club_of(world))
        withdraw(made.id, club_of(world), actor=actor)
    assert client.get(f"/invitation/{link}").status_code == 404


def test_password_of_a_new_login_follows_the_rules(link, client, send, app):
    answer = send(client, f"/invitation/{link}", {"new": "welkom123"})
    assert answer.status_code == 422
    assert 'id="new-error"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User).where(User.email == "nele@club.example")) == 0


def test_somebody_who_is_logged_in_takes_the_role_with_that_login(link, login, send, app, world):
    client = login("admin.b")
    answer = send(client, f"/invitation/{link}", {})
    assert answer.status_code == 302
    assert client.get("/o/club-a/settings/admins/").status_code == 200
    with app.app_context():
        assert [admin.email for admin in admins_of(club_of(world))] == ["admin.a@koepel.example", "admin.b@koepel.example"]


def test_a_link_is_no_way_around_the_limit(link, app, world):
    with app.app_context():
        with transaction():
            fill(world, MOST_ADMINS)
        with transaction(), force_locale("en"), pytest.raises(UserMistake, match="6 administrators"):
            accept_with_login(link, db.session.scalars(select(User).where(User.username == "admin.b")).one())


def test_two_people_with_one_link_make_one_administrator(link, app, world):
    def try_to(name):
        with app.app_context():
            try:
                with transaction():
                    accept_with_login(link, db.session.scalars(select(User).where(User.username == name)).one())
            except NotFound:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_to, ["admin.b", "admin.c"])) == [False, True]


def test_secret_is_stored_nowhere(link, app):
    with app.app_context(), unscoped("looking at what is stored"):
        stored = db.session.scalars(select(Invitation)).one()
        assert offer_of(link).invitation.id == stored.id
        assert link not in (stored.token_hash, stored.email, stored.first_name)


# --- the page ----------------------------------------------------------------------------------------


@pytest.mark.covers("R033", "R037", "R038")
def test_page_lists_appoints_and_removes(login, send, app, world):
    with app.app_context():
        pk = member_contact(world)
    client = login("admin.a")
    page = client.get(ADMINS)
    assert page.status_code == 200 and "Admin Tester" in page.text and "The only one, so stays" in page.text

    wrong = send(client, f"{ADMINS}add", {"contact": str(pk), "password": "not mine"})
    assert wrong.status_code == 422 and "This is not your password." in wrong.text
    added = send(client, f"{ADMINS}add", {"contact": str(pk), "password": PASSWORD}, follow=True)
    assert "Mem Ber is an administrator now." in added.text

    user = re.findall(r"/settings/admins/(\d+)/remove", added.text)[-1]
    assert re.search(rf'<a[^>]*href="[^"]*/{user}/remove"[^>]*aria-label="Remove Login Tester"[^>]*>\s*<svg[^>]*data-icon="trash"', added.text)
    removed = send(client, f"{ADMINS}{user}/remove", {"password": PASSWORD}, follow=True)
    assert "Login Tester is not an administrator any more." in removed.text

    undo = re.search(r'action="([^"]+/settings/admins/back\?receipt=[^"]+)"', removed.text)[1]
    assert "Login Tester" not in re.findall(r'id="s-admins".*?</section>', removed.text, re.DOTALL)[0]
    for _twice in range(2):
        client.post(undo.replace("&amp;", "&"), data={"csrf_token": csrf_of(client.get(ADMINS).text)})
        back = client.get(ADMINS).text
        assert "Login Tester has the part back." in back and back.count('/remove"') == 2


def test_what_was_taken_away_comes_back_for_who_did_it_and_for_some_minutes(app, world):
    with app.app_context():
        pk = member_contact(world)
        with inside(world.club) as actor:
            by_me = replace(actor, user_id=admins_of(club_of(world))[0].user_id)
            user = appoint(db.session.get(Contact, pk), club_of(world), actor=by_me)
            receipt = receipt_of(user.id, "club_admin", club_of(world), actor=by_me)
            remove_admin(user.id, club_of(world), actor=by_me)
            assert receipt_of(by_me.user_id, "club_admin", club_of(world), actor=by_me) is None, "not one's own"
        for other in (replace(by_me, user_id=user.id), replace(by_me, permissions=frozenset(), is_system=False)):
            with inside(world.club), pytest.raises((NotFound, Forbidden)):
                put_back(receipt, club_of(world), actor=other)
        middle = receipt[:9] + ("A" if receipt[9] != "A" else "B") + receipt[10:]
        with inside(world.club), pytest.raises(UserMistake, match="any more"):
            put_back(middle, club_of(world), actor=by_me)
        with time_machine.travel(clock.now() + UNDO_FOR + timedelta(seconds=2)), inside(world.club), pytest.raises(UserMistake, match="any more"):
            put_back(receipt, club_of(world), actor=by_me)
        with inside(world.club):
            fill(world, MOST_ADMINS)
            with pytest.raises(UserMistake, match="the most"):
                put_back(receipt, club_of(world), actor=by_me)


def test_page_shows_a_link_for_a_contact_without_login(login, send, app, world):
    with app.app_context(), inside(world.club):
        pk = make_contact("Nele", "New", email_1="nele@club.example").id
        without = make_contact("No", "Mail").id
    client = login("admin.a")
    answer = send(client, f"{ADMINS}add", {"contact": str(pk), "password": PASSWORD})
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    assert re.search(r'value="http[^"]+/invitation/[\w-]{43}"', answer.text)
    assert "Link not used yet" in client.get(ADMINS).text
    refused = send(client, f"{ADMINS}add", {"contact": str(without), "password": PASSWORD})
    assert refused.status_code == 422 and "no e-mail address 1" in refused.text


def test_wrong_passwords_are_counted_like_failed_logins(login, send, app, world):
    with app.app_context():
        pk = member_contact(world)
    client = login("admin.a")
    answers = [send(client, f"{ADMINS}add", {"contact": str(pk), "password": f"guess {number}"}) for number in range(6)]
    assert "too many attempts" in answers[-1].text


def test_contacts_of_other_clubs_cannot_be_chosen(login, send, app, world):
    with app.app_context(), inside(world.other_club):
        theirs = make_contact("Bob", "Theirs", email_1="bob@other.example").id
    client = login("admin.a")
    for wanted in (str(theirs), "", "999999999999", "x"):
        answer = send(client, f"{ADMINS}add", {"contact": wanted, "password": PASSWORD})
        assert answer.status_code == 422 and "Choose a contact from the list." in answer.text


def test_members_and_strangers_do_not_get_in(login, client, world):
    for path in ("", "add"):
        assert login("member.a").get(ADMINS + path).status_code == 403
        assert login("admin.b").get(ADMINS + path).status_code == 404
        assert client.get(ADMINS + path).status_code == 302
