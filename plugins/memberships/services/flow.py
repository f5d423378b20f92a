"""How many people come and go: the memberships of federations that begin and end, per year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, extract, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from core.db import days_between, db
from plugins.memberships.models import Membership

YEARS = 5


@dataclass(frozen=True, slots=True)
class YearOfMembers:
    """How many became a member in a year, and how many stopped."""

    year: int
    new: int
    ended: int


def member_flow(day: date, *, years: int = YEARS) -> list[YearOfMembers]:
    """The years up to and with that of `day`, of what the organisation at hand sees. One query.

    A membership that follows on another of the same person is a renewal: nobody came or went.
    What still has to begin or end is not counted.
    """
    m, first = Membership, date(day.year - years + 1, 1, 1)
    began, ended = extract("year", m.from_on), extract("year", m.until_on)
    counted = and_(m.status == "accepted", m.federation_id.is_not(None))
    news = select(literal("new").label("what"), began.label("year"), func.count(m.id).label("number"))
    ends = select(literal("ended").label("what"), ended.label("year"), func.count(m.id).label("number"))
    query = news.where(counted, m.from_on >= first, m.from_on <= day, ~_follows()).group_by(began).union_all(
        ends.where(counted, m.until_on >= first, m.until_on < day, ~_goes_on()).group_by(ended)
    )  # fmt: skip
    found = {(row.what, int(row.year)): int(row.number) for row in db.session.execute(query)}
    return [YearOfMembers(year, found.get(("new", year), 0), found.get(("ended", year), 0)) for year in range(first.year, day.year + 1)]


def _follows() -> ColumnElement[bool]:
    """SQL condition: the person was a member already, until at least the day before."""
    m, other = Membership, aliased(Membership)
    began_earlier = or_(other.from_on < m.from_on, and_(other.from_on == m.from_on, other.id < m.id))
    return _another(other, began_earlier, or_(other.until_on.is_(None), days_between(other.until_on, m.from_on) <= 1))


def _goes_on() -> ColumnElement[bool]:
    """SQL condition: another membership of the person goes on, or starts the day after."""
    m, other = Membership, aliased(Membership)
    ends_later = or_(other.until_on.is_(None), other.until_on > m.until_on, and_(other.until_on == m.until_on, other.id > m.id))
    return _another(other, ends_later, days_between(m.until_on, other.from_on) <= 1)


def _another(other: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    m = Membership
    same = (other.organisation_id == m.organisation_id, other.contact_id == m.contact_id, other.federation_id == m.federation_id)
    return select(other.id).where(*same, other.status == "accepted", *conditions).correlate(m).exists()
