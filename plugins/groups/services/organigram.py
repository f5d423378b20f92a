"""The club drawn: its committees and groups, their functions, and who holds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import and_, select

from core.contacts.models import Contact
from core.db import db, is_one_of
from plugins.groups.models import ClubGroup, GroupMember, Season
from plugins.groups.services.catalogue import order_of, title_of
from plugins.groups.services.reading import counts, groups_in
from plugins.groups.services.seasons import day_of

#: more names than these are told as a number
MOST_NAMES = 12


@dataclass
class Box:
    """A committee or group, with (function, names, how many more)."""

    group: ClubGroup
    functions: list[tuple[str, list[str], int]] = field(default_factory=list)


def boxes_of(season: Season | None) -> list[Box]:
    """Those of a season, or the committees. Two queries."""
    groups = groups_in(season)
    found: dict[int, dict[str, list[str]]] = {}
    query = (
        select(GroupMember.group_id, GroupMember.function, Contact.first_name, Contact.last_name)
        .join(Contact, and_(Contact.organisation_id == GroupMember.organisation_id, Contact.id == GroupMember.contact_id))
        .where(is_one_of(GroupMember.group_id, [group.id for group in groups]), Contact.deleted_at.is_(None), counts(day_of(season)))
        .order_by(Contact.name_key)
    )
    for row in db.session.execute(query):
        found.setdefault(row.group_id, {}).setdefault(row.function, []).append(f"{row.first_name} {row.last_name}")
    order = order_of("function")
    return [Box(group, _functions(found.get(group.id, {}), order)) for group in groups]


def _functions(held: dict[str, list[str]], order: dict[str, int]) -> list[tuple[str, list[str], int]]:
    keys = sorted(held, key=lambda key: order.get(key, len(order)))
    return [(title_of("function", key), held[key][:MOST_NAMES], max(0, len(held[key]) - MOST_NAMES)) for key in keys]
