"""What a federation looks at before it decides, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import contains_eager

from core.db import db
from core.errors import NotFound
from core.organisations.models import Affiliation, Organisation
from core.tenancy import current_scope
from plugins.memberships.models import FederationMember, Membership, MembershipType
from plugins.memberships.services.reading import counts_on


@dataclass(frozen=True)
class Known:
    """A membership with what the federation knows of the person and the club."""

    membership: Membership
    person: FederationMember | None
    club: Organisation
    affiliation: Affiliation | None


@dataclass(frozen=True)
class Other:
    """Another membership of what seems the same person."""

    membership: Membership
    club: Organisation
    #: the birth date is the same too, not only the name
    is_certain: bool


def known_of(pk: int) -> Known:
    """One membership of one of the clubs; NotFound for all others."""
    m, p = Membership, FederationMember
    query = (
        select(m, p, Organisation, Affiliation)
        .join(m.kind)
        .options(contains_eager(m.kind))
        .outerjoin(p, and_(p.organisation_id == m.organisation_id, p.federation_id == m.federation_id, p.contact_id == m.contact_id))
        .join(Organisation, Organisation.id == m.organisation_id)
        .outerjoin(Affiliation, and_(Affiliation.organisation_id == m.organisation_id, Affiliation.federation_id == m.federation_id))
        .where(m.id == pk)
        .order_by(Affiliation.from_on.desc())
    )
    found = db.session.execute(query).first() if 0 < pk < 2**31 else None
    if found is None or not current_scope().reads_clubs:
        raise NotFound(f"membership {pk}")
    return Known(*found)


def earlier_of(known: Known) -> Sequence[Membership]:
    """The other memberships of this person in the same club, the newest first."""
    m = Membership
    query = (
        select(m)
        .join(m.kind)
        .options(contains_eager(m.kind))
        .where(m.organisation_id == known.membership.organisation_id, m.contact_id == known.membership.contact_id, m.id != known.membership.id)
    )
    return db.session.scalars(query.order_by(m.from_on.desc(), m.id.desc())).all()


def elsewhere(known: Known, *, limit: int = 20) -> list[Other]:
    """Memberships in other clubs of somebody with the same name, and not another birth date."""
    if known.person is None:
        return []
    m, p = Membership, FederationMember
    query = (
        select(m, Organisation, p.birth_date)
        .join(p, and_(p.organisation_id == m.organisation_id, p.federation_id == m.federation_id, p.contact_id == m.contact_id))
        .join(m.kind)
        .options(contains_eager(m.kind))
        .join(Organisation, Organisation.id == m.organisation_id)
        .where(p.name_key == known.person.name_key, m.organisation_id != known.membership.organisation_id, m.status.in_(("requested", "accepted")))
        .order_by(m.from_on.desc(), m.id.desc())
        .limit(limit)
    )
    mine = known.person.birth_date
    rows = db.session.execute(query).all()
    return [Other(row[0], row[1], mine is not None and row[2] == mine) for row in rows if mine is None or row[2] is None or row[2] == mine]


def next_waiting(after: int) -> int | None:
    """The request that waits longest, but for the one at hand."""
    query = select(Membership.id).where(Membership.status == "requested", Membership.id != after).order_by(Membership.requested_at, Membership.id).limit(1)
    return db.session.scalars(query).one_or_none()


def numbers_by_type(days: Sequence[date]) -> list[tuple[MembershipType, list[int]]]:
    """How many memberships of each type count on each of these days. One query per day."""
    owner = current_scope().federation_id
    kinds = db.session.scalars(select(MembershipType).where(MembershipType.organisation_id == owner).order_by(MembershipType.position, MembershipType.id)).all()
    counts: list[dict[int, int]] = []
    for day in days:
        rows: Any = db.session.execute(select(Membership.type_id, func.count(Membership.id)).where(counts_on(day)).group_by(Membership.type_id))
        counts.append({row[0]: row[1] for row in rows})
    return [(kind, [found.get(kind.id, 0) for found in counts]) for kind in kinds]


def numbers_by_club(day: date) -> list[tuple[Organisation, int]]:
    """Members per club on a day, the largest first."""
    m = Membership
    query = (
        select(Organisation, func.count(func.distinct(m.contact_id)).label("number"))
        .join(m, m.organisation_id == Organisation.id)
        .where(counts_on(day))
        .group_by(Organisation.id)
        .order_by(func.count(func.distinct(m.contact_id)).desc(), Organisation.name)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def waiting_by_club(limit: int) -> list[tuple[str, int]]:
    """Names of the clubs with most requests that wait for a decision, and how many. One query."""
    m = Membership
    number = func.count(m.id)
    query = (
        select(Organisation.name, number)
        .join(Organisation, Organisation.id == m.organisation_id)
        .where(m.status == "requested")
        .group_by(Organisation.id, Organisation.name)
        .order_by(number.desc(), Organisation.name)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]
