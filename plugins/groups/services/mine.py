"""What a member sees of the groups he or she is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, or_, select

from core.contacts.models import Contact
from core.db import db
from core.errors import NotFound
from plugins.groups.models import ClubGroup, GroupMember, Season
from plugins.groups.services.catalogue import title_of
from plugins.groups.services.reading import counts, get_group, join_group, members_of, with_season
from plugins.groups.services.seasons import day_of, reference_day


@dataclass(frozen=True)
class Fellow:
    """A member as the others see him or her: details only where the club opened them."""

    name: str
    email: str | None = None
    phone: str | None = None


def _of(contact_id: int) -> object:
    """SQL condition: a shown group this person is in now, of an active season or outside seasons."""
    m = GroupMember
    inside = exists().where(m.organisation_id == ClubGroup.organisation_id, m.group_id == ClubGroup.id, m.contact_id == contact_id, counts(reference_day()))
    return inside & ClubGroup.is_shown.is_(True) & ClubGroup.removed_at.is_(None) & or_(ClubGroup.season_id.is_(None), Season.is_active.is_(True))


def my_groups(contact_id: int) -> Sequence[ClubGroup]:
    """The groups somebody is in, the newest season first."""
    query = with_season().where(_of(contact_id))  # type: ignore[arg-type]
    return db.session.scalars(query.order_by(Season.start_on.desc(), ClubGroup.name_key)).all()


def is_mine(group_id: int, contact_id: int) -> bool:
    return db.session.scalars(with_season().where(_of(contact_id), ClubGroup.id == group_id)).first() is not None  # type: ignore[arg-type]


def my_group(group_id: int, contact_id: int) -> ClubGroup:
    """One of them; NotFound for all others."""
    if not 0 < group_id < 2**31 or not is_mine(group_id, contact_id):
        raise NotFound(f"group {group_id}")
    return get_group(group_id)


def my_functions(contact_id: int) -> dict[int, list[str]]:
    """Group -> what somebody does there now."""
    query = join_group(select(GroupMember.group_id, GroupMember.function).select_from(GroupMember)).where(
        GroupMember.contact_id == contact_id, counts(reference_day())
    )
    found: dict[int, list[str]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.group_id, []).append(title_of("function", row.function))
    return found


def fellows_of(group: ClubGroup) -> list[tuple[str, list[Fellow]]]:
    """Function -> who holds it; e-mail and telephone only when the club opened them."""
    opens = set(group.opens or ())
    found: dict[str, list[Fellow]] = {}
    for row, contact in members_of(group, day_of(group.season)):
        found.setdefault(title_of("function", row.function), []).append(_fellow(contact, opens))
    return list(found.items())


def _fellow(contact: Contact, opens: set[str]) -> Fellow:
    return Fellow(contact.full_name, contact.email_1 if "email" in opens else None, (contact.mobile_1 or contact.phone) if "phone" in opens else None)
