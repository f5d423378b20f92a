"""Is this person known already? A warning while adding, never a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, or_, select

from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import db
from core.lists.contacts.search import contact_search

EMAILS = ("email_1", "email_2", "email_3")
AT_MOST = 5


@dataclass(frozen=True)
class Similar:
    """A known contact that resembles what is typed, and why."""

    contact: Contact
    because: Literal["name", "email"]


def find_similar(values: Mapping[str, Any], *, except_id: int | None = None) -> list[Similar]:
    """Known contacts with the same name (in either order) or one of the same e-mail addresses."""
    return [s for s in find_similar_to_each([values])[0] if s.contact.id != except_id]


def find_similar_to_each(rows: Sequence[Mapping[str, Any]]) -> list[list[Similar]]:
    """The same for several people at once, in one query."""
    names = [_name_keys(values) for values in rows]
    addresses = [_addresses(values) for values in rows]
    wanted_names, wanted = set().union(*names), set().union(*addresses)
    if not wanted_names and not wanted:
        return [[] for _row in rows]
    conditions = [Contact.name_key.in_(wanted_names)] if wanted_names else []
    conditions += [func.lower(getattr(Contact, name)).in_(wanted) for name in EMAILS] if wanted else []
    query = select(Contact).where(Contact.deleted_at.is_(None), or_(*conditions)).order_by(Contact.name_key, Contact.id).limit(AT_MOST * len(rows) * 4)
    found = db.session.scalars(query).all()
    return [
        [Similar(c, "name" if c.name_key in keys else "email") for c in found if c.name_key in keys or mail & _addresses_of(c)][:AT_MOST]
        for keys, mail in zip(names, addresses, strict=True)
    ]


def find_choices(text: str, *, limit: int = 20) -> Sequence[Contact]:
    """Contacts to choose from while somebody types; with no text the first ones by name."""
    query = select(Contact).where(Contact.deleted_at.is_(None)).order_by(Contact.name_key, Contact.id).limit(limit)
    return db.session.scalars(query.where(contact_search(text)) if text.strip() else query).all()


def _name_keys(values: Mapping[str, Any]) -> set[str]:
    first, last = (str(values.get(name) or "").strip() for name in ("first_name", "last_name"))
    return {fold(f"{last} {first}"), fold(f"{first} {last}")} if first and last else set()


def _addresses(values: Mapping[str, Any]) -> set[str]:
    return {str(values[name]).strip().lower() for name in EMAILS if values.get(name)}


def _addresses_of(contact: Contact) -> set[str]:
    return {address.lower() for address in (contact.email_1, contact.email_2, contact.email_3) if address}
