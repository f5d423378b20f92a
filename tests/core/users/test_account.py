"""One's own login: another password, and where one is logged in."""

import re

import pytest
from sqlalchemy import func, select

from core.db import db
from core.testing.factories import PASSWORD
from core.users.models import UserSession
from core.users.views.account import device_of

ACCOUNT, CHANGE, NEW = "/o/club-a/account/", "/o/club-a/account/password", "vogelhuis-blauw-73"


def test_password_change_asks_the_present_one(login, send, world):
    client = login("admin.a")
    answer = send(client, CHANGE, {"password": "wrong", "new": NEW})
    assert answer.status_code == 422 and 'id="password-error"' in answer.text
    answer = send(client, CHANGE, {"password": PASSWORD, "new": "welkom123"})
    assert answer.status_code == 422 and 'id="new-error"' in answer.text


def test_password_change_ends_all_other_logins_and_renews_this_one(login, send, app, world):
    here, elsewhere = login("admin.a"), login("admin.a")
    kept = here.get_cookie("koepel_session").value
    answer = send(here, CHANGE, {"password": PASSWORD, "new": NEW}, follow=True)
    assert "Your password was changed." in answer.text
    assert elsewhere.get(ACCOUNT).status_code == 302
    thief = app.test_client()
    thief.set_cookie("koepel_session", kept)
    assert thief.get(ACCOUNT).status_code == 302
    with pytest.raises(AssertionError):
        login("admin.a")  # the old password is worth nothing
    fresh = app.test_client()
    assert send(fresh, "/login/", {"username": "admin.a", "password": NEW}).status_code == 302


def test_sessions_are_listed_and_ended(login, send, world, app):
    here, elsewhere, other_person = login("admin.a"), login("admin.a"), login("member.a")
    page = here.get(ACCOUNT).text
    ids = re.findall(r"/account/sessions/(\d+)/end", page)
    assert len(ids) == 1 and page.count("This device") == 1
    foreign = re.findall(r"/account/sessions/(\d+)/end", elsewhere.get(ACCOUNT).text)
    assert send(other_person, ACCOUNT, {}, to=f"{ACCOUNT}sessions/{foreign[0]}/end").status_code == 404
    send(here, ACCOUNT, {}, to=f"{ACCOUNT}sessions/{ids[0]}/end")
    assert elsewhere.get(ACCOUNT).status_code == 302
    assert here.get(ACCOUNT).status_code == 200


def test_all_others_end_at_once(login, send, world, app):
    here, elsewhere, other_person = login("admin.a"), login("admin.a"), login("member.a")
    send(here, ACCOUNT, {}, to=f"{ACCOUNT}sessions/end-others")
    assert (here.get(ACCOUNT).status_code, elsewhere.get(ACCOUNT).status_code, other_person.get(ACCOUNT).status_code) == (200, 302, 200)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(UserSession)) == 2


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/125.0 Safari/537.36 Edg/125.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605 Version/17.5 Safari/604", "Safari, iPad"),
        ("curl/8.5", "curl"),
        ("", "Unknown device"),
    ],
)
def test_devices_in_words(context, agent, expected):
    assert device_of(agent) == expected
