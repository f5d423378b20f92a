"""Addresses that do not work: noted when a mail server refuses them or a mail comes back, forgotten when they are corrected.

Each organisation has its own notes: what one club finds out is no business of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.sql import ColumnElement

from core import clock
from core.access import Actor, require
from core.contacts.models import Contact
from core.db import db, is_one_of
from core.errors import NotFound
from core.outbox.models import AddressRefusal

EMAILS = ("email_1", "email_2", "email_3")
_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
#: first number of an enhanced code that is about the mailbox, and second numbers of these that pass by themselves
_ABOUT_ADDRESS = {"1": frozenset(), "2": frozenset({"2", "3"})}
_WITHOUT_ENHANCED = frozenset({550, 551, 553})


def is_about_address(code: int, said: str) -> bool:
    """Does this answer say that the address will never work? Not so a full mailbox, or a server that does not like us.

    Example: is_about_address(550, "5.1.1 no such user") is True, with "5.7.1 blocked" it is not.
    """
    if not 500 <= code < 600:
        return False
    found = _ENHANCED.search(said)
    if found is None:
        return code in _WITHOUT_ENHANCED
    return found[1] in _ABOUT_ADDRESS and found[2] not in _ABOUT_ADDRESS[found[1]]


def refused_among(addresses: Iterable[str]) -> frozenset[str]:
    """Those of these addresses that do not work here, in small letters; one query."""
    wanted = sorted({address.strip().lower() for address in addresses if address})
    if not wanted:
        return frozenset()
    return frozenset(db.session.scalars(select(AddressRefusal.address).where(is_one_of(AddressRefusal.address, wanted))))


def refusals_of(contact: Contact) -> Mapping[str, AddressRefusal]:
    """What is known of the addresses of a contact, by attribute ("email_1" ...); one query."""
    addresses = {name: str(getattr(contact, name)).lower() for name in EMAILS if getattr(contact, name)}
    if not addresses:
        return {}
    rows = {row.address: row for row in db.session.scalars(select(AddressRefusal).where(AddressRefusal.address.in_(addresses.values())))}
    return {name: rows[address] for name, address in addresses.items() if address in rows}


def has_refused_address() -> ColumnElement[bool]:
    """SQL condition on Contact: one of its addresses does not work."""
    refused = select(AddressRefusal.address)
    return or_(*(func.lower(func.coalesce(getattr(Contact, name), "")).in_(refused) for name in EMAILS))


def note_refusal(address: str, said: str, *, how: str) -> AddressRefusal:
    """Remember that an address does not work, in the organisation at hand; inside transaction()."""
    small = address.strip().lower()
    row = db.session.scalars(select(AddressRefusal).where(AddressRefusal.address == small)).one_or_none()
    if row is None:
        row = AddressRefusal(address=small[:254], how=how, times=0)
        db.session.add(row)
    row.said, row.how, row.times, row.last_at = " ".join(said.split())[:500], how, row.times + 1, clock.now()
    db.session.flush()
    return row


def works_again(pk: int, *, actor: Actor) -> AddressRefusal:
    """Somebody says that an address works: it is tried again from now on."""
    require(actor, "contacts.write")
    row = db.session.scalars(select(AddressRefusal).where(AddressRefusal.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if row is None:
        raise NotFound(f"address {pk}")
    db.session.delete(row)
    db.session.flush()
    return row


def forget_refusals(addresses: Sequence[str | None]) -> None:
    """Forget these addresses, unless another contact still has them; after a contact was changed."""
    small = sorted({address.lower() for address in addresses if address})
    if not small:
        return
    for row in db.session.scalars(select(AddressRefusal).where(AddressRefusal.address.in_(small))).all():
        has_it = or_(*(func.lower(getattr(Contact, name)) == row.address for name in EMAILS))
        if db.session.scalars(select(Contact.id).where(has_it, Contact.deleted_at.is_(None)).limit(1)).first() is None:
            db.session.delete(row)
    db.session.flush()
