"""A federation and its clubs: adding them, their numbers and regions, and ending an affiliation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact, ContactFunction
from core.contacts.parsing import parse_line
from core.db import db
from core.errors import NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import _
from core.organisations.details import clean_details
from core.organisations.models import Affiliation, ClubReadiness, Organisation
from core.organisations.services.founding import create_organisation
from core.tenancy import scope, unscoped
from core.users.services.invitations import Link, invite_admin

LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Club:
    """A club as its federation or region sees it."""

    organisation: Organisation
    affiliation: Affiliation
    region: Organisation | None

    @property
    def is_affiliated(self) -> bool:
        return self.affiliation.counts_on(clock.today())


def get_club(pk: int) -> Club:
    """A club of the federation or region at hand, also one that left; NotFound for all others."""
    found = None
    if 0 < pk <= LARGEST_ID:
        # the scope lets through only affiliations of this federation or region
        found = db.session.execute(
            select(Affiliation, Organisation)
            .join(Organisation, Organisation.id == Affiliation.organisation_id)
            .where(Affiliation.organisation_id == pk)
            .order_by(Affiliation.from_on.desc(), Affiliation.id.desc())
            .limit(1)
        ).first()
    if found is None:
        raise NotFound(f"club {pk}")
    affiliation, organisation = found
    region = db.session.get(Organisation, affiliation.region_id) if affiliation.region_id else None
    return Club(organisation, affiliation, region)


def add_club(
    federation: Organisation, values: Mapping[str, Any], *, first_admin: Mapping[str, str | None] | None = None, actor: Actor
) -> tuple[Organisation, Link | None]:
    """Make a club, affiliate it, and perhaps invite its first administrator.

    values: name, official_name, number, region_id, from_on, email, language, town.
    first_admin: first_name, last_name, email. Returns the club, and the link to send.
    """
    require(actor, "clubs.write")
    details = {name: values.get(name) or None for name in ("name", "official_name", "email", "language", "town", "postcode")}
    details["official_name"] = details["official_name"] or details["name"]
    details["language"] = details["language"] or federation.language
    cleaned, mistakes = clean_details(details)
    if mistakes:
        raise mistakes[0]
    number = clean_number(federation, values.get("number"))
    region = region_of(federation, values.get("region_id"))
    club = create_organisation(kind="club", accent=federation.accent, time_zone=federation.time_zone, **cleaned)
    row = Affiliation(
        organisation_id=club.id,
        federation_id=federation.id,
        number=number,
        region_id=region.id if region else None,
        from_on=values.get("from_on") or clock.today(),
    )
    db.session.add(row)
    db.session.flush()
    record("affiliation.created", row, actor=actor, note=club.name)
    if not first_admin or not any(first_admin.values()):
        return club, None
    with scope(club):
        # the club's own log begins with who got it from whom
        link = invite_admin(
            club, first_name=first_admin.get("first_name") or "", last_name=first_admin.get("last_name") or "", email=first_admin.get("email"), actor=actor
        )
    return club, link


def clean_number(federation: Organisation, typed: str | None, *, club_id: int | None = None) -> str | None:
    """The number of a club with its federation: one line, and nobody else's at this moment."""
    number = parse_line(typed, longest=30)
    if number is None:
        return None
    today = clock.today()
    taken = select(func.count(Affiliation.id)).where(
        Affiliation.federation_id == federation.id,
        func.lower(Affiliation.number) == number.lower(),
        or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today),
    )
    if club_id is not None:
        taken = taken.where(Affiliation.organisation_id != club_id)
    if db.session.scalar(taken):
        raise UserMistake(_("Another club has this number already."), field="number")
    return number


def region_of(federation: Organisation, region_id: Any) -> Organisation | None:
    """A region of this federation by what a form posted; None for none."""
    if region_id in (None, "", 0, "0"):
        return None
    number = int(region_id) if str(region_id).isdecimal() and len(str(region_id)) < 11 else 0
    found = db.session.get(Organisation, number) if 0 < number <= LARGEST_ID else None
    if found is None or found.kind != "region" or found.parent_id != federation.id:
        raise UserMistake(_("Choose a region from the list."), field="region_id")
    return found


def change_affiliation(club: Club, federation: Organisation, *, number: str | None, region_id: Any, from_on: date | None, actor: Actor) -> Affiliation:
    """Another number or region, or a corrected first day."""
    require(actor, "clubs.write")
    row = club.affiliation
    region = region_of(federation, region_id)
    first = from_on or row.from_on
    if row.until_on is not None and first > row.until_on:
        raise UserMistake(_("The first day is after the last day."), field="from_on")
    wanted = {"number": clean_number(federation, number, club_id=row.organisation_id), "region_id": region.id if region else None, "from_on": first}
    changes: dict[str, Any] = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
    db.session.flush()
    if "region_id" in changes:
        changes["region_id"] = (club.region.name if club.region else None, region.name if region else None)
    if changes:
        record("affiliation.changed", row, actor=actor, changes=changes)
    return row


def end_affiliation(club: Club, *, last_day: date | None = None, actor: Actor) -> Affiliation:
    """End a club's affiliation; `last_day` (today) is the last day it still counts."""
    require(actor, "clubs.write")
    row = club.affiliation
    last = last_day or clock.today()
    if last < row.from_on:
        raise UserMistake(_("The last day is before the first day."), field="last_day")
    before, row.until_on = row.until_on, last
    db.session.flush()
    record("affiliation.ended", row, actor=actor, changes={"until_on": (before, last)})
    return row


def reopen_affiliation(club: Club, until_on: date | None, *, actor: Actor) -> Affiliation:
    """Put the last day back to what it was before end_affiliation."""
    require(actor, "clubs.write")
    row = club.affiliation
    before, row.until_on = row.until_on, until_on
    db.session.flush()
    record("affiliation.changed", row, actor=actor, changes={"until_on": (before, until_on)})
    return row


def take_back(club: Club, federation: Organisation, *, from_on: date | None = None, actor: Actor) -> Affiliation:
    """Affiliate a club again that left; with its old number and region."""
    require(actor, "clubs.write")
    old, first = club.affiliation, from_on or clock.today()
    if old.until_on is None or first <= old.until_on:
        raise UserMistake(_("The new period starts after the last day of the old one."), field="from_on")
    row = Affiliation(
        organisation_id=old.organisation_id, federation_id=federation.id, from_on=first, region_id=old.region_id, number=clean_number(federation, old.number)
    )
    db.session.add(row)
    db.session.flush()
    record("affiliation.created", row, actor=actor, note=club.organisation.name)
    return row


@dataclass(frozen=True)
class FunctionHolder:
    """Who holds a function in a club, as its federation may know it."""

    title: str
    name: str
    email: str | None
    phone: str | None


def holders_in(club: Club, federation: Organisation) -> list[FunctionHolder]:
    """Who holds the functions this federation asked its clubs for. Nothing else of these contacts.

    Only while the club is affiliated: functions are declared so that the federation knows whom
    to speak to.
    """
    if not club.is_affiliated:
        return []
    declared = {owned.item.key: owned.item for owned in registry().owned("functions") if owned.plugin in ("core", federation.federation_plugin)}
    today = clock.today()
    with unscoped("whom a federation speaks to in a club of its own"):
        rows = db.session.execute(
            select(ContactFunction.function, Contact.first_name, Contact.last_name, Contact.email_1, Contact.mobile_1, Contact.phone)
            .join(Contact, (Contact.id == ContactFunction.contact_id) & (Contact.organisation_id == ContactFunction.organisation_id))
            .where(
                ContactFunction.organisation_id == club.organisation.id,
                ContactFunction.function.in_(list(declared)),
                ContactFunction.from_on <= today,
                or_(ContactFunction.until_on.is_(None), ContactFunction.until_on >= today),
                Contact.deleted_at.is_(None),
            )
            .order_by(Contact.name_key)
        ).all()
    found = sorted(rows, key=lambda row: declared[row.function].position)
    return [FunctionHolder(str(declared[r.function].title), f"{r.first_name} {r.last_name}", r.email_1, r.mobile_1 or r.phone) for r in found]


def readiness_row(club: Club) -> ClubReadiness | None:
    return db.session.scalars(select(ClubReadiness).where(ClubReadiness.organisation_id == club.organisation.id)).one_or_none()
