"""Finding groups and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager

from core.contacts.models import Contact
from core.db import chunks, db, is_one_of
from core.errors import NotFound
from plugins.groups.models import ClubGroup, GroupMember, Season
from plugins.groups.services.catalogue import order_of
from plugins.groups.services.seasons import day_of, reference_day


def with_season(*entities: Any) -> Select[Any]:
    """A SELECT of groups (and other things) with their season loaded."""
    query = select(*(entities or (ClubGroup,)))
    return query.outerjoin(Season, and_(Season.organisation_id == ClubGroup.organisation_id, Season.id == ClubGroup.season_id)).options(
        contains_eager(ClubGroup.season)
    )


def get_group(pk: int, *, even_removed: bool = False) -> ClubGroup:
    """A group of the organisation at hand, with its season; NotFound for all others."""
    query = with_season().where(ClubGroup.id == pk)
    if not even_removed:
        query = query.where(ClubGroup.removed_at.is_(None))
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"group {pk}")
    return found


def groups_in(season: Season | int | None) -> Sequence[ClubGroup]:
    """The groups of a season, or the committees, by name."""
    pk = season.id if isinstance(season, Season) else season
    query = with_season().where(ClubGroup.removed_at.is_(None), ClubGroup.season_id == pk if pk is not None else ClubGroup.season_id.is_(None))
    return db.session.scalars(query.order_by(ClubGroup.name_key, ClubGroup.id)).all()


def same_lineage(group: ClubGroup) -> Sequence[ClubGroup]:
    """A group and its copies in other seasons, the newest first."""
    query = with_season().where(ClubGroup.lineage == group.lineage, ClubGroup.removed_at.is_(None))
    return db.session.scalars(query.order_by(Season.start_on.desc(), ClubGroup.id)).all()


def groups_open() -> Sequence[ClubGroup]:
    """Groups somebody can be put in now: of seasons that are active, and committees. The current season first."""
    query = with_season().where(ClubGroup.removed_at.is_(None), or_(ClubGroup.season_id.is_(None), Season.is_active.is_(True)))
    order = (ClubGroup.season_id.is_(None), Season.is_current.desc(), Season.start_on.desc(), ClubGroup.name_key, ClubGroup.id)
    return db.session.scalars(query.order_by(*order)).all()


def label_of(group: ClubGroup) -> str:
    """ "Adult choir (2026-2027)"."""
    return f"{group.name} ({group.season.name})" if group.season is not None else group.name


def counts(day: Any) -> Any:
    """SQL condition: a member counts on a day (a date, or an SQL expression)."""
    m = GroupMember
    return and_(m.is_void.is_(False), m.from_on <= day, or_(m.until_on.is_(None), m.until_on >= day))


def not_over(day: Any) -> Any:
    """SQL condition: a member counts now or later."""
    m = GroupMember
    return and_(m.is_void.is_(False), or_(m.until_on.is_(None), m.until_on >= day))


def join_group(statement: Any) -> Any:
    """Members with their group and its season; for `reference_day()`."""
    return statement.join(ClubGroup, and_(ClubGroup.organisation_id == GroupMember.organisation_id, ClubGroup.id == GroupMember.group_id)).outerjoin(
        Season, and_(Season.organisation_id == ClubGroup.organisation_id, Season.id == ClubGroup.season_id)
    )


def members_of(group: ClubGroup, day: date | None = None, *, also_later: bool = False) -> list[tuple[GroupMember, Contact]]:
    """Who is in a group on a day (default: now, or the nearest day of its season), by function and name."""
    when = day or day_of(group.season)
    query = (
        select(GroupMember, Contact)
        .join(Contact, and_(Contact.organisation_id == GroupMember.organisation_id, Contact.id == GroupMember.contact_id))
        .where(GroupMember.group_id == group.id, Contact.deleted_at.is_(None), not_over(when) if also_later else counts(when))
        .order_by(Contact.name_key, GroupMember.id)
    )
    order = order_of("function")
    rows = [(row[0], row[1]) for row in db.session.execute(query)]
    return sorted(rows, key=lambda row: order.get(row[0].function, len(order)))


def former_of(group: ClubGroup) -> list[tuple[GroupMember, Contact]]:
    """Who was in a group and left, the last first."""
    query = (
        select(GroupMember, Contact)
        .join(Contact, and_(Contact.organisation_id == GroupMember.organisation_id, Contact.id == GroupMember.contact_id))
        .where(GroupMember.group_id == group.id, Contact.deleted_at.is_(None), GroupMember.is_void.is_(False), GroupMember.until_on < day_of(group.season))
        .order_by(GroupMember.until_on.desc(), Contact.name_key)
        .limit(500)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def lines_of(contact_id: int) -> list[tuple[GroupMember, ClubGroup]]:
    """Every group of a contact, with its season, the newest season first; committees before them."""
    query = join_group(select(GroupMember, ClubGroup).select_from(GroupMember)).options(contains_eager(ClubGroup.season))
    query = query.where(GroupMember.contact_id == contact_id, GroupMember.is_void.is_(False), ClubGroup.removed_at.is_(None))
    rows = db.session.execute(query.order_by(Season.start_on.desc(), ClubGroup.name_key, GroupMember.from_on.desc(), GroupMember.id)).all()
    order = order_of("function")
    found = [(row[0], row[1]) for row in rows]
    return sorted(
        found,
        key=lambda row: (
            row[1].season is not None,
            -row[1].season.start_on.toordinal() if row[1].season else 0,
            row[1].name_key,
            order.get(row[0].function, 99),
        ),
    )


def get_member(pk: int) -> GroupMember:
    """A line of a group here; NotFound for all others."""
    found = db.session.scalars(select(GroupMember).where(GroupMember.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"group member {pk}")
    return found


def groups_of_contacts(contact_ids: Sequence[int]) -> dict[int, list[tuple[str, str, str]]]:
    """Contact -> (group, function key, season) of now: the current season and committees. One query."""
    found: dict[int, list[tuple[str, str, str]]] = {}
    query = join_group(select(GroupMember.contact_id, ClubGroup.name, GroupMember.function, Season.name.label("season")).select_from(GroupMember))
    query = query.where(ClubGroup.removed_at.is_(None), or_(ClubGroup.season_id.is_(None), Season.is_current.is_(True)), counts(reference_day())).order_by(
        ClubGroup.season_id.is_not(None).desc(), ClubGroup.name_key, GroupMember.id
    )
    for part in chunks(list(contact_ids), 5_000):
        for row in db.session.execute(query.where(is_one_of(GroupMember.contact_id, part))):
            found.setdefault(row.contact_id, []).append((row[1], row.function, row.season or ""))
    return found


def count_members(group_ids: Sequence[int]) -> dict[int, int]:
    """Group -> number of different people in it now. One query."""
    query = (
        join_group(select(GroupMember.group_id, func.count(func.distinct(GroupMember.contact_id))).select_from(GroupMember))
        .join(Contact, and_(Contact.organisation_id == GroupMember.organisation_id, Contact.id == GroupMember.contact_id))
        .where(is_one_of(GroupMember.group_id, list(group_ids)), Contact.deleted_at.is_(None), counts(reference_day()))
        .group_by(GroupMember.group_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}
