"""Everybody a federation exchanges, some clubs at a time: values by field, as text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from core.api import Affiliation, Organisation, db, is_one_of
from plugins.exchange.catalogue import CLUB, DETAILS, FROM, TYPE, UNTIL, as_text
from plugins.exchange.models import Exchange, ExchangeLink
from plugins.memberships.api import FederationMember, Membership, MembershipType


@dataclass(frozen=True, slots=True)
class Club:
    """A club that is affiliated."""

    id: int
    number: str
    name: str


@dataclass
class Member:
    """One person in one club, with the membership that matters most."""

    club: Club
    contact_id: int
    membership_id: int
    status: str
    values: dict[str, str]
    link: ExchangeLink | None = None
    counts: bool = True

    @property
    def label(self) -> str:
        name = f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}".strip()
        return f"{name} · {self.club.name}"[:200]


def clubs_of_federation(federation: Organisation, day: date) -> list[Club]:
    """The clubs affiliated on a day."""
    a = Affiliation
    rows = db.session.execute(
        select(a.organisation_id, a.number, Organisation.name)
        .join(Organisation, Organisation.id == a.organisation_id)
        .where(a.federation_id == federation.id, a.from_on <= day, or_(a.until_on.is_(None), a.until_on >= day))
        .order_by(a.organisation_id)
    )
    return list({row[0]: Club(row[0], row[1] or "", row[2]) for row in rows}.values())


def members_of(clubs: Sequence[Club], federation: Organisation, day: date, *, contact_ids: Sequence[int] | None = None) -> dict[tuple[int, int], Member]:
    """(club, contact) -> the person: with a membership that counts, is asked, or else the one that ended last."""
    m, p = Membership, FederationMember
    by_id = {club.id: club for club in clubs}
    query = (
        select(m, p, MembershipType.key)
        .join(p, and_(p.organisation_id == m.organisation_id, p.federation_id == m.federation_id, p.contact_id == m.contact_id))
        .join(MembershipType, MembershipType.id == m.type_id)
        .where(m.federation_id == federation.id, is_one_of(m.organisation_id, list(by_id)), m.status.in_(("accepted", "requested")))
        .order_by(m.organisation_id, m.contact_id, m.from_on, m.id)
    )
    if contact_ids is not None:
        query = query.where(is_one_of(m.contact_id, list(contact_ids)))
    found: dict[tuple[int, int], Member] = {}
    ranks: dict[tuple[int, int], int] = {}
    for membership, person, type_key in db.session.execute(query):
        key = (membership.organisation_id, membership.contact_id)
        state = membership.state_on(day)
        rank = {"active": 3, "requested": 2, "later": 1}.get(state, 0)
        if key in ranks and ranks[key] > rank:
            continue
        ranks[key] = rank
        club = by_id[membership.organisation_id]
        found[key] = Member(club, membership.contact_id, membership.id, membership.status, _values(club, membership, person, type_key, state), counts=rank > 0)
    return found


def _values(club: Club, membership: Any, person: Any, type_key: str, state: str) -> dict[str, str]:
    values = {name: as_text(getattr(person, name)) for name in DETAILS}
    values |= {
        CLUB: club.number,
        "club_name": club.name,
        TYPE: type_key,
        FROM: as_text(membership.from_on),
        UNTIL: as_text(membership.until_on),
        "status": state,
    }
    values |= {f"contact.{key}": as_text(value) for key, value in (person.extra or {}).items() if not isinstance(value, dict)}
    values |= {f"membership.{key}": as_text(value) for key, value in (membership.extra or {}).items() if not isinstance(value, dict)}
    return values


def links_by_person(exchange: Exchange, club_ids: Sequence[int]) -> dict[tuple[int, int], ExchangeLink]:
    rows = db.session.scalars(select(ExchangeLink).where(ExchangeLink.exchange_id == exchange.id, is_one_of(ExchangeLink.club_id, list(club_ids))))
    return {(link.club_id, link.contact_id): link for link in rows}


def links_by_number(exchange: Exchange, numbers: Sequence[str]) -> dict[str, ExchangeLink]:
    rows = db.session.scalars(select(ExchangeLink).where(ExchangeLink.exchange_id == exchange.id, is_one_of(ExchangeLink.number, list(numbers))))
    return {link.number: link for link in rows if link.number}


def digest(club_id: int, contact_id: int, field: str, text: str) -> str:
    """What is kept of a value: enough to see whether it is the same, not what it is."""
    return hashlib.sha256(f"{club_id}\t{contact_id}\t{field}\t{text}".encode()).hexdigest()[:16]


def digest_of_all(texts: Sequence[str]) -> str:
    return hashlib.sha256("\t".join(texts).encode()).hexdigest()[:32]


