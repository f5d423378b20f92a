"""Organisations: making them, finding them, affiliating clubs with federations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from core import clock
from core.contacts.names import fold
from core.db import db
from core.errors import NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import _
from core.organisations.models import Affiliation, Organisation
from core.tenancy import scope, unscoped

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def make_slug(name: str) -> str:
    """A readable, unique address part from a name: "Trefpunt Aarschot" -> "trefpunt-aarschot"."""
    base = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:50] or "club"
    slug, number = base, 2
    while db.session.scalar(select(func.count()).select_from(Organisation).where(Organisation.slug == slug)):
        slug, number = f"{base}-{number}", number + 1
    return slug


def create_organisation(
    *, kind: str, name: str, slug: str | None = None, parent: Organisation | None = None, federation_plugin: str | None = None, **details: Any
) -> Organisation:
    """Make a federation, region, club or the platform itself.

    Example:
        create_organisation(kind="club", name="Trefpunt Aarschot", town="Aarschot")
    """
    if slug is not None and not _SLUG.match(slug):
        raise UserMistake(_("Use only small letters, digits and hyphens in the address."), field="slug")
    if slug is not None and db.session.scalar(select(func.count()).select_from(Organisation).where(Organisation.slug == slug)):
        raise UserMistake(_("This address is already in use by another organisation."), field="slug")
    organisation = Organisation(
        kind=kind,
        slug=slug or make_slug(name),
        name=name,
        official_name=details.pop("official_name", name),
        parent_id=parent.id if parent else None,
        federation_plugin=federation_plugin,
        extra={},
        settings=details.pop("settings", {}),
        **details,
    )
    db.session.add(organisation)
    db.session.flush()
    registry().plugins.tell("organisation_created", organisation=organisation)
    return organisation


def affiliate(
    club: Organisation, federation: Organisation, *, number: str | None = None, region: Organisation | None = None, from_on: date | None = None
) -> Affiliation:
    """Make a club a member of a federation from a day on."""
    if club.kind != "club" or federation.kind != "federation":
        raise UserMistake(_("Only a club can join, and only a federation can be joined."))
    with scope(federation):
        row = Affiliation(
            organisation_id=club.id,
            federation_id=federation.id,
            number=number,
            region_id=region.id if region else None,
            from_on=from_on or clock.today(),
        )
        db.session.add(row)
        db.session.flush()
    return row


def by_slug(slug: str) -> Organisation:
    """The organisation with this address; NotFound otherwise."""
    found = db.session.scalars(select(Organisation).where(Organisation.slug == slug)).one_or_none()
    if found is None:
        raise NotFound(slug)
    return found


def clubs_of(federation: Organisation, *, day: date | None = None) -> Sequence[Organisation]:
    """The clubs affiliated with a federation on `day` (default today), by name."""
    day = day or clock.today()
    with unscoped("the clubs of a federation"):
        return db.session.scalars(
            select(Organisation)
            .join(Affiliation, Affiliation.organisation_id == Organisation.id)
            .where(
                Affiliation.federation_id == federation.id,
                Affiliation.from_on <= day,
                or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day),
            )
            .order_by(Organisation.name, Organisation.id)
        ).all()


def set_setting(organisation: Organisation, key: str, value: Any) -> None:
    """Store one setting, named "<plugin>.<name>"."""
    organisation.settings = {**(organisation.settings or {}), key: value}
    db.session.flush()
