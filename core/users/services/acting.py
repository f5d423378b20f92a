"""Acting for somebody else (a parent for a child): who may, and what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select

from core.access import Actor
from core.contacts.models import Contact
from core.db import db
from core.extend.contributions import LookedAfter
from core.extend.registry import registry
from core.tenancy import current_scope, unscoped
from core.users.permissions import permissions_of
from core.users.services.members import member_role

#: what a form may need (CoreView.on_behalf) besides "own"
ACTS = ("see", "correct", "answer")


def people_to_act_for(contacts: Sequence[tuple[int, int]]) -> list[LookedAfter]:
    """Whom a person may act for, by the contacts the person is: (organisation, contact)."""
    if not contacts:
        return []
    with unscoped("the children somebody may act for, in all clubs"):
        answers = registry().plugins.manager.hook.looked_after(contacts=list(contacts))
    return sorted({(one.organisation_id, one.contact_id): one for answer in answers for one in answer}.values(), key=lambda one: (one.name, one.slug))


def rights_for(contact_id: int | None, for_id: int, active: Iterable[str]) -> frozenset[str]:
    """What may be done in the name of a contact, in the organisation at hand; nothing when it is empty."""
    if contact_id is None or contact_id == for_id:
        return frozenset()
    answers = registry().plugins.ask("acts_for", active, contact_id=contact_id, for_id=for_id)
    return frozenset().union(*(answer for answer in answers if answer))


def person_acted_for(for_id: int) -> Contact | None:
    """The contact, unless it is gone."""
    return db.session.scalars(select(Contact).where(Contact.id == for_id, Contact.deleted_at.is_(None), Contact.erased_at.is_(None))).one_or_none()


def actor_for(person: Contact, actor: Actor) -> Actor:
    """The same login as that other contact: with the rights of a member, as far as others may have them."""
    known = registry().all("permissions")
    shared = {permission.name for permission in known if permission.on_behalf}
    held = permissions_of(frozenset({member_role().id}), current_scope().kind)
    return replace(actor, contact_id=person.id, on_behalf_of_id=person.id, permissions=held & shared)


def is_allowed(act: str, *, writes: bool, rights: Collection[str]) -> bool:
    """May a page with this `on_behalf` be opened (or a form on it sent) by somebody with these rights?"""
    if act == "own":
        return True
    return act != "" and "see" in rights and (not writes or act in rights)
