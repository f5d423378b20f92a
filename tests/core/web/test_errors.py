"""Every error has a page in plain words with a number to quote, and shows nothing of the inside."""

from __future__ import annotations

import re

import pytest
from flask import abort
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.web.errors import PAGES

pytestmark = pytest.mark.once

RAISED = {
    "user mistake": (lambda: UserMistake("Fill in a name."), 422),
    "not found": (lambda: NotFound("contact 7"), 404),
    "forbidden": (lambda: Forbidden("contacts.write"), 403),
    "stale version": (lambda: StaleVersion("contact 7"), 409),
    "stale data": (lambda: StaleDataError("UPDATE statement on table 'contact'"), 409),
    "a bug": (lambda: RuntimeError("secret-inside in /site-packages/x.py"), 500),
    "locked": (lambda: OperationalError("SELECT secret_inside", {}, Exception("database is locked")), 503),
    "unfit": (lambda: DataError("SELECT secret_inside", {}, Exception("cannot contain NUL")), 400),
    "database gone": (lambda: OperationalError("SELECT secret_inside", {}, Exception("gone")), 500),
}


def raising(app, monkeypatch, raise_it):
    """Let the login page fail in some way."""

    def broken(*_args, **_values):
        raise_it()

    monkeypatch.setitem(app.view_functions, "SessionView.login", broken)


def check_page(answer, code):
    assert answer.status_code == code
    assert answer.mimetype == "text/html"
    number = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{12}", number) and number in answer.text
    assert answer.text.count("<h1") == 1
    assert not re.search(r"Traceback|site-packages|secret.inside|SELECT|sqlalchemy", answer.text)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("code", PAGES)
def test_each_status_has_a_page(app, world, client, monkeypatch, code):
    raising(app, monkeypatch, lambda: abort(code))
    check_page(client.get("/login/"), code)


@pytest.mark.parametrize("name", RAISED)
def test_each_error_has_a_page(app, world, client, monkeypatch, name):
    make, code = RAISED[name]

    def throw():
        raise make()

    raising(app, monkeypatch, throw)
    check_page(client.get("/login/"), code)


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_the_page_is_in_the_language_of_the_visitor(client, world, language):
    assert f'<html lang="{language}"' in client.get("/nowhere", headers={"Accept-Language": language}).text


def test_a_mistake_is_told_on_the_page(app, world, client, monkeypatch):
    def throw():
        raise UserMistake("Fill in a <b>name</b>.")

    raising(app, monkeypatch, throw)
    assert "Fill in a &lt;b&gt;name&lt;/b&gt;." in client.get("/login/").text


def test_an_error_page_that_fails_too_still_answers(app, world, client, monkeypatch):
    def throw():
        raise RuntimeError("secret-inside")

    raising(app, monkeypatch, throw)
    monkeypatch.setitem(app.jinja_env.globals, "asset", lambda _name: 1 / 0)
    answer = client.get("/login/")
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.text == f"500 Internal Server Error\n{answer.headers['X-Request-Id']}\n"


def test_too_large_a_request_is_413(app, world, client, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1_000)
    check_page(client.post("/login/", data={"username": "x" * 5_000}), 413)


def test_the_api_answers_in_json(client, login):
    answer = login("admin.a").get("/api/v1/o/club-a/contacts/999999")
    assert (answer.status_code, answer.json) == (404, {"code": 404, "message": "Not Found", "request_id": answer.headers["X-Request-Id"]})
    assert client.get("/api/v1/nowhere").json["code"] == 404


def test_every_answer_has_a_number_of_its_own(client, world):
    numbers = [client.get("/nowhere").headers["X-Request-Id"] for _time in range(3)]
    assert len(set(numbers)) == 3
