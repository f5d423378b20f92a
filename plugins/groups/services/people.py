"""What groups do when a contact is changed, erased, or asks what is stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.access import Actor
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.db import db
from core.web.context import active_plugins
from plugins.groups.models import ClubGroup, GroupException, GroupMember
from plugins.groups.services import rules
from plugins.groups.services.catalogue import title_of
from plugins.groups.services.reading import lines_of
from plugins.groups.services.sharing import refresh_contacts, refresh_groups

#: a change of these is seen by a federation that asks who holds a function
_SEEN = frozenset({"first_name", "last_name", "email_1", "mobile_1", "phone", "deleted_at"})


def follow_contacts(saved: SavedContacts, *, actor: Actor) -> None:
    """Rules look at contacts that were saved; federations read the new name of who holds a function."""
    if "groups" not in active_plugins():
        return
    if seen := [pk for pk, before in saved.before.items() if _SEEN & before.keys()]:
        refresh_contacts(seen, actor=actor)
    if saved_now := [*saved.new, *(pk for pk, before in saved.before.items() if before)]:
        rules.follow_contacts(saved_now, actor=actor)


def erase(contact: Contact, *, actor: Actor) -> None:
    """A person is erased: no group has been theirs, and no federation reads the name any more."""
    rows = db.session.scalars(select(GroupMember).where(GroupMember.contact_id == contact.id)).all()
    held = db.session.scalars(select(GroupException).where(GroupException.contact_id == contact.id)).all()
    groups = {row.group_id for row in rows}
    for row in (*rows, *held):
        db.session.delete(row)
    db.session.flush()
    refresh_groups(groups, actor=actor)
    if rows:
        record("contact.left_groups", contact, actor=actor)


def data_of(contact: Contact) -> dict[str, Any]:
    """The groups somebody is or was in, for the export of personal data."""
    lines = [
        {
            "group": group.name,
            "season": group.season.name if group.season is not None else None,
            "function": title_of("function", row.function),
            "from": row.from_on,
            "until": row.until_on,
            "by_rule": row.rule_id is not None,
        }
        for row, group in lines_of(contact.id)
    ]
    barred = select(ClubGroup.name).join(
        GroupException, (GroupException.organisation_id == ClubGroup.organisation_id) & (GroupException.group_id == ClubGroup.id)
    )
    kept_out = list(db.session.scalars(barred.where(GroupException.contact_id == contact.id)))
    found: dict[str, Any] = {"groups": lines} if lines else {}
    return found | ({"kept_out_of": kept_out} if kept_out else {})
