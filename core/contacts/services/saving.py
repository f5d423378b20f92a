"""Adding and changing contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from core import clock
from core.access import Actor, require
from core.audit.services import HIDDEN, record
from core.contacts.attributes import clean_values, clean_whose
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.contacts.services.telling import tell_of_change
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.extend.registry import registry
from core.fields import services as fields
from core.outbox.refusals import EMAILS, forget_refusals

LARGEST_ID = 2**31 - 1


def get_contact(pk: int, *, even_in_bin: bool = False) -> Contact:
    """The contact with this id in the organisation at hand; NotFound for all others."""
    query = select(Contact).where(Contact.id == pk, Contact.erased_at.is_(None))
    if not even_in_bin:
        query = query.where(Contact.deleted_at.is_(None))
    found = db.session.scalars(query).one_or_none() if 0 < pk <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"contact {pk}")
    return found


def save_contact(contact: Contact | None, values: Mapping[str, Any], *, actor: Actor, version: int | None = None, tell: bool = True) -> Contact:
    """Add a contact (None) or change the values that are given, and leave all others alone.

    `values` are as typed or already typed, by attribute; "extra" holds values of extra fields
    by key and "whose" the owners of addresses. `version` is the one the editor started from:
    when somebody else saved since, StaleVersion. UserMistake names the field it is about.
    tell: let the person know, if it has a login and did not do it itself.
    """
    require(actor, "contacts.write")
    if contact is not None and version is not None and contact.version != version:
        raise StaleVersion(f"contact {contact.id}")
    if contact is not None and contact.erased_at is not None:
        raise NotFound(f"contact {contact.id}")
    cleaned, mistakes = check_values(contact, values, actor=actor)
    if mistakes:
        raise mistakes[0]
    target = contact or Contact(extra={}, whose={}, version=1)
    before = _apply(target, cleaned)
    if contact is not None and not before:
        return target
    target.changed_at = clock.now()
    target.refold()
    if contact is None:
        db.session.add(target)
    flush(target)
    fields.keep_files("contact", target, before)
    _record(target, before, is_new=contact is None, actor=actor)
    registry().plugins.tell("contacts_saved", saved=SavedContacts.one(target, None if contact is None else before), actor=actor)
    if contact is not None:
        forget_refusals([old for name, old in before.items() if name in EMAILS])
        if tell:
            tell_of_change(target, before, actor=actor)
    return target


def check_values(contact: Contact | None, values: Mapping[str, Any], *, actor: Actor) -> tuple[dict[str, Any], list[UserMistake]]:
    """What save_contact would store of `values`, and everything that is wrong with them."""
    cleaned, mistakes = clean_values(values, country=contact.country if contact else None, complete=contact is None)
    try:
        if values.get("whose"):
            cleaned["whose"] = clean_whose(values["whose"])
    except UserMistake as mistake:
        mistakes.append(mistake)
    if values.get("extra"):
        cleaned["extra"], wrong = fields.check("contact", values["extra"], actor=actor, stored=contact.extra if contact else None)
        mistakes += wrong
    return cleaned, mistakes


def add_contacts(rows: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Contact]:
    """Add several contacts, all or none. A mistake's field is "<row>-<attribute>", from 0."""
    made = []
    for number, values in enumerate(rows):
        try:
            made.append(save_contact(None, values, actor=actor))
        except UserMistake as mistake:
            raise UserMistake(mistake.message, field=f"{number}-{mistake.field}") from None
    return made


def flush(contact: Contact) -> None:
    """Write, unless somebody else was first."""
    name = f"contact {contact.id}"  # after a failed flush it cannot be asked any more
    try:
        db.session.flush()
    except StaleDataError as error:
        raise StaleVersion(name) from error


def _apply(target: Contact, cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Set what differs; returns the old values, extra ones as "extra.<key>", owners as "whose"."""
    before: dict[str, Any] = {}
    for name, value in cleaned.items():
        if name == "extra":
            before |= _apply_extra(target, value)
            continue
        new = _merged_whose(target, value) if name == "whose" else value
        old = getattr(target, name)
        if old != new:
            before[name] = old
            setattr(target, name, new)
    return before


def _merged_whose(target: Contact, given: Mapping[str, str | None]) -> dict[str, str]:
    kept = {**(target.whose or {}), **given}
    return {name: text for name, text in kept.items() if text}


def _apply_extra(target: Contact, given: Mapping[str, Any]) -> dict[str, Any]:
    old = dict(target.extra or {})
    changed = {key: value for key, value in given.items() if old.get(key) != value}
    if changed:
        target.extra = {key: value for key, value in {**old, **changed}.items() if value is not None}
    return {f"extra.{key}": old.get(key) for key in changed}


def _record(contact: Contact, before: Mapping[str, Any], *, is_new: bool, actor: Actor) -> None:
    secret = {f"extra.{d.key}" for d in fields.definitions("contact") if fields.is_sensitive(d)} if any(n.startswith("extra.") for n in before) else set()
    changes = {name: HIDDEN if name in secret else (old, _value(contact, name)) for name, old in before.items()}
    record("contact.created" if is_new else "contact.changed", contact, actor=actor, changes=changes)


def _value(contact: Contact, name: str) -> Any:
    key = name.removeprefix("extra.")
    return getattr(contact, name) if key == name else contact.extra.get(key)
