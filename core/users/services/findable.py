"""May a stranger who looks for an account see that this person is in this organisation? One decides that for oneself."""

from __future__ import annotations

from core import clock
from core.access import Actor
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.contacts.services import get_contact
from core.db import db
from core.errors import NotFound
from core.extend.registry import registry


def of(actor: Actor) -> bool | None:
    """Whether the actor is shown in this organisation; None when that is not for the actor to choose."""
    try:
        person = _oneself(actor)
    except NotFound:
        return None
    return None if person.is_minor else not person.not_findable


def choose(shown: bool, *, actor: Actor) -> Contact:
    """The actor wants to be shown, or not. Inside transaction(); NotFound for a login that is no contact here."""
    person = _oneself(actor)
    before, after = person.not_findable, None if shown else True
    if before != after:
        person.not_findable, person.changed_at = after, clock.now()
        db.session.flush()
        record("contact.changed", person, actor=actor, changes={"not_findable": (before, after)})
        registry().plugins.tell("contacts_saved", saved=SavedContacts.one(person, {"not_findable": before}), actor=actor)
    return person


def _oneself(actor: Actor) -> Contact:
    return get_contact(actor.contact_id or 0)
