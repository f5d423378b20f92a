"""Taking over the clubs of a federation, and their contact persons, from the system it used before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from core import clock
from core.access import Actor, acting
from core.contacts.models import Contact
from core.contacts.services import functions_here, give_function, save_contact
from core.db import db
from core.organisations.models import Affiliation, Organisation
from core.organisations.services.clubs import add_club
from core.tenancy import scope, unscoped
from core.users.models import Invitation, OrganisationRole
from core.users.services.invitations import Link, invite_admin

#: the function of a contact person, when the federation has one by that name
FUNCTION = "contact_person"
#: what a row may hold
OF_CLUB = ("name", "number", "town", "postcode", "language", "email")
OF_PERSON = ("first_name", "last_name", "person_email")
COLUMNS = (*OF_CLUB, "region", *OF_PERSON)


@dataclass
class Moved:
    """What a row came to: the club, and the link for its contact person (a login of its own, with all data of the club)."""

    club: Organisation
    is_new: bool = False
    person: str = ""
    link: Link | None = None


def take_over(federation: Organisation, row: Mapping[str, str], *, actor: Actor) -> Moved:
    """One row: a club (by its number, or its name), and perhaps one of its contact persons. Twice is the same as once.

    Inside transaction() and the scope of the federation.
    """
    club = _known(federation, row)
    moved = Moved(club) if club is not None else Moved(_add(federation, row, actor), is_new=True)
    if any(row.get(name) for name in OF_PERSON):
        with scope(moved.club), acting(actor):
            _add_person(moved, row, actor)
    return moved


def _known(federation: Organisation, row: Mapping[str, str]) -> Organisation | None:
    day = clock.today()
    query = select(Organisation).join(Affiliation, Affiliation.organisation_id == Organisation.id)
    query = query.where(Affiliation.federation_id == federation.id, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day))
    same = func.lower(Affiliation.number) == row["number"].lower() if row.get("number") else func.lower(Organisation.name) == row.get("name", "").lower()
    return db.session.scalars(query.where(same).order_by(Organisation.id).limit(1)).first()


def _add(federation: Organisation, row: Mapping[str, str], actor: Actor) -> Organisation:
    values: dict[str, str | int] = {name: row[name] for name in OF_CLUB if row.get(name)}
    if row.get("region"):
        regions = select(Organisation.id).where(Organisation.parent_id == federation.id, Organisation.kind == "region")
        # a number no region has: the mistake then says that there is no such region
        values["region_id"] = db.session.scalar(regions.where(func.lower(Organisation.name) == row["region"].lower())) or -1
    return add_club(federation, values, actor=actor)[0]


def _add_person(moved: Moved, row: Mapping[str, str], actor: Actor) -> None:
    """A contact of the club with the function, and a link with which it administers the club."""
    email = row.get("person_email", "")
    contact = db.session.scalars(select(Contact).where(func.lower(Contact.email_1) == email.lower(), Contact.deleted_at.is_(None)).limit(1)).first()
    if contact is None:
        values = {"first_name": row.get("first_name"), "last_name": row.get("last_name"), "email_1": email or None}
        contact = save_contact(None, values, actor=actor)
        if FUNCTION in {function.key for function in functions_here()}:
            give_function(contact, FUNCTION, actor=actor)
    moved.person = contact.full_name
    if not _is_in(contact):
        moved.link = invite_admin(
            moved.club, first_name=contact.first_name, last_name=contact.last_name, email=contact.email_1, contact_id=contact.id, actor=actor
        )


def _is_in(contact: Contact) -> bool:
    """Does this person have a login in the club, or a link for one?"""
    with unscoped("whether a contact person was invited already"):
        held = select(OrganisationRole.id).where(OrganisationRole.organisation_id == contact.organisation_id, OrganisationRole.contact_id == contact.id)
        asked = select(Invitation.id).where(Invitation.organisation_id == contact.organisation_id, Invitation.contact_id == contact.id)
        return any(db.session.scalar(query.limit(1)) is not None for query in (held, asked))
