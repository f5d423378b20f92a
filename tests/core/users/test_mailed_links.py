"""Getting in with a link by mail: once, for one purpose, for a short time, and without telling who is known."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from core import clock
from core.access import system_actor
from core.db import db, transaction
from core.testing.plugin import csrf_of
from core.users.models import User
from core.users.services import deactivate, set_password
from core.users.services.mailed_links import mail_links
from tests.core.users.conftest import last_link, mails
from tests.core.users.test_lookup import stable

ASK = "/login-link/"


def ask(app, name, *, address="192.0.2.1", page=ASK):
    client = app.test_client()
    token = csrf_of(client.get(page).text)
    return client.post(page, data={"csrf_token": token, "name": name}, environ_base={"REMOTE_ADDR": address})


def link_for(app, name, page=ASK):
    ask(app, name, page=page)
    return re.sub(r"^https?://[^/]+", "", last_link(app))


def opens(app, path):
    return app.test_client().get(path).status_code == 200


def test_get_three_times_then_post_and_never_again(app, world, send):
    path = link_for(app, "admin.a@koepel.example")
    client = app.test_client()
    assert [client.get(path).status_code for _time in range(3)] == [200] * 3
    assert client.get("/o/club-a/dashboard/").status_code == 302  # opening it is not enough
    assert send(client, path, {}).status_code == 302
    assert client.get("/o/club-a/dashboard/").status_code == 200
    other = app.test_client()
    assert other.get(path).status_code == 404
    assert other.post(path, data={"csrf_token": csrf_of(other.get("/login/").text)}).status_code == 404
    assert mails(app)[0].to_address == "admin.a@koepel.example"


def test_a_post_without_a_token_of_the_page_does_nothing(app, world):
    path = link_for(app, "admin.a")
    assert app.test_client().post(path).status_code == 400
    assert opens(app, path)


def test_the_answer_never_tells_who_is_known(app, world):
    with app.app_context(), transaction():
        deactivate(db.session.scalars(select(User).where(User.username == "member.a")).one(), actor=system_actor(None))
    for page in (ASK, "/new-password/"):
        answers = [
            stable(ask(app, name, address=f"192.0.2.{number}", page=page))
            for number, name in enumerate(["nobody@home.example", "admin.a@koepel.example", "ADMIN.B", "member.a"])
        ]
        assert [answer == answers[0] for answer in answers] == [True] * 4
        assert answers[0][:2] == (302, f"{page}sent")
    assert sorted(mail.to_address for mail in mails(app)) == ["admin.a@koepel.example"] * 2 + ["admin.b@koepel.example"] * 2


def test_a_link_is_bound_to_its_purpose_its_time_and_every_character(app, world):
    path = link_for(app, "admin.a")
    token = path.rpartition("/")[2]
    middle = len(token) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    assert opens(app, path)
    assert not opens(app, f"/login-link/{altered}")
    assert not opens(app, f"/new-password/{token}")
    assert not opens(app, f"/invitation/{token}")
    with time_machine.travel(clock.now() + timedelta(minutes=15), tick=False):
        assert not opens(app, path)
    other = link_for(app, "admin.b", page="/new-password/").rpartition("/")[2]
    assert opens(app, f"/new-password/{other}") and not opens(app, f"/login-link/{other}")
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        assert not opens(app, f"/new-password/{other}")


def test_a_newer_link_kills_the_older(app, world):
    first = link_for(app, "admin.a")
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        second = link_for(app, "admin.a")
        assert first != second and not opens(app, first) and opens(app, second)


@pytest.mark.parametrize("what", ["set_password", "deactivate"])
def test_a_link_dies_with_what_happens_to_the_login(app, world, what):
    path = link_for(app, "admin.a")
    with app.app_context(), transaction():
        user = db.session.scalars(select(User).where(User.username == "admin.a")).one()
        _done = set_password(user, "another-pass-2") if what == "set_password" else deactivate(user, actor=system_actor(None))
    assert not opens(app, path)


def test_asking_is_limited_per_address_and_per_login(app, world):
    assert [ask(app, f"name{n}").status_code for n in range(6)] == [302] * 5 + [429]
    for number in range(10):
        ask(app, "admin.a", address=f"198.51.100.{number}")
    assert len(mails(app)) == 1


def test_a_new_password_follows_the_rules_and_ends_every_login(app, world, login, send):
    before = login("admin.a")
    path = link_for(app, "admin.a", page="/new-password/")
    client = app.test_client()
    for data, field in (({"new": "welkom123", "again": "welkom123"}, "new"), ({"new": "vogelhuis-blauw-73", "again": "vogelhuis"}, "again")):
        refused = send(client, path, data)
        assert (refused.status_code, re.findall(r'id="(\w+)-error"', refused.text)) == (422, [field])
    assert send(client, path, {"new": "vogelhuis-blauw-73", "again": "vogelhuis-blauw-73"}).status_code == 302
    assert before.get("/o/club-a/dashboard/").status_code == 302
    assert client.get("/o/club-a/dashboard/").status_code == 200
    assert not opens(app, path)


def test_logins_of_the_demo_get_no_link_in_production(app, world):
    with app.app_context(), transaction():
        db.session.scalars(select(User).where(User.username == "admin.a")).one().is_demo = True
        assert mail_links("admin.a", "login", address_of=str, site="", demo_allowed=False) == 0
        assert mail_links("admin.a", "login", address_of=str, site="", demo_allowed=True) == 1
