"""Finding memberships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import contains_eager
from sqlalchemy.sql import ColumnElement

from core import clock
from core.contacts.models import Contact
from core.db import chunks, db, is_one_of
from core.errors import NotFound
from core.i18n import in_own_language
from core.organisations.models import Organisation
from core.web.context import current_organisation
from plugins.memberships.models import FederationMember, Membership, MembershipType
from plugins.memberships.models.memberships import State, state_on


def today() -> date:
    """Today where the organisation is."""
    return clock.today(current_organisation().time_zone)


def counts_on(day: date) -> ColumnElement[bool]:
    """SQL condition: the membership counts on `day`."""
    return and_(Membership.status == "accepted", Membership.from_on <= day, or_(Membership.until_on.is_(None), Membership.until_on >= day))


def not_over(day: date) -> ColumnElement[bool]:
    """SQL condition: asked for, current or still to come."""
    return and_(Membership.status.in_(("requested", "accepted")), or_(Membership.until_on.is_(None), Membership.until_on >= day))


def id_of(membership: Membership | int) -> int:
    return membership if isinstance(membership, int) else membership.id


def get_membership(pk: int, *, locked: bool = False) -> Membership:
    """A membership this organisation may see, with its type; NotFound for all others.

    `locked`: as it is now in the database, and nobody else changes it before this transaction ends.
    """
    query = select(Membership).join(Membership.kind).options(contains_eager(Membership.kind)).where(Membership.id == pk)
    if locked:
        query = query.with_for_update(of=Membership).execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"membership {pk}")
    return found


def memberships_of(contact_id: int) -> Sequence[Membership]:
    """All memberships of a contact with their types, the newest first."""
    query = select(Membership).join(Membership.kind).options(contains_eager(Membership.kind)).where(Membership.contact_id == contact_id)
    return db.session.scalars(query.order_by(Membership.from_on.desc(), Membership.id.desc())).all()


@dataclass(frozen=True, slots=True)
class Current:
    """The membership of a federation that matters most of one contact."""

    membership_id: int
    state: State
    federation: str
    type_name: Mapping[str, str]
    from_on: date
    until_on: date | None
    season: str | None
    extra: Mapping[str, Any]


_WEIGHT = {"active": 0, "requested": 1, "later": 2, "refused": 3, "ended": 4, "withdrawn": 5}


def current_of(contact_ids: Sequence[int]) -> dict[int, Current]:
    """Per contact the membership of a federation to show: active, else asked, else refused. One query.

    A refusal is shown until something newer happens; what has ended is not shown.
    """
    day = today()
    found: dict[int, Current] = {}
    newest: dict[int, tuple[int, int]] = {}
    for part in chunks(contact_ids, 5_000):
        for row in db.session.execute(_with_federation().where(is_one_of(Membership.contact_id, part), Membership.status != "withdrawn")):
            state = state_on(day, row.status, row.from_on, row.until_on)
            rank = (_WEIGHT[state], -row.id)
            if state == "ended" or (row.contact_id in newest and newest[row.contact_id] <= rank):
                continue
            newest[row.contact_id] = rank
            found[row.contact_id] = Current(row.id, state, row.federation, row.type_name, row.from_on, row.until_on, row.season, row.extra or {})
    return found


def _with_federation() -> Select[Any]:
    m = Membership
    return (
        select(
            m.id,
            m.contact_id,
            m.status,
            m.from_on,
            m.until_on,
            m.season,
            m.extra,
            Organisation.name.label("federation"),
            MembershipType.name.label("type_name"),
        )
        .join(MembershipType, MembershipType.id == m.type_id)
        .join(Organisation, Organisation.id == m.federation_id)
    )


def active_on(day: date, federation: Organisation) -> Select[Any]:
    """Everybody who counts as a member of `federation` on `day`, ordered by club and name.

    Run it inside scope(federation), streamed. Rows: club_id, contact_id, membership_id, type_id,
    from_on, until_on, season, extra, first_name, last_name, name_key, birth_date.
    """
    m, person = Membership, FederationMember
    return (
        select(
            m.organisation_id.label("club_id"),
            m.contact_id,
            m.id.label("membership_id"),
            m.type_id,
            m.from_on,
            m.until_on,
            m.season,
            m.extra,
            person.first_name,
            person.last_name,
            person.name_key,
            person.birth_date,
        )
        .select_from(m)
        .outerjoin(
            person,
            and_(person.organisation_id == m.organisation_id, person.federation_id == m.federation_id, person.contact_id == m.contact_id),
        )
        .where(m.federation_id == federation.id, counts_on(day))
        .order_by(m.organisation_id, person.name_key, m.id)
    )


def type_titles() -> dict[int, str]:
    """What every type this organisation can see is called, in the reader's language."""
    rows = db.session.execute(select(MembershipType.id, MembershipType.name, MembershipType.key)).all()
    return {row.id: in_own_language(row.name, row.key) for row in rows}


def title_of(kind: MembershipType) -> str:
    return in_own_language(kind.name, kind.key)


def lock_contacts(contact_ids: Sequence[int]) -> dict[int, Any]:
    """Details of these contacts by id; nobody else gives them a membership before this transaction ends."""
    c = Contact
    names = (
        "id",
        "first_name",
        "last_name",
        "name_key",
        "birth_date",
        "gender",
        "street",
        "house_number",
        "box",
        "postcode",
        "town",
        "country",
        "email_1",
        "extra",
    )
    columns = [getattr(c, name) for name in names]
    found: dict[int, Any] = {}
    for part in chunks(sorted(set(contact_ids)), 5_000):
        query = select(*columns).where(is_one_of(c.id, part), c.deleted_at.is_(None)).order_by(c.id).with_for_update(of=c)
        found |= {row.id: row for row in db.session.execute(query)}
    return found
