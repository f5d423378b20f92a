"""Several clubs, one person: linking two logins, going from one to the other, and unlinking."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from core import clock
from core.access import system_actor
from core.audit.models import AuditEntry
from core.db import db, transaction
from core.organisations.services import set_setting
from core.tenancy import unscoped
from core.testing.factories import PASSWORD, inside, make_contact
from core.testing.plugin import csrf_of
from core.users.finding import HITS
from core.users.models import LoginAttempt, OrganisationRole, User, UserLink, UserSession
from core.users.services import deactivate, set_password
from tests.core.users.conftest import mails

LINKED, ADD = "/o/club-a/account/linked/", "/o/club-a/account/linked/add"
HOME = {"club-a": "/o/club-a/dashboard/", "club-b": "/o/club-b/dashboard/"}


def user(name):
    return db.session.scalars(select(User).where(User.username == name)).one()


def links(app):
    with app.app_context():
        return db.session.scalars(select(UserLink)).all()


def link(client, send, name="admin.b", password=PASSWORD):
    return send(client, ADD, {"username": name, "password": password})


def switch(client, app, name, slug, *, page="/o/club-a/account/", **more):
    with app.app_context():
        number = user(name).id
    return client.post("/switch-user/", data={"csrf_token": csrf_of(client.get(page).text), "user": number, "organisation": slug, **more})


@pytest.fixture
def both(app, world, login, send):
    """admin.a, logged in and linked to admin.b."""
    client = login("admin.a")
    assert link(client, send).status_code == 302
    return client


@pytest.mark.covers("R022", "R024", "R025")
def test_typing_the_details_once_links_and_one_goes_there_and_back(app, world, login, send):
    client = login("admin.a")
    menu = client.get("/o/club-a/dashboard/").text
    assert 'href="/o/club-a/account/"' in menu
    assert LINKED in client.get("/o/club-a/account/").text
    assert ADD in client.get(LINKED).text
    answer = send(client, ADD, {"username": "ADMIN.B", "password": PASSWORD}, follow=True)
    assert "admin.b is linked" in answer.text
    assert "Club B" in client.get(HOME["club-a"]).text
    before = client.get_cookie("koepel_session").value
    assert switch(client, app, "admin.b", "club-b").headers["Location"] == HOME["club-b"]
    assert client.get_cookie("koepel_session").value != before
    assert client.get(HOME["club-b"]).status_code == 200
    assert "Club A" in client.get(HOME["club-b"]).text
    old = app.test_client()
    old.set_cookie("koepel_session", before)
    assert old.get(HOME["club-a"]).status_code == 302  # the secret of before is worth nothing
    assert switch(client, app, "admin.a", "club-a", page=HOME["club-b"]).status_code == 302
    assert client.get(HOME["club-a"]).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(UserLink.proof)).all() == ["password"]
        with unscoped("looking at the log in a test"):
            assert db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_type == "ab_user")).all() == ["ab_user.linked"]
    told = {mail.to_address for mail in mails(app)}
    assert told == {"admin.a@koepel.example", "admin.b@koepel.example"}


def test_a_stale_tab_stores_nothing_after_switching(app, both):
    token = csrf_of(both.get(HOME["club-a"]).text)
    switch(both, app, "admin.b", "club-b")
    for slug in ("club-a", "club-b"):
        answer = both.post(f"/o/{slug}/crm/contacts/add", data={"csrf_token": token, "first_name": "Stale", "last_name": "Tab"})
        assert answer.status_code in (400, 404)
    assert "Stale" not in both.get("/o/club-b/crm/contacts/").text


def test_a_page_of_the_other_club_asks_before_going_on_as_the_linked_login(app, both):
    answer = both.get("/o/club-b/crm/contacts/?q=x")
    assert answer.status_code == 302
    page = both.get(answer.headers["Location"])
    assert "Go on as Admin Tester" in page.text
    assert both.post("/o/club-b/crm/contacts/select", data={"csrf_token": csrf_of(page.text)}).status_code == 404
    data = dict(re.findall(r'name="(csrf_token|user|organisation|next)" value="([^"]*)"', page.text))
    assert both.post("/switch-user/", data=data).headers["Location"] == "/o/club-b/crm/contacts/?q=x"


def test_unlinking_from_either_side_stops_switching_at_once(app, both, login):
    there = login("admin.a")
    assert switch(there, app, "admin.b", "club-b").status_code == 302
    other = login("admin.b")
    number = links(app)[0].id
    stranger = login("admin.c")
    token = csrf_of(stranger.get("/o/club-c/account/").text)
    assert stranger.post(f"/o/club-c/account/linked/{number}/unlink", data={"csrf_token": token}).status_code == 404
    token = csrf_of(other.get("/o/club-b/account/linked/").text)
    assert other.post(f"/o/club-b/account/linked/{number}/unlink", data={"csrf_token": token}).status_code == 302
    assert links(app) == []
    assert switch(both, app, "admin.b", "club-b").status_code == 404
    assert both.get(HOME["club-b"]).status_code == 404
    assert there.get(HOME["club-b"]).status_code == 302  # who was there through the link is out
    assert len(mails(app)) == 4


@pytest.mark.parametrize("end", [lambda who: set_password(who, "another-password-9"), lambda who: deactivate(who, actor=system_actor(None))])
def test_another_password_or_a_closed_login_ends_the_link(app, both, end):
    switch(both, app, "admin.b", "club-b")
    with app.app_context(), transaction():
        end(user("admin.a"))  # the one that logged in: what it reached ends too
    assert both.get(HOME["club-b"]).status_code == 302
    with app.app_context():
        assert db.session.scalars(select(UserSession)).all() == []
        assert db.session.scalars(select(UserLink)).all() == []


def test_links_do_not_chain(app, both, login, send):
    """Through a link one reaches the other login, not whatever that one is linked to."""
    other = login("admin.b")
    assert send(other, "/o/club-b/account/linked/add", {"username": "admin.c", "password": PASSWORD}).status_code == 302
    switch(both, app, "admin.b", "club-b")
    assert switch(both, app, "admin.c", "club-c", page=HOME["club-b"]).status_code == 404
    assert "came here from another user" in both.get("/o/club-b/account/linked/").text
    assert both.get("/o/club-b/account/linked/add").status_code == 302
    assert switch(both, app, "admin.f", "federation-f", page=HOME["club-b"]).status_code == 404


def test_thirty_wrong_passwords_are_slow_on_this_door_as_on_the_login_page(app, world, login, send):
    client = login("member.a")
    page = "/o/club-a/account/linked/add"
    with time_machine.travel(clock.now(), tick=False):
        codes = [link(client, send, "admin.b", "wrong").status_code for _time in range(30)]
        assert codes == [422] * 5 + [429] * 25
        assert link(client, send).status_code == 429  # the right one too, now
        fresh = app.test_client()
        answer = fresh.post("/login/", data={"csrf_token": csrf_of(fresh.get("/login/").text), "username": "admin.b", "password": PASSWORD})
        assert answer.status_code == 429  # one count for all doors
    with app.app_context():
        assert "account:admin.b" in db.session.scalars(select(LoginAttempt.key)).all()
    assert links(app) == []
    texts = [re.search(r"do not belong together", send(client, page, {"username": name, "password": "x"}).text) for name in ("nobody.x", "admin.c")]
    assert all(texts)


def test_oneself_and_a_linked_one_are_not_linked_again(app, both, send):
    assert "the login you use now" in link(both, send, "admin.a").text
    assert "linked already" in link(both, send).text
    assert len(links(app)) == 1


# --- suggestions -------------------------------------------------------------------------------------


def as_person(world, name, club, **values):
    """Let a login be a contact of a club."""
    with inside(club):
        contact = make_contact("Ann", "Mertens", **values)
        row = db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user(name).id)).one()
        row.contact_id = contact.id
        db.session.flush()


def handles(html):
    return re.findall(r"suggested\?handle=([^\"]+)", html)


@pytest.mark.covers("R023")
@pytest.mark.parametrize("hits", [True, False])
def test_the_same_person_is_suggested_only_where_a_club_shows_hits(app, world, login, hits):
    with app.test_request_context():
        as_person(world, "admin.a", world.club, birth_date=date(1960, 5, 4), email_1="private@home.example")
        as_person(world, "admin.b", world.other_club, birth_date=date(1960, 5, 4), email_1="hidden@home.example")
        as_person(world, "admin.c", world.foreign_club, birth_date=date(1960, 5, 5))
        with transaction(), unscoped("arranging a test"):
            set_setting(db.session.merge(world.federation), HITS, hits)
    page = login("admin.a").get(LINKED).text
    assert len(handles(page)) == (1 if hits else 0)
    found = page[page.index("s-suggestions") :]
    assert ("Club B" in found) is hits
    assert [secret for secret in ("hidden@home", "admin.b", "Club C", "1960") if secret in found] == []


@pytest.mark.covers("R023")
def test_a_suggestion_with_the_same_proven_address_is_linked_by_mail(app, world, login, send):
    with app.app_context(), transaction():
        for name in ("admin.a", "admin.b"):
            user(name).mail_address = "ann@home.example"
        user("admin.c").email = "ann@home.example"
    client = login("admin.a")
    page = client.get(LINKED).text
    assert "admin.b" in page and "admin.c" in page
    assert handles(login("admin.c").get("/o/club-c/account/linked/").text) == []  # nobody proved that address is hers
    handle = handles(page)[0]
    other = login("admin.b")
    assert other.get(f"/o/club-b/account/linked/suggested?handle={handle}").status_code == 302  # a handle of somebody else
    form = client.get(f"/o/club-a/account/linked/suggested?handle={handle}").text
    data = {"csrf_token": csrf_of(form), "handle": re.search(r'name="handle" value="([^"]+)"', form)[1]}
    for _time in range(3):
        assert client.post("/o/club-a/account/linked/mail", data=data).status_code == 200
    assert [mail.to_address for mail in mails(app)] == ["ann@home.example"]
    path = re.search(r"http://[^/\s]+(/link-login/\S+)", mails(app)[0].text)[1]
    assert [client.get(path).status_code for _time in range(3)] == [200] * 3
    assert links(app) == []  # opening links nothing
    assert "Log in as admin.a first" in app.test_client().get(path).text
    token = csrf_of(other.get("/o/club-b/account/").text)
    other.post(path, data={"csrf_token": token})
    assert links(app) == []  # neither does the owner of the other login alone
    assert client.get(f"{path[:-12]}{'y' if path[-12] == 'x' else 'x'}{path[-11:]}").status_code == 404
    assert client.get("/login-link/" + path.rpartition("/")[2]).status_code == 404
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        assert app.test_client().get(path).status_code == 404
    assert send(client, path, {}).status_code == 302
    assert [one.proof for one in links(app)] == ["mail"]
    assert client.get(path).status_code == 404
    assert client.post(path, data=data).status_code == 404


def test_a_suggestion_is_linked_with_its_password(app, world, login):
    with app.app_context(), transaction():
        for name in ("admin.a", "admin.b"):
            user(name).mail_address = "ann@home.example"
    client = login("admin.a")
    handle = handles(client.get(LINKED).text)[0]
    form = client.get(f"/o/club-a/account/linked/suggested?handle={handle}").text
    data = {"csrf_token": csrf_of(form), "handle": re.search(r'name="handle" value="([^"]+)"', form)[1], "password": PASSWORD}
    assert client.post("/o/club-a/account/linked/suggested", data={**data, "password": "no"}).status_code == 422
    assert client.post("/o/club-a/account/linked/suggested", data=data).status_code == 302
    assert len(links(app)) == 1


@pytest.mark.parametrize(("number", "slug"), [("0", "club-b"), ("x", "club-b"), ("99999999", "club-b"), ("", "")])
def test_nonsense_for_the_switch_is_not_found(both, number, slug):
    token = csrf_of(both.get("/o/club-a/account/").text)
    assert both.post("/switch-user/", data={"csrf_token": token, "user": number, "organisation": slug}).status_code == 404
    assert both.get(f"/switch-user/?user={number}&organisation={slug}").status_code == 404
