"""Making families, and changing who is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from core.api import (
    LANGUAGES,
    Actor,
    Contact,
    Organisation,
    StaleVersion,
    UserMistake,
    Words,
    _,
    clean_text,
    db,
    fold,
    get_contact,
    record,
    require,
    save_contact,
    scope,
)
from plugins.families.models import Family, FamilyFunction, FamilyMember, ParentRight
from plugins.families.services.reading import functions, get_function, is_over, today
from plugins.families.starting import FUNCTIONS

WRITE, SETTINGS = "families.write", "family_functions.write"
MOST_SUGGESTIONS = 6


def add_starting_functions(organisation: Organisation) -> None:
    """What a new club starts with. Inside transaction()."""
    with scope(organisation):
        there = set(db.session.scalars(select(FamilyFunction.key)))
        for number, start in enumerate(FUNCTIONS, 1):
            if start.key not in there:
                db.session.add(
                    FamilyFunction(
                        key=start.key, name=dict(start.name), opens_account=start.opens_account, is_child=start.is_child, position=number * 10
                    )
                )
        db.session.flush()


def save_function(function: FamilyFunction | None, values: Mapping[str, Any], *, version: int | None = None, actor: Actor) -> FamilyFunction:
    """Add a family function or change one. Values: name (per language), opens_account, is_child, is_active."""
    require(actor, SETTINGS)
    name = {code: text for code in LANGUAGES if (text := clean_text(str((values.get("name") or {}).get(code) or "")).strip()[:60])}
    if not name:
        raise UserMistake(_("Fill in a name, in one language at least."), field="name-nl")
    if values["opens_account"] and values["is_child"]:
        raise UserMistake(_("A child has no access to the account of a child. Choose one of the two."), field="is_child")
    if function is None:
        last = db.session.scalar(select(func.max(FamilyFunction.position))) or 0
        function = FamilyFunction(name=name, position=last + 10)
        db.session.add(function)
        changes = None
    else:
        if version is not None and version != function.version:
            raise StaleVersion()
        changes = {key: (getattr(function, key), values[key]) for key in ("opens_account", "is_child", "is_active") if getattr(function, key) != values[key]}
        if function.name != name:
            changes["name"] = (str(Words(function.name)), str(Words(name)))
    function.name = name
    function.opens_account, function.is_child, function.is_active = values["opens_account"], values["is_child"], values["is_active"]
    db.session.flush()
    if changes is None or changes:
        record("family_function.created" if changes is None else "family_function.changed", function, actor=actor, changes=changes)
    return function


def save_family(family: Family | None, name: str, *, version: int | None = None, actor: Actor) -> Family:
    """Make a family or give it another name."""
    require(actor, WRITE)
    typed = " ".join(clean_text(name).split())
    if not typed:
        raise UserMistake(_("Fill in the name of the family, for example “Peeters - Maes”."), field="name")
    if len(typed) > 120:
        raise UserMistake(_("Use at most 120 characters."), field="name")
    if family is None:
        family, before = Family(name=typed, name_key=fold(typed)[:130]), None
        db.session.add(family)
    else:
        if version is not None and version != family.version:
            raise StaleVersion()
        before, family.name, family.name_key = family.name, typed, fold(typed)[:130]
    db.session.flush()
    if before != typed:
        record("family.created" if before is None else "family.changed", family, actor=actor, changes={"name": (before, typed)} if before else None)
    return family


def delete_family(family: Family, *, actor: Actor) -> str:
    """Remove a family; its people stay. Returns what it was called."""
    require(actor, WRITE)
    name = family.name
    for member in db.session.scalars(select(FamilyMember).where(FamilyMember.family_id == family.id)).all():
        _note(member, "contact.family_left", actor)
        db.session.delete(member)
    db.session.flush()
    record("family.deleted", family, actor=actor)
    db.session.delete(family)
    db.session.flush()
    return name


def add_member(
    family: Family, contact_id: int | None, function_id: int | None, *, person: Mapping[str, Any] | None = None, from_on: date | None = None, actor: Actor
) -> FamilyMember:
    """Put a contact in a family. Without `contact_id`, `person` (first_name, last_name, email_1 ...) becomes a contact first."""
    require(actor, WRITE)
    function = next((one for one in functions(only_active=True) if one.id == function_id), None)
    if function is None:
        raise UserMistake(_("Choose what this person is in the family."), field="function")
    contact = get_contact(contact_id) if contact_id else save_contact(None, dict(person or {}), actor=actor)
    day = today()
    rows = db.session.scalars(select(FamilyMember).where(FamilyMember.family_id == family.id, FamilyMember.contact_id == contact.id)).all()
    if any(not is_over(row, day) for row in rows):
        raise UserMistake(_("%(name)s is in this family already.", name=contact.full_name), field="contact")
    member = FamilyMember(family_id=family.id, contact_id=contact.id, function_id=function.id, from_on=from_on or day)
    db.session.add(member)
    db.session.flush()
    _note(member, "contact.family_joined", actor)
    return member


def change_member(member: FamilyMember, *, function_id: int | None, from_on: date | None, until_on: date | None, actor: Actor) -> None:
    """Another function, another first or last day."""
    require(actor, WRITE)
    function = next((one for one in functions() if one.id == function_id and (one.is_active or one.id == member.function_id)), None)
    if function is None:
        raise UserMistake(_("Choose what this person is in the family."), field="function")
    first = from_on or member.from_on
    if until_on is not None and until_on < first:
        raise UserMistake(_("The last day is before the first day."), field="until_on")
    before = (member.function_id, member.from_on, member.until_on)
    member.function_id, member.from_on, member.until_on = function.id, first, until_on
    db.session.flush()
    changes = {
        "family.function": (get_function(before[0]).title, function.title),
        "family.from_on": (before[1], first),
        "family.until_on": (before[2], until_on),
    }
    changed = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changed:
        record("contact.family_changed", get_contact(member.contact_id, even_in_bin=True), actor=actor, changes=changed)


def remove_member(member: FamilyMember, *, actor: Actor) -> int:
    """Take somebody out of a family, as if it never was; access ends at once. Returns the family."""
    require(actor, WRITE)
    family_id = member.family_id
    _note(member, "contact.family_left", actor)
    db.session.delete(member)
    db.session.flush()
    return family_id


def _note(member: FamilyMember, action: str, actor: Actor) -> None:
    record(action, get_contact(member.contact_id, even_in_bin=True), actor=actor, changes={"family.function": (None, get_function(member.function_id).title)})


def suggest(family: Family) -> Sequence[Contact]:
    """Contacts with the family name or the address of somebody in it, who are not in it yet."""
    inside = select(FamilyMember.contact_id).where(FamilyMember.family_id == family.id)
    known = db.session.scalars(select(Contact).where(Contact.id.in_(inside), Contact.deleted_at.is_(None))).all()
    if not known:
        return []
    same = [func.lower(Contact.last_name).in_({one.last_name.lower() for one in known})]
    for one in known:
        if one.street and one.house_number and one.postcode:
            same.append((Contact.street == one.street) & (Contact.house_number == one.house_number) & (Contact.postcode == one.postcode))
    query = select(Contact).where(or_(*same), Contact.id.not_in(inside), Contact.deleted_at.is_(None), Contact.erased_at.is_(None))
    return db.session.scalars(query.order_by(Contact.name_key, Contact.id).limit(MOST_SUGGESTIONS)).all()


def forget(contact: Contact, *, actor: Actor) -> None:
    """A person is erased: leaves every family; one that has nobody left goes too."""
    rows = db.session.scalars(select(FamilyMember).where(FamilyMember.contact_id == contact.id)).all()
    families = {row.family_id for row in rows}
    for row in [*rows, *db.session.scalars(select(ParentRight).where(or_(ParentRight.parent_id == contact.id, ParentRight.child_id == contact.id)))]:
        db.session.delete(row)
    db.session.flush()
    for family in db.session.scalars(select(Family).where(Family.id.in_(families))).all():
        if not db.session.scalar(select(func.count(FamilyMember.id)).where(FamilyMember.family_id == family.id)):
            record("family.deleted", family, actor=actor)
            db.session.delete(family)
    db.session.flush()
