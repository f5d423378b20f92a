"""What the club does with what members ask: accept or refuse, seeing both versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.services import get_contact, save_contact
from core.contacts.versions import values_of
from core.corrections.models import ACCEPTED, REFUSED, WAITING, ContactCorrection
from core.corrections.services.asking import drafts, refuse_unknown
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.files import services as files
from core.i18n import _, _l
from core.notifications.api import notify
from core.organisations.models import Organisation

DECIDE = "corrections.decide"
DECIDED = "corrections.decided"
LONGEST_REASON = 500


def waiting_corrections(*, limit: int = 100) -> Sequence[ContactCorrection]:
    """What waits for a decision, the oldest first, with its contact."""
    c = ContactCorrection
    query = select(c).join(c.contact).options(contains_eager(c.contact)).where(c.state == WAITING, Contact.deleted_at.is_(None))
    return db.session.scalars(query.order_by(c.id).limit(limit)).all()


def count_waiting() -> Any:
    """A SELECT of how many wait, for a tab."""
    return select(func.count(ContactCorrection.id)).join(ContactCorrection.contact).where(ContactCorrection.state == WAITING, Contact.deleted_at.is_(None))


def get_correction(pk: int, *, locked: bool = False) -> ContactCorrection:
    """One of this organisation, with its contact; NotFound for all others."""
    query = select(ContactCorrection).where(ContactCorrection.id == pk)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"correction {pk}")
    return found


def accept(pk: int, *, version: int, contact_version: int, actor: Actor, organisation: Organisation) -> Contact:
    """Store what was asked. `version` and `contact_version`: of what the person looked at; StaleVersion when either changed."""
    row, contact = _waiting(pk, version, actor)
    if contact.version != contact_version:
        raise StaleVersion(f"contact {contact.id}")
    refuse_unknown(row.wanted)
    for file in drafts(value for name, value in row.wanted.items() if name.startswith("extra.")):
        file.created_by = actor.user_id
    # what a member may fill in, and a club perhaps not, is checked as for a member
    writer = replace(actor, permissions=frozenset({"contacts.write"}), is_system=False)
    save_contact(contact, values_of(row.wanted), actor=writer, version=contact_version, tell=False)
    _decide(row, ACCEPTED, "", actor)
    record("contact.correction_accepted", contact, actor=actor)
    _tell(row, organisation, _l("Your correction was accepted"), _l("The club stored what you asked."), actor)
    return contact


def refuse(pk: int, *, version: int, reason: str, actor: Actor, organisation: Organisation) -> Contact:
    """Leave the details as they are; the person reads the reason."""
    why = " ".join(reason.split())
    if not why:
        raise UserMistake(_("Say why, so that the member knows what to do."), field="reason")
    if len(why) > LONGEST_REASON:
        raise UserMistake(_("Use at most %(number)s characters.", number=LONGEST_REASON), field="reason")
    row, contact = _waiting(pk, version, actor)
    for file in drafts(value for name, value in row.wanted.items() if name.startswith("extra.")):
        files.remove(file)
    _decide(row, REFUSED, why, actor)
    record("contact.correction_refused", contact, actor=actor, note=why)
    _tell(row, organisation, _l("Your correction was not accepted"), _l("The club left your details as they were: %(reason)s", reason=why), actor)
    return contact


def _waiting(pk: int, version: int, actor: Actor) -> tuple[ContactCorrection, Contact]:
    require(actor, DECIDE)
    row = get_correction(pk, locked=True)
    contact = get_contact(row.contact_id)
    if row.state != WAITING:
        raise UserMistake(_("Somebody decided about this already, or it was withdrawn."))
    if row.version != version:
        raise StaleVersion(f"correction {pk}")
    return row, contact


def _decide(row: ContactCorrection, state: str, reason: str, actor: Actor) -> None:
    """What was asked is not kept twice: an accepted value is with the contact, a refused one is nobody's."""
    row.state, row.reason, row.decided_at = state, reason, clock.now()
    row.decided_by, row.decided_by_id = actor.name[:160], actor.user_id
    row.was, row.wanted = {}, {}
    db.session.flush()


def _tell(row: ContactCorrection, organisation: Organisation, subject: Any, text: Any, actor: Actor) -> None:
    notify(
        DECIDED,
        contact_ids=[row.contact_id],
        subject=subject,
        text=text,
        url=f"/o/{organisation.slug}/my/details/",
        unique_key=f"correction:{row.id}:decided",
        actor=actor,
    )
