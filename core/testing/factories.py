"""Small, surprise-free makers of test data. Each call makes exactly what it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import select

from core.access import Actor, acting, system_actor
from core.contacts.models import Contact
from core.db import db, transaction
from core.organisations.models import Organisation
from core.organisations.services import affiliate, create_organisation
from core.tenancy import scope, unscoped
from core.users.models import User
from core.users.passwords import hash_password
from core.users.services import create_user, give_role

PASSWORD = "demo-2026"
_numbers = count(1)


@dataclass(frozen=True)
class World:
    """A platform, federation F with region R and clubs A (in R) and B, federation G with club C; an admin each.

    The admins are users "admin.a", "admin.b", "admin.c", "admin.f", "admin.g", "staff.r",
    "member.a" and "platform"; all have the password PASSWORD.
    """

    federation: Organisation
    region: Organisation
    club: Organisation
    other_club: Organisation
    other_federation: Organisation
    foreign_club: Organisation


def make_world(federation_plugin: str | None = None) -> World:
    """Build the World in the current database; inside an application context."""
    with transaction(), unscoped("building the test world"):
        platform = create_organisation(kind="platform", name="Platform", slug="platform")
        f = create_organisation(kind="federation", name="Federation F", slug="federation-f", federation_plugin=federation_plugin)
        r = create_organisation(kind="region", name="Region R", slug="region-r", parent=f)
        a = create_organisation(kind="club", name="Club A", slug="club-a", town="Aarschot")
        b = create_organisation(kind="club", name="Club B", slug="club-b", town="Brugge")
        g = create_organisation(kind="federation", name="Federation G", slug="federation-g")
        c = create_organisation(kind="club", name="Club C", slug="club-c")
        affiliate(a, f, number="1001", region=r)
        affiliate(b, f, number="1002")
        affiliate(c, g, number="2001")
        for name, organisation, role in (
            ("platform", platform, "platform_admin"),
            ("admin.f", f, "federation_admin"),
            ("admin.g", g, "federation_admin"),
            ("staff.r", r, "region_admin"),
            ("admin.a", a, "club_admin"),
            ("member.a", a, "member"),
            ("admin.b", b, "club_admin"),
            ("admin.c", c, "club_admin"),
        ):
            give_role(make_user(name), organisation, role)
    return World(f, r, a, b, g, c)


def find_world() -> World:
    """The World in the current database, as objects of no session."""
    slugs = ("federation-f", "region-r", "club-a", "club-b", "federation-g", "club-c")
    with unscoped("finding the test world"):
        found = {row.slug: row for row in db.session.scalars(select(Organisation).where(Organisation.slug.in_(slugs)))}
        for row in found.values():
            db.session.expunge(row)
        db.session.rollback()
    return World(*(found[slug] for slug in slugs))


def make_user(username: str) -> User:
    user = create_user(username=username, email=f"{username}@koepel.example", first_name=username.split(".")[0].title(), last_name="Tester", language="en")
    user.password = _hashed()
    db.session.flush()
    return user


@lru_cache(maxsize=1)
def _hashed() -> str:
    """Made once: slow on purpose, and the same for everybody here."""
    return hash_password(PASSWORD)


def make_contact(first_name: str = "", last_name: str = "", **values: Any) -> Contact:
    """Store one contact in the current scope; inside transaction()."""
    number = next(_numbers)
    contact = Contact(first_name=first_name or f"First{number}", last_name=last_name or f"Last{number}", extra=values.pop("extra", {}), **values)
    contact.refold()
    db.session.add(contact)
    db.session.flush()
    return contact


@contextmanager
def inside(organisation: Organisation, *, language: str = "en") -> Iterator[Actor]:
    """Scope, all-powerful actor and transaction of one organisation, for arranging a test."""
    with transaction(), scope(organisation), acting(system_actor(organisation.id, language=language)) as actor:
        yield actor
