"""Putting contacts in the bin, and bringing them back. Nothing of them is lost meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.contacts.services.saving import flush
from core.db import db
from core.extend.registry import registry


def put_in_bin(contact: Contact, *, actor: Actor) -> Contact:
    """Take a contact out of all lists; twice is the same as once.

    Plugins are told by `contacts_saved` with {"deleted_at": None} as what was before, and may
    refuse with UserMistake.
    """
    require(actor, "contacts.delete")
    if contact.deleted_at is not None:
        return contact
    contact.deleted_at = clock.now()
    return _moved(contact, "contact.deleted", None, actor)


def restore(contact: Contact, *, actor: Actor) -> Contact:
    """Bring a contact back from the bin, as it was."""
    require(actor, "contacts.delete")
    if contact.deleted_at is None or contact.erased_at is not None:
        return contact
    before, contact.deleted_at = contact.deleted_at, None
    return _moved(contact, "contact.restored", before, actor)


def _moved(contact: Contact, action: str, before: object, actor: Actor) -> Contact:
    flush(contact)
    record(action, contact, actor=actor)
    registry().plugins.tell("contacts_saved", saved=SavedContacts.one(contact, {"deleted_at": before}), actor=actor)
    return contact


def in_bin(*, limit: int = 200) -> Sequence[Contact]:
    """The contacts in the bin, the last one first."""
    query = select(Contact).where(Contact.deleted_at.is_not(None), Contact.erased_at.is_(None))
    return db.session.scalars(query.order_by(Contact.deleted_at.desc(), Contact.id.desc()).limit(limit)).all()
