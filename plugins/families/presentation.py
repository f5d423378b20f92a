"""Families on the profile of a contact, in the log and in the export of personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.api import Contact, _l, can, current_actor, db, describe_subject
from plugins.families import services
from plugins.families.models import Family, FamilyFunction, FamilyMember, ParentRight

SWITCH_TITLES = {
    "sees": _l("Sees and acts for the child"),
    "corrects": _l("Corrects details"),
    "answers": _l("Answers and signs up"),
    "gets_mails": _l("Gets the mails of the child"),
    "after_18": _l("Also after the 18th birthday"),
}


def section(contact: Contact) -> Mapping[str, Any]:
    families = services.families_of(contact.id)
    members = services.members_of([family.id for family in families])
    own = {m.family_id: m for m in reversed(members) if m.contact_id == contact.id}
    return {
        "families": [(family, own.get(family.id), [m for m in members if m.family_id == family.id and m.contact_id != contact.id]) for family in families],
        "pairs": services.parents_of(contact.id),
        "can_change": can(current_actor(), "families.write") and contact.deleted_at is None,
        "is_over": services.is_over,
        "day": services.today(),
    }


def data_of(contact: Contact) -> dict[str, Any]:
    """All that is stored about the person; of the others only what they may do for or through this person."""
    rows = db.session.execute(
        select(FamilyMember, Family, FamilyFunction)
        .join(Family, Family.id == FamilyMember.family_id)
        .join(FamilyFunction, FamilyFunction.id == FamilyMember.function_id)
        .where(FamilyMember.contact_id == contact.id)
        .order_by(FamilyMember.id)
    ).all()
    rights = db.session.scalars(select(ParentRight).where((ParentRight.parent_id == contact.id) | (ParentRight.child_id == contact.id))).all()
    if not rows and not rights:
        return {}
    return {
        "families": [{"family": f.name, "function": what.title, "from": m.from_on, "until": m.until_on} for m, f, what in rows],
        "access": [
            {"as": "parent" if right.parent_id == contact.id else "child", **{name: getattr(right, name) for name in services.SWITCHES}} for right in rights
        ],
    }


def _family_names(ids: Sequence[int]) -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(select(Family.id, Family.name).where(Family.id.in_(ids)))}


def _function_names(ids: Sequence[int]) -> dict[int, str]:
    return {one.id: one.title for one in db.session.scalars(select(FamilyFunction).where(FamilyFunction.id.in_(ids)))}


describe_subject("family", title=_l("Family"), fields={"name": _l("Name")}, names=_family_names)
describe_subject(
    "family_function",
    title=_l("Family function"),
    fields={
        "name": _l("Name"),
        "opens_account": _l("Has access to the account of the child"),
        "is_child": _l("Is a child of the family"),
        "is_active": _l("Activate"),
    },
    names=_function_names,
)
describe_subject(
    "contact",
    fields={
        "family.function": _l("Family function"),
        "family.from_on": _l("From"),
        "family.until_on": _l("Until"),
        **{f"family.{name}": title for name, title in SWITCH_TITLES.items()},
    },
    actions={
        "contact.family_joined": _l("Put in a family"),
        "contact.family_changed": _l("Family changed"),
        "contact.family_left": _l("Taken out of a family"),
        "contact.parent_rights": _l("What a parent may do changed"),
    },
)
