"""What the club lets each parent do for a child, and the end of it at 18."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from core.api import Actor, Contact, NotFound, age_on, current_organisation, db, format_date, get_contact, queue_mail, record, require
from core.notifications.receivers import language_of
from plugins.families import letters
from plugins.families.models import FamilyFunction, FamilyMember, ParentRight
from plugins.families.services.changing import WRITE
from plugins.families.services.reading import ADULT, parents_of, today

SWITCHES = ("sees", "corrects", "answers", "gets_mails", "after_18")
#: so long before the 18th birthday parent and child are told
NOTICE = timedelta(days=30)


def set_rights(child_id: int, wanted: Mapping[int, Mapping[str, bool]], *, actor: Actor) -> int:
    """Store switches of the parents of a child, by parent; returns how many parents changed. Foreign ids are NotFound."""
    require(actor, WRITE)
    child = get_contact(child_id)
    pairs = {pair.parent.id: pair for pair in parents_of(child.id)}
    changed = 0
    for parent_id, switches in wanted.items():
        if parent_id not in pairs:
            raise NotFound(f"parent {parent_id}")
        pair = pairs[parent_id]
        changes = {name: (getattr(pair.right, name), switches[name]) for name in SWITCHES if getattr(pair.right, name) != switches[name]}
        if not changes:
            continue
        row = db.session.scalars(select(ParentRight).where(ParentRight.parent_id == parent_id, ParentRight.child_id == child.id)).one_or_none()
        if row is None:
            row = ParentRight(parent_id=parent_id, child_id=child.id)
            db.session.add(row)
        for name in SWITCHES:
            setattr(row, name, switches[name])
        db.session.flush()
        told = {f"family.{name}": pair_of for name, pair_of in changes.items()}
        # not the name: it would stay with the child when the parent is erased
        record("contact.parent_rights", child, actor=actor, changes=told, note=pair.function)
        changed += 1
    return changed


def eighteenth(birth_date: date) -> date:
    """The first day somebody is 18."""
    day = date(birth_date.year + ADULT, birth_date.month, min(birth_date.day, 28))
    while age_on(birth_date, day) < ADULT:
        day += timedelta(days=1)
    return day


def tell_before_18(*, actor: Actor) -> int:
    """Tell parent and child, once, that access ends; of the organisation at hand. Inside transaction()."""
    day, organisation, told = today(), current_organisation(), 0
    soonest, latest = date(day.year - ADULT, 1, 1), date(day.year - ADULT + 1, 12, 31)
    children = db.session.scalars(
        select(Contact)
        .join(FamilyMember, FamilyMember.contact_id == Contact.id)
        .join(FamilyFunction, FamilyFunction.id == FamilyMember.function_id)
        .where(FamilyFunction.is_child.is_(True), Contact.deleted_at.is_(None), Contact.birth_date.between(soonest, latest))
        .order_by(Contact.id)
    ).unique()
    for child in children:
        if child.birth_date is None or not day < (end := eighteenth(child.birth_date)) <= day + NOTICE:
            continue
        pairs = [pair for pair in parents_of(child.id) if pair.acts and not pair.right.after_18]
        readers = [child, *(pair.parent for pair in pairs)] if pairs else []
        for reader in readers:
            if reader.email_1:
                values = {"first_name": reader.first_name, "child": child.full_name, "day": format_date(end), "club": organisation.name}
                language = language_of(reader, organisation)
                key = f"families:18:{organisation.id}:{child.id}:{reader.id}"
                text = letters.say(letters.TO_CHILD if reader is child else letters.TO_PARENT, language, values)
                queue_mail(to=reader.email_1, subject=letters.say(letters.SUBJECT, language, values), text=text, unique_key=key, actor=actor)
                told += 1
    return told
