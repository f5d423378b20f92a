"""Keys: who makes them, what they open, and when they stop."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import delete, select

from core.db import db, transaction
from core.privacy.retention import apply
from core.rest.models import ApiKey
from core.rest.retention import RULES
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User
from core.users.services import give_role
from tests.core.rest.conftest import the_key


def test_without_key_or_login_it_is_401(app, world, client):
    answer = client.get("/api/v1/o/club-a/contacts")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert client.get("/api/v1/openapi.json").status_code == 401
    assert client.get("/api/v1/o/nowhere/contacts").status_code == 401


@pytest.mark.parametrize("header", ["Bearer koepel_00000000_" + "x" * 43, "Bearer", "Bearer ", "Basic YTpi", "koepel_x", "Bearer " + "x" * 5000, "Bearer é"])
def test_a_wrong_key_is_401(app, world, client, header):
    assert client.get("/api/v1/o/club-a/contacts", headers={"Authorization": header.encode().decode("latin-1")}).status_code == 401


def test_a_key_opens_its_own_organisation_only(app, world, caller):
    with app.app_context(), inside(world.other_club):
        theirs = make_contact("Canary", "Bird").id
    call = caller("admin.a", "contacts:read", "contacts:write")
    assert call("GET", "/api/v1/o/club-a/contacts").status_code == 200
    for slug in ("club-b", "club-c", "federation-f", "platform", "nowhere"):
        assert call("GET", f"/api/v1/o/{slug}/contacts").status_code == 404
    assert call("GET", f"contacts/{theirs}").status_code == 404
    assert call("PATCH", f"contacts/{theirs}", {"town": "x"}, If_Match="*").status_code == 404
    assert call("DELETE", f"contacts/{theirs}", If_Match="*").status_code == 404


def test_a_key_of_one_organisation_does_not_open_another_one_of_the_same_person(app, world, caller):
    with app.app_context(), transaction(), unscoped("arranging a test"):
        user = db.session.scalars(select(User).where(User.username == "admin.a")).one()
        give_role(user, world.other_club, "club_admin")
    call = caller("admin.a", "contacts:read")
    assert call("GET", "/api/v1/o/club-a/contacts").status_code == 200
    assert call("GET", "/api/v1/o/club-b/contacts").status_code == 404


def test_scopes_hold(caller, ann):
    call = caller("admin.a", "contacts:read")
    refused = call("PATCH", f"contacts/{ann}", {"town": "x"}, If_Match="*")
    assert refused.status_code == 403
    assert call("GET", "jobs").status_code == 403
    assert call("GET", "organisation").status_code == 403
    assert call("GET", "contacts").status_code == 200
    writer = caller("admin.a", "contacts:write")
    assert writer("GET", "contacts").status_code == 403
    assert writer("PATCH", f"contacts/{ann}", {"town": "x"}, If_Match="*").status_code == 200


def test_a_key_has_no_more_rights_than_its_maker_has_now(app, world, caller, ann):
    call = caller("admin.a", "contacts:read", "contacts:write")
    assert call("GET", "contacts").status_code == 200
    with app.app_context(), transaction(), unscoped("arranging a test"):
        user = db.session.scalar(select(User.id).where(User.username == "admin.a"))
        db.session.execute(delete(OrganisationRole).where(OrganisationRole.user_id == user).execution_options(synchronize_session=False))
    assert call("GET", "contacts").status_code == 404


def test_a_key_dies_with_the_account_of_its_maker(app, world, caller):
    call = caller("admin.a", "contacts:read")
    with app.app_context(), transaction():
        db.session.scalars(select(User).where(User.username == "admin.a")).one().active = False
    assert call("GET", "contacts").status_code == 401


def test_a_key_expires(caller):
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False) as clock:
        call = caller("admin.a", "contacts:read", days=30)
        clock.move_to(datetime(2027, 3, 30, 23, 59, tzinfo=UTC))
        assert call("GET", "contacts").status_code == 200
        clock.move_to(datetime(2027, 3, 31, 0, 1, tzinfo=UTC))
        assert call("GET", "contacts").status_code == 401


def test_a_key_opens_no_pages_and_gets_no_cookie(caller):
    call = caller("admin.a", "contacts:read")
    assert call("GET", "/o/club-a/crm/contacts/").status_code == 302
    assert "Set-Cookie" not in call("GET", "contacts").headers


def test_a_cookie_counts_for_nothing_beside_a_key(login, caller):
    client = login("admin.a")
    assert client.get("/api/v1/o/club-a/contacts").status_code == 200
    assert client.get("/api/v1/o/club-a/contacts", headers={"Authorization": "Bearer koepel_wrong"}).status_code == 401


def test_writing_with_a_cookie_needs_the_csrf_token(login, app, world):
    client = login("admin.a")
    body = {"first_name": "Jan", "last_name": "Maes"}
    assert client.post("/api/v1/o/club-a/contacts", json=body).status_code == 400
    token = csrf_of(client.get("/o/club-a/api-keys/add").text)
    assert client.post("/api/v1/o/club-a/contacts", json=body, headers={"X-CSRFToken": token}).status_code == 201


def test_a_key_is_slowed_down(app, world, caller, monkeypatch):
    monkeypatch.setattr("core.rest.authentication.MOST_CALLS", 5)
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False) as clock:
        call = caller("admin.a", "contacts:read")
        assert [call("GET", "contacts").status_code for _each in range(7)] == [200] * 5 + [429] * 2
        assert call("GET", "contacts").headers["Retry-After"] == "60"
        clock.shift(61)
        assert call("GET", "contacts").status_code == 200


def test_guessing_keys_is_slowed_down_on_this_door_and_on_the_form(app, world, client):
    codes = [client.get("/api/v1/o/club-a/contacts", headers={"Authorization": f"Bearer koepel_{n}"}).status_code for n in range(30)]
    assert (codes[0], codes[-1]) == (401, 429)
    page = client.get("/login/")
    assert client.post("/login/", data={"username": "x", "password": "y", "csrf_token": csrf_of(page.text)}).status_code == 429


def test_the_key_is_shown_once_and_only_its_hash_is_kept(app, world, login):
    client = login("admin.a")
    page = client.get("/o/club-a/api-keys/add")
    made = client.post("/o/club-a/api-keys/add", data={"csrf_token": csrf_of(page.text), "name": "website", "scopes": "contacts:read", "days": "30"})
    start = made.text.index('value="koepel_') + 7
    key = made.text[start : made.text.index('"', start)]
    assert client.get("/api/v1/o/club-a/contacts", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    listed = client.get("/o/club-a/api-keys/")
    assert key not in listed.text
    stored = the_key(app, world)
    assert (stored.name, stored.scopes, key.startswith(stored.prefix)) == ("website", ["contacts:read"], True)
    assert key.rpartition("_")[2] not in str(vars(stored))
    assert stored.last_used_at is not None


def test_revoking(app, world, login, caller):
    call, client = caller("admin.a", "contacts:read"), login("admin.a")
    token = csrf_of(client.get("/o/club-a/api-keys/").text)
    assert client.post(f"/o/club-a/api-keys/{the_key(app, world).id}/revoke", data={"csrf_token": token}).status_code == 302
    assert call("GET", "contacts").status_code == 401


def test_a_member_makes_no_keys(login):
    client = login("member.a")
    assert client.get("/o/club-a/api-keys/").status_code == 403
    assert client.get("/o/club-a/api-keys/add").status_code == 403


def test_scopes_one_does_not_have_cannot_be_given(login):
    client = login("admin.a")
    page = client.get("/o/club-a/api-keys/add")
    answer = client.post("/o/club-a/api-keys/add", data={"csrf_token": csrf_of(page.text), "name": "x", "scopes": "clubs:read", "days": "30"})
    assert answer.status_code == 422


def test_dead_keys_and_old_calls_are_forgotten(app, world, caller):
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False) as clock:
        call = caller("admin.a", "contacts:read", "contacts:write")
        call("POST", "contacts", {"first_name": "Jan", "last_name": "Maes"}, Idempotency_Key="k")
        clock.shift(3 * 86400)
        with app.app_context():
            assert sum(apply(rule) for rule in RULES) == 1
        again = call("POST", "contacts", {"first_name": "Jan", "last_name": "Maes"}, Idempotency_Key="k")
        assert "Idempotent-Replayed" not in again.headers
        clock.shift(800 * 86400)
        with app.app_context():
            assert sum(apply(rule) for rule in RULES) == 2  # the later call, and the key
            with scope(world.club):
                assert db.session.scalars(select(ApiKey)).all() == []
