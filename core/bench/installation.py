"""An installation of Koepel to measure: one federation, one club, as many contacts as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from core import clock
from core import config as configuration
from core.access import Actor, acting
from core.app import create_app
from core.bench.people import SPORTS, extra, people
from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import db, insert_rows, transaction
from core.demo.services import seed
from core.extend.contributions import MenuEntry
from core.extend.registry import registry
from core.fields.models import FieldDefinition
from core.lists.models import ListPreference
from core.migrations.runner import upgrade
from core.organisations.models import Organisation
from core.organisations.services import affiliate, by_slug, create_organisation
from core.tenancy import scope, unscoped
from core.users.models import User
from core.users.permissions import sync_permissions
from core.users.services import create_user, give_role

SLUG, USER = "bench", "bench.admin"
#: the federation of the large demo
LARGE = "okra-sport"
PASSWORD = "only-on-this-machine-2026"  # noqa: S105 -- a throw-away database
MENU_LINES = 40
COLUMNS = (
    "name", "age", "gender", "email_1", "mobile_1", "postcode", "town", "language", "birth_date",
    "extra.bench_sport", "extra.bench_points", "extra.bench_since",
)  # fmt: skip


def installation(folder: Path, size: int, *, name: str = "koepel") -> Flask:
    """The application on a database with `size` contacts, made once per folder."""
    instance = folder / f"{name}-{size}"
    is_new = not (instance / "ready").exists()
    app = create_app(configuration.load({}, environment="demo", instance_dir=instance, embedded_worker=False, log_level="WARNING"))
    with app.app_context():
        upgrade()
        if is_new:
            _make(size)
            (instance / "ready").touch()
        _lengthen_menu()
        db.session.remove()
    return app


def _lengthen_menu() -> None:
    """Bring the menu of a club to MENU_LINES entries."""
    have = len([entry for entry in registry().all("menu") if "club" in entry.kinds])
    for number in range(have, MENU_LINES):
        line = MenuEntry(f"Line {number}", "users", "ContactList.list", "contacts.read", kinds=("club", f"bench-{number}"), position=1_000 + number)
        registry().add("menu", "core", line)


def _make(size: int) -> None:
    with transaction():
        sync_permissions(registry())
        with unscoped("making the organisations of a benchmark"):
            federation = create_organisation(kind="federation", name="Bench federation", slug="bench-federation")
            club = create_organisation(kind="club", name="Bench", slug=SLUG)
            affiliate(club, federation, number="1")
            user = create_user(username=USER, email="bench@mail.example", first_name="Bench", last_name="Admin", password=PASSWORD, language="nl", is_demo=True)
            give_role(user, club, "club_admin")
        with scope(club):
            for position, (key, kind) in enumerate((("bench_sport", "choice"), ("bench_points", "number"), ("bench_since", "date"))):
                db.session.add(_definition(key, kind, position))
            db.session.add(ListPreference(user_id=user.id, list_name="contacts", columns=list(COLUMNS)))
            db.session.flush()
    rows = ({**row, **_folded(row), "extra": extra(number)} for number, row in enumerate(people(size), start=1))
    with scope(club):
        while batch := [{**_blank(), **row} for row in islice(rows, 20_000)]:
            with transaction():
                insert_rows(Contact, batch)


def _definition(key: str, kind: str, position: int) -> FieldDefinition:
    choices = [{"value": sport, "label": {"nl": sport.title()}} for sport in SPORTS] if kind == "choice" else []
    return FieldDefinition(
        target="contact", key=key, type=kind, label={"nl": key.removeprefix("bench_").title()}, choices=choices, position=position, is_active=True,
        sees=["club"], edits=["club"], purpose="measuring", legal_basis="contract", retention_months=24,
    )  # fmt: skip


def _blank() -> dict[str, Any]:
    now = clock.now()
    return {"email_3": None, "mobile_2": None, "mobile_3": None, "whose": {}, "created_at": now, "changed_at": now, "version": 1}


def _folded(row: dict[str, Any]) -> dict[str, str]:
    parts = (row["last_name"], row["first_name"], row["last_name"], row["email_1"], row["town"])
    return {"name_key": fold(f"{row['last_name']} {row['first_name']}"), "search_text": fold(" ".join(part for part in parts if part))}


def large_federation(folder: Path) -> Flask:
    """An installation with the large demo, 1,000 clubs and 40,000 memberships of LARGE, made once per folder."""
    instance = folder / LARGE
    is_new = not (instance / "ready").exists()
    app = create_app(configuration.load({}, environment="demo", instance_dir=instance, embedded_worker=False, log_level="WARNING"))
    if is_new:
        with app.app_context():
            upgrade()
            with transaction():
                sync_permissions(registry())
            seed("federation")
            db.session.remove()
        (instance / "ready").touch()
    return app


def logged_in(app: Flask, username: str = USER, password: str = PASSWORD) -> FlaskClient:
    """A client of an administrator; of the club, unless another one is named."""
    client = app.test_client()
    page = client.get("/login/").text
    start = page.index("value=", page.index('name="csrf_token"')) + 7
    token = page[start : page.index('"', start)]
    answer = client.post("/login/", data={"username": username, "password": password, "csrf_token": token})
    if answer.status_code != 302:
        raise RuntimeError(f"login failed: {answer.status_code}")
    return client


@contextmanager
def inside(app: Flask) -> Iterator[tuple[Organisation, Actor]]:
    """Work in the club, as its administrator, without HTTP."""
    with app.app_context():
        with unscoped("the organisation of a benchmark"):
            club = by_slug(SLUG)
            user = db.session.query(User).filter_by(username=USER).one()
            everything = registry().permission_names()
            actor = Actor(user.id, user.full_name, club.id, permissions=everything, language="nl")
        with scope(club), acting(actor):
            yield club, actor
        db.session.remove()


def statements(app: Flask) -> list[str]:
    """SQL statements from now on; the list grows."""
    seen: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda _c, _u, statement, *_rest: seen.append(statement))
    return seen


