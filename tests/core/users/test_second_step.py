"""The second step of logging in: setting it up, being asked it on every door, and losing the phone."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select

from core.db import db, transaction
from core.factors import duty
from core.factors.commands import reset_second_factor
from core.factors.models import AuthenticatorApp, LoginStep, RecoveryCode
from core.factors.services import check_code, codes, confirm_app, factors_of
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.tenancy import unscoped
from core.testing.factories import PASSWORD, inside
from core.testing.plugin import csrf_of
from core.users.models import User
from tests.core.users.conftest import last_link, mails

SECURITY, SET_UP = "/o/club-a/account/", "/o/club-a/account/second-factor/"
NOW = datetime(2027, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


def user_of(name="admin.a"):
    return db.session.scalars(select(User).where(User.username == name)).one()


def secret_on(page):
    """What somebody types who cannot scan the picture; it is stored nowhere before its first code was right."""
    return re.search(r'<code class="text-break">([A-Z0-9 ]+)</code>', page.text)[1].replace(" ", "")


def code_of(secret, drift=0):
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * drift))


@pytest.fixture
def set_up(app, login, send, clock):
    """set_up("admin.a") -> (client, secret, recovery codes); half a minute later."""

    def make(name="admin.a", page=SET_UP):
        client = login(name)
        secret = secret_on(client.get(page))
        answer = send(client, page, {"code": code_of(secret), "password": PASSWORD})
        assert answer.status_code == 200, answer.text[:3000]
        clock.shift(31)
        return client, secret, re.findall(r"<code>([a-z0-9-]{17})</code>", answer.text)

    return make


def half_in(app, send, name="admin.a"):
    client = app.test_client()
    answer = send(client, "/login/", {"username": name, "password": PASSWORD, "next": "/o/club-a/crm/contacts/"})
    assert answer.headers["Location"].startswith("/login/second-step?next="), answer.headers
    return client


STEP = "/login/second-step"


def test_an_app_is_set_up_and_asked_from_then_on(app, set_up, send):
    client, secret, paper = set_up()
    assert len(set(paper)) == 10
    assert "10 recovery codes are left." in client.get(SECURITY).text
    guest = half_in(app, send)
    assert guest.get(SECURITY).status_code == 302, "half a login opens nothing"
    answer = send(guest, STEP, {"code": code_of(secret), "next": "/o/club-a/crm/contacts/"})
    assert answer.headers["Location"] == "/o/club-a/crm/contacts/"
    assert guest.get(SECURITY).status_code == 200
    with app.app_context():
        stored = db.session.scalars(select(AuthenticatorApp)).one()
        assert secret not in str(stored.secret)
        assert not set(paper) & set(db.session.scalars(select(RecoveryCode.code_hash)))
        assert db.session.scalars(select(LoginStep)).all() == []
    assert "code of an app is asked" in mails(app)[-1].text and mails(app)[-1].to_address == "admin.a@koepel.example"


def test_setting_up_asks_a_right_code_and_the_password_and_ends_other_logins(app, login, send, clock):
    elsewhere, client = login("admin.a"), login("admin.a")
    secret = secret_on(client.get(SET_UP))
    assert send(client, SET_UP, {"code": code_of(secret), "password": "wrong"}).status_code == 422
    answer = send(client, SET_UP, {"code": "000000", "password": PASSWORD})
    assert answer.status_code == 422 and "not right" in answer.text
    assert secret in answer.text.replace(" ", ""), "the picture stays the same, so nothing has to be scanned again"
    assert elsewhere.get(SECURITY).status_code == 200
    send(client, SET_UP, {"code": code_of(secret), "password": PASSWORD})
    assert (client.get(SECURITY).status_code, elsewhere.get(SECURITY).status_code) == (200, 302)
    assert secret not in client.get(SECURITY).text and send(client, SECURITY, {}, to=SET_UP).status_code == 302


def test_a_code_works_once_and_not_when_it_is_old(app, set_up, send, clock):
    _client, secret, _paper = set_up()
    used = code_of(secret)
    assert send(half_in(app, send), STEP, {"code": used}).status_code == 302
    assert send(half_in(app, send), STEP, {"code": used}).status_code == 422
    assert send(half_in(app, send), STEP, {"code": code_of(secret, -1)}).status_code == 422, "older than the one that was used"
    assert send(half_in(app, send), STEP, {"code": code_of(secret, 2)}).status_code == 422, "not of now"
    clock.shift(60)
    assert send(half_in(app, send), STEP, {"code": code_of(secret, -1)}).status_code == 302, "clocks of phones differ"


def test_one_code_twice_at_once_lets_one_in(app, world, clock):
    with app.app_context(), transaction():
        user = user_of()
        secret = codes.secret_of(codes.app_to_confirm(user))
        user_id = user.id
    with app.app_context(), inside(world.club) as actor:
        problem, _paper = confirm_app(user_of(), code_of(secret, -1), "192.0.2.1", token="", site="", actor=actor)
        assert problem is None
    code, found, together = code_of(secret), [], threading.Barrier(6)

    def attempt(number):
        with app.app_context():
            together.wait()
            with transaction():
                found.append(check_code(db.session.get(User, user_id), code, f"198.51.100.{number}", site="") is None)
            db.session.remove()

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 5 + [True]


def test_recovery_codes_work_once_each_and_new_ones_end_the_old(app, set_up, send):
    client, _secret, paper = set_up()
    typed = f" {paper[0].upper().replace('-', ' ')} "
    assert send(half_in(app, send), STEP, {"code": typed}).status_code == 302
    assert "There are 9 left" in mails(app)[-1].text
    assert send(half_in(app, send), STEP, {"code": paper[0]}).status_code == 422
    page = f"{SET_UP}codes"
    assert send(client, page, {"password": "wrong"}).status_code == 422
    answer = send(client, page, {"password": PASSWORD})
    fresh = re.findall(r"<code>([a-z0-9-]{17})</code>", answer.text)
    assert len(fresh) == 10 and not set(fresh) & set(paper) and answer.headers["Cache-Control"].startswith("no-store")
    assert send(half_in(app, send), STEP, {"code": paper[1]}).status_code == 422
    assert send(half_in(app, send), STEP, {"code": fresh[1]}).status_code == 302


def test_removing_asks_the_password_and_mails_the_owner(app, set_up, send):
    client, _secret, paper = set_up()
    page = f"{SET_UP}remove"
    assert send(client, page, {"password": "wrong"}).status_code == 422
    assert send(client, page, {"password": PASSWORD}).status_code == 302
    assert "not asked any more" in mails(app)[-1].text
    fresh = app.test_client()
    assert send(fresh, "/login/", {"username": "admin.a", "password": PASSWORD}).headers["Location"].startswith("/o/")
    with app.app_context():
        assert factors_of(user_of()).codes_left == 0 and not codes.use_code(user_of(), paper[0])
    assert client.get(page).status_code == client.get(f"{SET_UP}codes").status_code == 404


@pytest.mark.parametrize("door", ["login", "password"])
def test_links_by_mail_do_not_go_around_it(app, set_up, send, door):
    _client, secret, _paper = set_up()
    visitor = app.test_client()
    asked = "/login-link/" if door == "login" else "/new-password/"
    send(visitor, asked, {"name": "admin.a"})
    link = last_link(app).removeprefix("http://127.0.0.1:8080")
    data = {} if door == "login" else {"new": "vogelhuis-blauw-73", "again": "vogelhuis-blauw-73"}
    assert send(visitor, link, data).headers["Location"] == "/"
    assert visitor.get("/").headers["Location"] == STEP
    assert visitor.get(SECURITY).status_code == 302
    assert send(visitor, STEP, {"code": code_of(secret)}).status_code == 302
    assert visitor.get(SECURITY).status_code == 200


def test_a_link_between_logins_does_not_go_around_it(app, login, set_up, send):
    """Whoever knows a password can link; going there asks the code, and leaves the login at hand."""
    _client, secret, _paper = set_up("admin.b", "/o/club-b/account/second-factor/")
    client = login("admin.a")
    send(client, "/o/club-a/account/linked/add", {"username": "admin.b", "password": PASSWORD})
    with app.app_context():
        number = user_of("admin.b").id
    answer = send(client, SECURITY, {"user": str(number), "organisation": "club-b"}, to="/switch-user/")
    assert answer.headers["Location"].startswith(STEP)
    assert client.get("/o/club-b/dashboard/").status_code == client.get(SECURITY).status_code == 302
    assert send(client, STEP, {"code": code_of(secret)}).status_code == 302
    assert client.get("/o/club-b/dashboard/").status_code == 200


def test_half_a_login_is_over_after_ten_minutes_and_with_another_cookie(app, set_up, send, clock):
    _client, secret, _paper = set_up()
    slow = half_in(app, send)
    clock.shift(601)
    assert slow.get(STEP).headers["Location"].startswith("/login/")
    assert app.test_client().get(STEP).headers["Location"].startswith("/login/")
    forged = app.test_client()
    with forged.session_transaction() as session:
        session["step"] = "x" * 43
    assert forged.get(STEP).headers["Location"].startswith("/login/")
    assert send(half_in(app, send), STEP, {"code": code_of(secret)}).status_code == 302


def test_the_operator_takes_it_away_for_somebody_who_lost_everything(app, set_up, send):
    client, _secret, _paper = set_up()

    def run(name):
        return app.test_cli_runner().invoke(reset_second_factor, [name]).output

    assert "no login" in run("nobody")
    assert "no second step" in run("admin.b")
    assert "password alone" in run("ADMIN.A")
    assert client.get(SECURITY).status_code == 302, "every login ended"
    assert "took the second step" in mails(app)[-1].text
    assert send(app.test_client(), "/login/", {"username": "admin.a", "password": PASSWORD}).headers["Location"].startswith("/o/")


# --- who must ------------------------------------------------------------------------------------------


@pytest.fixture
def strict(app, monkeypatch):
    """As it is outside tests: the duty holds."""
    monkeypatch.setitem(app.config, "KOEPEL", app.config["KOEPEL"].model_copy(update={"ask_second_factor": True}))


def test_a_federation_administrator_is_led_to_it_and_can_do_nothing_else(app, strict, login, send, clock):
    client = login("admin.f")
    page = "/o/federation-f/account/second-factor/"
    for path in ("dashboard/", "clubs/", "account/", "account/password", "settings/logins/"):
        assert client.get(f"/o/federation-f/{path}").headers["Location"] == page, path
    answer = client.get("/api/v1/o/federation-f/contacts")
    assert answer.status_code == 403 and "second step" in answer.json["message"]
    token = csrf_of(client.get(page).text)
    assert client.post("/o/federation-f/account/sessions/end-others", data={"csrf_token": token}).headers["Location"] == page
    shown = client.get(page).text
    assert "/o/federation-f/dashboard/" not in shown and "/logout/" in shown
    answer = send(client, page, {"code": code_of(secret_on(client.get(page))), "password": PASSWORD})
    assert answer.status_code == 200 and answer.text.count("<code>") == 10
    assert client.get("/o/federation-f/dashboard/").status_code == 200


def test_who_must_is_the_choice_of_the_federation_and_of_a_club(app, strict, world):
    config = app.config["KOEPEL"]
    with app.app_context(), unscoped("choosing who must in a test"), transaction():
        f, region, club = (db.session.get(Organisation, one.id) for one in (world.federation, world.region, world.club))
        admin, staff = [(club, "club_admin")], [(region, "region_admin")]

        def asked(held, here):
            db.session.flush()
            return duty.is_open(user_of(), held, here, config)

        assert (asked([(f, "federation_admin")], f), asked(staff, region), asked(admin, club)) == (True, False, False)
        assert asked([*admin, (f, "federation_admin")], club), "who has power over a federation has it everywhere"
        assert not asked([(f, "member")], f)
        set_setting(f, duty.SETTING, "regions")
        assert (asked(staff, region), asked(admin, club)) == (True, False)
        set_setting(f, duty.SETTING, "everybody")
        assert (asked(staff, region), asked(admin, club), asked([(club, "member")], club)) == (True, True, False)
        set_setting(f, duty.SETTING, "federation")
        set_setting(club, duty.OWN_SETTING, True)
        assert asked(admin, club)
        user_of().second_factor_at = datetime.now(UTC)
        assert not asked(admin, club)


def test_logins_of_the_demo_are_exempt_outside_production_only_and_are_told(app, strict, login, world):
    with app.app_context(), transaction():
        user_of("admin.f").is_demo = True
    page = login("admin.f").get("/o/federation-f/account/").text
    assert "Logins of the demonstration need no second step" in page
    with app.app_context(), unscoped("looking at who must in a test"):
        f = db.session.get(Organisation, world.federation.id)
        production = app.config["KOEPEL"].model_copy(update={"environment": "production"})
        assert duty.is_open(user_of("admin.f"), [(f, "federation_admin")], f, production)
