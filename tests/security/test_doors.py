"""Getting in: guessing is slow on every door, tells nothing, and a login that ended stays ended."""

from __future__ import annotations

import re
import secrets
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from argon2 import Type, extract_parameters
from sqlalchemy import delete, select

from core.access import system_actor
from core.db import db, transaction
from core.factors.services import codes
from core.testing.factories import PASSWORD, inside, make_contact, make_user
from core.testing.house import ROOT
from core.testing.plugin import csrf_of
from core.users import throttle
from core.users.models import LoginAttempt, OrganisationRole, User, UserSession
from core.users.passwords import hash_password
from core.users.services import change_password, deactivate, give_role, set_password
from core.users.services.admins import remove_admin

#: of each kind of account
TRIES = 15


def attempt(client, username, password, address="192.0.2.1", **headers):
    page = client.get("/login/", environ_base={"REMOTE_ADDR": address})
    data = {"username": username, "password": password, "csrf_token": csrf_of(page.text)}
    return client.post("/login/", data=data, environ_base={"REMOTE_ADDR": address}, headers=headers)


def stable(html, username):
    """A page without what is new each time."""
    html = html.replace(username, "NAME")
    return re.sub(r'(name="csrf_token"[^>]*value=|name="csrf-token" content=|nonce=)"[^"]*"', r'\1""', html)


@pytest.fixture
def accounts(app, world, slow_passwords):
    """One name for each kind of account an attacker may meet."""
    with app.app_context(), transaction():
        for name, change in (
            ("inactive.x", {"active": False, "password": hash_password(PASSWORD)}),
            ("invited.x", {"password": None}),
            ("fabrique.x", {"password": "scrypt:32768:8:1$abcdefgh$" + "0" * 128}),
            ("broken.x", {"password": "$argon2id$nonsense"}),
        ):
            user = make_user(name)
            for key, value in change.items():
                setattr(user, key, value)
    return ["admin.a", "nobody.x", "inactive.x", "invited.x", "broken.x", "fabrique.x"]


def test_all_refusals_look_the_same(app, world, accounts):
    pages = {}
    for number, name in enumerate(accounts):
        answer = attempt(app.test_client(), name, "wrong-password-1", f"192.0.2.{number}")
        pages[name] = (answer.status_code, stable(answer.text, name), sorted(h for h, _v in answer.headers if h != "Set-Cookie"))
    assert {page[0] for page in pages.values()} == {422}
    assert [name for name in accounts if pages[name] != pages["nobody.x"]] == []


def test_a_hash_is_slow_on_purpose(slow_passwords):
    """At least what OWASP advises for argon2id."""
    found = extract_parameters(hash_password("x"))
    assert found.type is Type.ID and found.memory_cost >= 19 * 1024 and found.time_cost >= 2


@pytest.mark.once
def test_all_refusals_cost_a_hash(app, world, accounts):
    """Time of the processor, not of the clock: a busy machine does not blur it."""
    visitors = {name: app.test_client() for name in accounts}
    tokens = {name: csrf_of(visitors[name].get("/login/").text) for name in accounts}
    times = {name: [] for name in accounts}
    for number in range(TRIES):
        for name in accounts[number % len(accounts) :] + accounts[: number % len(accounts)]:  # in turn, so that what disturbs disturbs all of them
            data = {"username": name, "password": "wrong-password-1", "csrf_token": tokens[name]}
            begun = time.process_time()
            visitors[name].post("/login/", data=data, environ_base={"REMOTE_ADDR": f"198.51.100.{number}"})
            times[name].append(time.process_time() - begun)
        with app.app_context(), transaction():
            db.session.execute(delete(LoginAttempt))  # or the door would answer at once
    print("\nmedians of refusals, in ms:", {name: round(1000 * statistics.median(found), 1) for name, found in times.items()})
    spent = {name: statistics.mean(sorted(found)[:5]) for name, found in times.items()}  # those least disturbed by what else runs here
    fabrique = spent.pop("fabrique.x")  # an old hash costs its own check too, until the next login
    assert max(spent.values()) < 1.15 * min(spent.values()), spent
    assert fabrique > min(spent.values())


@time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False)
def test_thirty_wrong_passwords_are_slowed_down_and_others_are_not(app, world):
    client = app.test_client()
    codes = [attempt(client, "admin.a", f"wrong-{n}").status_code for n in range(30)]
    assert (codes[:4], codes[-1]) == ([422] * 4, 429)
    assert attempt(app.test_client(), "admin.a", PASSWORD, "203.0.113.9").status_code == 429
    assert attempt(app.test_client(), "admin.b", PASSWORD, "203.0.113.9").status_code == 302


def test_thirty_wrong_codes_are_slowed_down_and_the_right_one_too(app, world):
    """The second step: of whoever stands here the password is known, so waiting grows to a quarter of an hour."""
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False) as clock:
        with app.app_context(), transaction():
            user = db.session.scalars(select(User).where(User.username == "admin.a")).one()
            factor = codes.app_to_confirm(user)
            factor.confirmed_at = user.second_factor_at = datetime.now(UTC)
            maker = pyotp.TOTP(codes.secret_of(factor))
        client = app.test_client()
        attempt(client, "admin.a", PASSWORD)

        def step(code, address="192.0.2.1"):
            data = {"code": code, "csrf_token": csrf_of(client.get("/login/second-step").text)}
            return client.post("/login/second-step", data=data, environ_base={"REMOTE_ADDR": address}).status_code

        found = [step("12345x") for _number in range(30)]
        assert (found[:5], set(found[5:])) == ([422] * 5, {429})
        assert step(maker.now(), "203.0.113.9") == 429
        assert attempt(app.test_client(), "admin.b", PASSWORD, "203.0.113.9").status_code == 302
        for number in range(14):
            clock.shift(throttle.LONGEST_OF_CODES + timedelta(seconds=1))
            attempt(client, "admin.a", PASSWORD)
            assert step("12345x", f"198.51.100.{number}") == 422
            assert step("12345x", f"198.51.100.{number}") == 429
        clock.shift(throttle.LONGEST + timedelta(seconds=1))
        attempt(client, "admin.a", PASSWORD)
        assert step(maker.now(), "203.0.113.10") == 429, "half a minute is not enough any more, and the right password does not help"
        clock.shift(throttle.LONGEST_OF_CODES)
        attempt(client, "admin.a", PASSWORD)
        assert step(maker.now(), "203.0.113.11") == 302


def test_thirty_wrong_passwords_where_it_is_asked_again_count_as_at_the_door(app, world, login):
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False):
        client, page = login("admin.a"), "/o/club-a/account/password"
        token = csrf_of(client.get(page).text)
        said = [client.post(page, data={"csrf_token": token, "password": f"wrong-{n}", "new": "vogelhuis-blauw-73"}).text for n in range(30)]
        slowed = ["too many attempts" in text for text in said]
        assert (slowed[:5], set(slowed[5:])) == ([False] * 5, {True})
        assert "too many attempts" in client.post(page, data={"csrf_token": token, "password": PASSWORD, "new": "vogelhuis-blauw-73"}).text
        assert attempt(app.test_client(), "admin.a", PASSWORD, "203.0.113.9").status_code == 429, "one count for all doors"


#: where the own password is typed again, and what else the form needs; exports have a test of their own (tests/core/exports)
ASKED_AGAIN = {
    "account/password": {"new": "vogelhuis-blauw-73"},
    "settings/admins/add": {"contact": "1"},
    "settings/admins/parts/add": {"contact": "1", "role": "members"},
    "my/privacy/download": {},
    "account/second-factor/": {"code": "123456"},
    "account/passkeys/question": {"name": "My phone"},
}


@pytest.mark.parametrize("path", ASKED_AGAIN)
def test_the_own_password_is_asked_again_on_every_page_with_the_same_count(app, world, login, path):
    with app.app_context(), inside(world.club):
        contact = make_contact("Ann", "Admin")
        db.session.scalars(select(OrganisationRole).join(User).where(User.username == "admin.a")).one().contact_id = contact.id
        db.session.flush()
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False):
        client = login("admin.a")
        data = {"csrf_token": csrf_of(client.get("/o/club-a/account/password").text), **ASKED_AGAIN[path]}
        said = [client.post(f"/o/club-a/{path}", data={**data, "password": f"wrong-{n}"}).text for n in range(6)]
        assert ["This is not your password" in text for text in said] == [True] * 5 + [False]
        assert "too many attempts" in said[-1]
        assert "too many attempts" in client.post(f"/o/club-a/{path}", data={**data, "password": PASSWORD}).text, "the right one too"


def test_a_password_is_compared_in_one_room_that_counts():
    """A door that compares by itself would be a door without a count."""
    calls = {
        str(path.relative_to(ROOT))
        for folder in ("core", "plugins", "federations")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bverify_password\(|check_password_hash|PasswordHasher\(", path.read_text("utf-8")) and "tests" not in path.parts
    }
    assert calls == {"core/users/passwords.py", "core/users/services/accounts.py", "core/testing/plugin.py"}


def test_guessed_links_and_guessed_children_open_nothing(app, world, login):
    """256 bits are not guessed; what is no secret (the number of a contact) opens nothing without a right."""
    visitor, member = app.test_client(), login("member.a")
    token = csrf_of(visitor.get("/login/").text)
    for door in ("login-link", "new-password", "invitation", "link-login"):
        path = f"/{door}/{secrets.token_urlsafe(32)}"
        assert (visitor.get(path).status_code, visitor.post(path, data={"csrf_token": token}).status_code) == (404, 404)
    with app.app_context(), inside(world.club):
        numbers = [make_contact(f"Child {n}").id for n in range(10)]
    data = {"csrf_token": csrf_of(member.get("/o/club-a/account/password").text), "organisation": "club-a"}
    assert {member.post("/act-for/", data={**data, "person": str(number)}).status_code for number in range(numbers[0], numbers[0] + 30)} == {404}
    assert visitor.get("/o/club-a/dashboard/").status_code == 302


@time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False)
def test_spraying_many_names_from_one_address_is_slowed_down(app, world):
    client = app.test_client()
    codes = [attempt(client, f"name{n}", "wrong-1").status_code for n in range(30)]
    assert (codes[:20], codes[-1]) == ([422] * 20, 429)


@time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False)
def test_a_forged_address_does_not_reset_the_count(app, world):
    client = app.test_client()
    for number in range(8):
        answer = attempt(client, "admin.a", f"wrong-{number}", X_Forwarded_For=f"203.0.113.{number}")
    assert answer.status_code == 429


def test_nobody_is_locked_out_for_good(app, world):
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False) as clock:
        client = app.test_client()
        for _number in range(20):
            attempt(client, "admin.a", "wrong-1")
        clock.shift(throttle.LONGEST + timedelta(seconds=1))
        assert attempt(client, "admin.a", PASSWORD).status_code == 302


def test_wrong_passwords_at_the_same_moment_are_all_counted(app, world):
    """From several web processes too: none is lost, none gives an error."""

    def wrong(number):
        with app.app_context():
            try:
                with transaction():
                    throttle.record_failure("admin.a", f"192.0.2.{number % 3}")
            finally:
                db.session.remove()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(wrong, range(24)))
    with app.app_context():
        counted = dict(db.session.execute(select(LoginAttempt.key, LoginAttempt.failures)).all())
    assert counted == {"account:admin.a": 24, "all": 24, **{f"address:192.0.2.{number}": 8 for number in range(3)}}


def test_wrong_passwords_are_counted_in_the_database(app, world):
    """So that several web processes count together."""
    attempt(app.test_client(), "admin.a", "wrong-1")
    with app.app_context():
        assert sorted(db.session.scalars(select(LoginAttempt.key))) == ["account:admin.a", "address:192.0.2.1", "all"]


# --- a login that ended ------------------------------------------------------------------------------


def cookie_of(client):
    return client.get_cookie("koepel_session").value


def opens(app, cookie):
    """Does this copy of a cookie still open a page?"""
    thief = app.test_client()
    thief.set_cookie("koepel_session", cookie)
    return thief.get("/o/club-a/dashboard/").status_code == 200


def test_a_copied_cookie_is_dead_after_logout(app, login):
    client = login("admin.a")
    client.get("/o/club-a/dashboard/")
    cookie = cookie_of(client)
    assert opens(app, cookie)
    client.post("/logout/", data={"csrf_token": csrf_of(client.get("/o/club-a/api-keys/add").text)})
    assert not opens(app, cookie)


@pytest.mark.parametrize("what", ["set_password", "deactivate", "change_password"])
def test_a_copied_cookie_is_dead_after(app, world, login, what):
    client = login("admin.a")
    client.get("/o/club-a/dashboard/")
    cookie = cookie_of(client)
    assert opens(app, cookie)
    with app.app_context(), transaction():
        user = db.session.scalars(select(User).where(User.username == "admin.a")).one()
        deeds = {
            "set_password": lambda: set_password(user, "another-long-pass-2"),
            "change_password": lambda: change_password(user, "another-long-pass-2"),
            "deactivate": lambda: deactivate(user, actor=system_actor(None)),
        }
        deeds[what]()
    assert not opens(app, cookie)


def test_a_copied_cookie_is_dead_after_the_part_is_taken_away(app, world, login):
    client = login("admin.a")
    client.get("/o/club-a/dashboard/")
    cookie = cookie_of(client)
    with app.app_context(), inside(world.club) as actor:
        give_role(make_user("second"), world.club, "club_admin")
        remove_admin(db.session.scalars(select(User.id).where(User.username == "admin.a")).one(), db.session.merge(world.club), actor=actor)
    assert not opens(app, cookie)


def test_a_login_ends_when_it_is_idle_and_at_its_last_hour(app, world, login):
    config = app.config["KOEPEL"]
    with time_machine.travel(datetime(2027, 3, 1, 8, tzinfo=UTC), tick=False) as clock:
        idle, busy = login("admin.a"), login("admin.b")
        for _hour in range(config.session_hours - 1):
            clock.shift(timedelta(hours=1))
            assert busy.get("/o/club-b/dashboard/").status_code == 200
        assert idle.get("/o/club-a/dashboard/").status_code == 302
        clock.shift(timedelta(hours=1, minutes=1))
        assert busy.get("/o/club-b/dashboard/").status_code == 302


def test_each_login_has_a_secret_of_its_own_of_which_only_a_hash_is_kept(app, login):
    tokens = []
    for _time in range(2):
        with login("admin.a").session_transaction() as session:
            tokens.append(session["sid"])
    assert len(set(tokens)) == 2 and min(map(len, tokens)) >= 43
    with app.app_context():
        stored = db.session.scalars(select(UserSession.token_hash)).all()
    assert not set(tokens) & set(stored)


def test_a_session_of_before_the_login_is_not_taken_over(app, world):
    """Fixation: what an attacker planted is gone after the login."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"], session["planted"] = "planted", "yes"
    attempt(client, "admin.a", PASSWORD)
    with client.session_transaction() as session:
        assert session["sid"] != "planted" and "planted" not in session


def test_logging_out_takes_a_post(login):
    client = login("admin.a")
    assert client.get("/logout/").status_code == 405
    assert client.get("/o/club-a/dashboard/").status_code == 200
