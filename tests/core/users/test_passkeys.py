"""Passkeys, with a device made of a few lines: right answers get in, and each wrong thing in them does not."""

import hashlib
import json
import secrets

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from core.db import db, transaction
from core.factors.models import Passkey
from core.factors.services.passkeys import place_of
from core.testing.factories import PASSWORD
from core.testing.plugin import csrf_of
from core.users.models import LoginAttempt, User
from tests.core.users.conftest import mails

SITE, ORIGIN = "localhost", "http://localhost:8080"
SECURITY, ADD = "/o/club-a/account/", "/o/club-a/account/passkeys/add"


class Device:
    """A security key in software: one credential, a counter, and lies when told to."""

    def __init__(self):
        self.id, self.key, self.count, self.handle = secrets.token_bytes(16), ec.generate_private_key(ec.SECP256R1()), 0, b""

    def _data(self, *, site=SITE, flags=0x05, more=b""):
        self.count += 1
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big") + more

    def _answer(self, **response):
        return json.dumps({"id": bytes_to_base64url(self.id), "rawId": bytes_to_base64url(self.id), "type": "public-key", "response": response})

    @staticmethod
    def _client(kind, challenge, origin):
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()

    def create(self, options, *, origin=ORIGIN, flags=0x45):
        self.handle = base64url_to_bytes(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        data = self._data(flags=flags, more=bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], origin)
        return self._answer(clientDataJSON=bytes_to_base64url(client), attestationObject=bytes_to_base64url(attestation))

    def get(self, options, *, origin=ORIGIN, site=SITE, flags=0x05):
        data, client = self._data(site=site, flags=flags), self._client("webauthn.get", options["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=bytes_to_base64url(client),
            authenticatorData=bytes_to_base64url(data),
            signature=bytes_to_base64url(signature),
            userHandle=bytes_to_base64url(self.handle),
        )


@pytest.fixture
def place(app, monkeypatch):
    monkeypatch.setitem(app.config, "KOEPEL", app.config["KOEPEL"].model_copy(update={"public_url": ORIGIN}))


def question(client, page, data=None, *, to="/login/passkey/question"):
    return client.post(to, data={"csrf_token": csrf_of(client.get(page).text), **(data or {})})


@pytest.fixture
def add(place, login, send):
    """add("admin.a") -> (client, device) with a passkey."""

    def make(name="admin.a", label="My phone", client=None, **lies):
        client, device = client or login(name), Device()
        asked = question(client, ADD, {"name": label, "password": PASSWORD}, to="/o/club-a/account/passkeys/question")
        assert asked.status_code == 200, asked.text
        answer = send(client, ADD, {"name": label, "password": PASSWORD, "answer": device.create(asked.json["options"], **lies)})
        return client, device, answer

    return make


def enter(app, send, device, *, client=None, **lies):
    """Log in with the device alone; the answer to the form."""
    client = client or app.test_client()
    options = question(client, "/login/").json["options"]
    return client, send(client, "/login/", {"answer": device.get(options, **lies)}, to="/login/passkey")


def test_where_passkeys_can_be():
    assert place_of("https://club.example:8443/x").origin == "https://club.example:8443"
    assert (place_of("http://127.0.0.1:8080").name, place_of("http://127.0.0.1:8080").origin) == ("localhost", "http://localhost:8080")
    assert place_of("http://club.example") is place_of("https://192.0.2.7") is place_of("https://[2001:db8::1]") is None


def test_a_passkey_is_added_named_used_alone_and_removed(app, add, send):
    client, device, answer = add()
    assert answer.text.count("<code>") == 10 and "passkey was added: My phone" in mails(app)[-1].text
    assert "My phone" in client.get(SECURITY).text and "not used yet" in client.get(SECURITY).text
    visitor, answer = enter(app, send, device)
    assert answer.headers["Location"] == "/" and visitor.get(SECURITY).status_code == 200
    assert "last used" in visitor.get(SECURITY).text
    with app.app_context():
        pk = db.session.scalars(select(Passkey.id)).one()
    page = f"/o/club-a/account/passkeys/{pk}/remove"
    assert send(client, page, {"password": "wrong"}).status_code == 422
    assert send(client, page, {"password": PASSWORD}).status_code == 302
    assert "passkey was removed: My phone" in mails(app)[-1].text
    assert enter(app, send, device)[1].status_code == 422
    assert send(app.test_client(), "/login/", {"username": "admin.a", "password": PASSWORD}).headers["Location"].startswith("/o/")


def test_a_passkey_is_the_second_step_after_the_password(app, add, send):
    _client, device, _answer = add()
    _other, stranger, _answer = add("member.a", "Other phone")
    client = app.test_client()
    assert send(client, "/login/", {"username": "admin.a", "password": PASSWORD}).headers["Location"] == "/login/second-step"
    step, use = "/login/second-step", "/login/second-step/passkey"
    options = question(client, step).json["options"]
    assert [one["id"] for one in options["allowCredentials"]] == [bytes_to_base64url(device.id)]
    assert send(client, step, {"answer": stranger.get(options)}, to=use).status_code == 422, "of somebody else"
    assert client.get(SECURITY).status_code == 302
    options = question(client, step).json["options"]
    assert send(client, step, {"answer": device.get(options, flags=0x01)}, to=use).status_code == 302, "after a password, touching is enough"
    assert client.get(SECURITY).status_code == 200


LIES = {
    "another site": {"site": "evil.example"},
    "another page": {"origin": "http://localhost:9090"},
    "nobody looked who holds it": {"flags": 0x01},
    "nobody touched it": {"flags": 0x04},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_wrong_answer_does_not_get_in(app, add, send, lie):
    _client, device, _answer = add()
    visitor, answer = enter(app, send, device, **LIES[lie])
    assert answer.status_code == 422 and "not accepted" in answer.text and visitor.get(SECURITY).status_code == 302
    assert enter(app, send, device)[1].status_code == 302, "the positive control"


def test_an_answer_counts_once_and_a_copied_key_is_noticed(app, add, send):
    _client, device, _answer = add()
    visitor = app.test_client()
    options = question(visitor, "/login/").json["options"]
    given = device.get(options)
    assert send(visitor, "/login/", {"answer": given}, to="/login/passkey").status_code == 302
    assert send(app.test_client(), "/login/", {"answer": given}, to="/login/passkey").status_code == 422, "no question was asked in this browser"
    again = app.test_client()
    question(again, "/login/")
    assert send(again, "/login/", {"answer": given}, to="/login/passkey").status_code == 422, "another question"
    device.count -= 2  # the copy is behind
    assert enter(app, send, device)[1].status_code == 422
    for nonsense in ("", "{}", "[1]", '{"id": "a"}', "\x00", "9" * 5000):
        visitor = app.test_client()
        question(visitor, "/login/")
        assert send(visitor, "/login/", {"answer": nonsense}, to="/login/passkey").status_code in (302, 422)
        assert visitor.get(SECURITY).status_code == 302


def test_adding_asks_the_password_and_a_device_that_looked_at_its_owner(app, add, login, send, place):
    client = login("admin.a")
    to = "/o/club-a/account/passkeys/question"
    answer = question(client, ADD, {"name": "My phone", "password": "wrong"}, to=to)
    assert (answer.status_code, answer.json["field"]) == (422, "password")
    assert question(client, ADD, {"name": " ", "password": PASSWORD}, to=to).json["field"] == "name"
    assert send(client, ADD, {"name": "x", "password": PASSWORD, "answer": "{}"}).status_code == 422
    assert add(client=client, flags=0x41)[2].status_code == 422
    assert add(client=client, origin="https://evil.example")[2].status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Passkey)).all() == []


def test_of_others_and_closed_logins(app, add, login, send):
    _client, device, _answer = add()
    with app.app_context():
        pk = db.session.scalars(select(Passkey.id)).one()
    assert login("member.a").get(f"/o/club-a/account/passkeys/{pk}/remove").status_code == 404
    with app.app_context(), transaction():
        db.session.scalars(select(User).where(User.username == "admin.a")).one().active = False
    assert enter(app, send, device)[1].status_code == 422


def test_thirty_wrong_answers_are_slowed_down(app, add, send):
    _client, device, _answer = add()
    codes = [enter(app, send, device, origin="http://evil.example")[1].status_code for _number in range(22)]
    assert (codes[:20], codes[-1]) == ([422] * 20, 429)
    with app.app_context():
        assert sorted(db.session.scalars(select(LoginAttempt.key))) == ["address:127.0.0.1", "all"]
