"""Every setting of the baseline, one assertion each, and the headers of every kind of answer."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from core import config as configuration
from core.app import create_app, flask_settings
from core.db import db
from core.errors import StartRefused
from core.testing.databases import wants_postgres

KEY = "k9!" * 15 + "abcdefghijk"
SAFE = {"environment": "production", "secret_key": KEY, "field_keys": ("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=",), "public_url": "https://koepel.example"}


@pytest.fixture
def production(tmp_path):
    return flask_settings(configuration.load({}, instance_dir=tmp_path, **SAFE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_NAME", "__Host-session"),
        ("SESSION_COOKIE_SECURE", True),
        ("SESSION_COOKIE_HTTPONLY", True),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
        ("SESSION_COOKIE_PATH", "/"),
        ("SESSION_COOKIE_DOMAIN", None),
        ("TRUSTED_HOSTS", ["koepel.example", "localhost", "127.0.0.1"]),
        ("PREFERRED_URL_SCHEME", "https"),
        ("MAX_CONTENT_LENGTH", 25 * 1024 * 1024),
        ("MAX_FORM_MEMORY_SIZE", 2 * 1024 * 1024),
        ("MAX_FORM_PARTS", 5000),
        ("WTF_CSRF_TIME_LIMIT", None),
        ("WTF_CSRF_ENABLED", None),
        ("WTF_CSRF_CHECK_DEFAULT", None),
        ("FAB_ALLOW_GET_UNSAFE_MUTATIONS", None),
        ("RATELIMIT_ENABLED", True),
        ("AUTH_RATE_LIMITED", True),
        ("FAB_ADD_SECURITY_VIEWS", False),
        ("FAB_API_SWAGGER_UI", False),
        ("FAB_SAFE_REDIRECT_HOSTS", ["koepel.example", "localhost", "127.0.0.1"]),
        ("FAB_API_MAX_PAGE_SIZE", 100),
        ("TESTING", False),
        ("DEBUG", None),
    ],
)
def test_setting(production, name, value):
    assert production.get(name) == value


@pytest.mark.parametrize(
    "unsafe",
    [
        {"secret_key": ""},
        {"secret_key": "short"},
        {"secret_key": "a" * 64},
        {"field_keys": ()},
        {"public_url": "http://koepel.example"},
    ],
)
def test_production_refuses_to_start_unsafely(tmp_path, unsafe):
    with pytest.raises(StartRefused):
        configuration.load({}, instance_dir=tmp_path, **{**SAFE, **unsafe})


def test_production_starts_safely(tmp_path):
    """The positive control."""
    assert configuration.load({}, instance_dir=tmp_path, **SAFE).is_production


def test_former_secret_keys_still_open_cookies(tmp_path):
    config = configuration.load({}, instance_dir=tmp_path, **SAFE, secret_key_fallbacks=("old" * 20,))
    assert flask_settings(config)["SECRET_KEY_FALLBACKS"] == ["old" * 20]


def test_charts_security_pages_and_the_login_api_of_the_framework_are_not_there(app):
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    of_framework = r"chart|/users|/roles|/permission|/lang/|/api/v1/security|/api/v1/_openapi|swagger|/download/|^/back"
    assert not {rule for rule in rules if re.search(of_framework, rule)}


@pytest.mark.skipif(wants_postgres(), reason="settings of SQLite")
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("busy_timeout", 30000), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)]
)
def test_each_sqlite_connection_is_durable_and_forgetful(context, pragma, value):
    with db.engine.connect() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


# --- headers -----------------------------------------------------------------------------------------

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = re.compile(
    r"default-src 'self'; script-src 'self' 'nonce-([\w-]{20,})'; style-src 'self' 'nonce-\1'; style-src-attr 'unsafe-inline'; "
    r"img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/login/", 200),
        ("/", 302),
        ("/nowhere", 404),
        ("/o/club-a/dashboard/", 302),
        ("/healthz", 200),
        ("/api/v1/openapi.json", 401),
        ("/static/js/page.js", 200),
        ("/logout/", 405),
    ],
)
def test_headers_are_on_every_kind_of_answer(app, world, client, path, status):
    answer = client.get(path)
    answer.close()
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert POLICY.fullmatch(answer.headers["Content-Security-Policy"])
    assert "Strict-Transport-Security" not in answer.headers


def test_nothing_of_a_person_is_kept_by_caches(login):
    client = login("admin.a")
    for path in ("/o/club-a/dashboard/", "/o/club-a/crm/contacts/", "/api/v1/o/club-a/contacts", "/o/club-a/crm/contacts/999999", "/welcome/"):
        assert client.get(path).headers["Cache-Control"] == "no-store, private", path


def test_the_nonce_is_new_for_each_answer_and_stands_in_the_page(client, world):
    pages = [client.get("/login/") for _time in range(2)]
    nonces = [POLICY.fullmatch(page.headers["Content-Security-Policy"])[1] for page in pages]
    assert nonces[0] != nonces[1]
    assert [f'nonce="{nonce}"' in page.text for nonce, page in zip(nonces, pages, strict=True)] == [True, True]


def test_https_asks_browsers_to_stay_on_it(tmp_path):
    app = create_app(configuration.load({}, instance_dir=tmp_path, environment="test", public_url="https://koepel.example"))
    answer = app.test_client().get("/healthz", base_url="https://koepel.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_the_cookie_is_closed_to_scripts_and_foreign_sites(client, world):
    (cookie,) = client.get("/login/").headers.getlist("Set-Cookie")
    assert ("HttpOnly" in cookie, "SameSite=Lax" in cookie, "Path=/" in cookie, "Domain" in cookie) == (True, True, True, False)


def test_the_cookie_holds_nothing_personal(login):
    client = login("admin.a")
    client.get("/o/club-a/crm/contacts/?f.name.contains=Peeters&q=Janssens")
    cookie = client.get_cookie("koepel_session")
    with client.session_transaction() as session:
        assert sorted(session) == ["_fresh", "_id", "_user_id", "csrf_token", "org", "seen", "sid"]
    assert "Peeters" not in cookie.value and "admin" not in cookie.value
