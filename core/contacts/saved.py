"""What plugins are told when contacts were stored: one, or the thousands of an import."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from core.contacts.models import Contact
from core.db import chunks, db


class SavedContacts:
    """Contacts that were made or changed in this transaction.

    new: ids of those that were made; before: {id: the old values that changed} of the others.
    The contacts themselves are only read when a plugin asks for them.
    """

    def __init__(self, new: Collection[int], before: Mapping[int, Mapping[str, Any]], contacts: Collection[Contact] = ()) -> None:
        self.new, self.before = new, before
        self._at_hand = {contact.id: contact for contact in contacts}

    @classmethod
    def one(cls, contact: Contact, before: Mapping[str, Any] | None) -> SavedContacts:
        """A contact that was made (`before` is None) or changed."""
        return cls([contact.id] if before is None else [], {} if before is None else {contact.id: before}, [contact])

    def contacts(self, ids: Collection[int]) -> Iterator[Contact]:
        """Some of these contacts, a few hundred a query."""
        yield from (self._at_hand[pk] for pk in ids if pk in self._at_hand)
        for part in chunks([pk for pk in ids if pk not in self._at_hand]):
            yield from db.session.scalars(select(Contact).where(Contact.id.in_(part)).order_by(Contact.id)).all()

    def __iter__(self) -> Iterator[tuple[Contact, Mapping[str, Any] | None]]:
        """Each contact with its old values; None when it is new."""
        for contact in self.contacts([*self.new, *self.before]):
            yield contact, self.before.get(contact.id)
