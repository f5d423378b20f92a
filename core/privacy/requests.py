"""Asking to be forgotten, deciding about it, and doing it two weeks later. Everything flushes and nothing commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.services import put_in_bin, restore
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _
from core.privacy.models import DONE, OPEN, REFUSED, WAITING, WITHDRAWN, ErasureRequest
from core.privacy.services import erase_contact

MANAGE = "privacy.manage"
#: between the decision and the erasure, so that it can be undone
UNDO_DAYS = 14
#: the law gives a month to answer
ANSWER_DAYS = 30
LONGEST = 1_000
PENDING = (OPEN, WAITING)


def request_of(contact: Contact) -> ErasureRequest | None:
    """The last request about this person; None when there never was one."""
    query = select(ErasureRequest).where(ErasureRequest.contact_id == contact.id).order_by(ErasureRequest.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def pending_request(contact: Contact) -> ErasureRequest | None:
    found = request_of(contact)
    return found if found is not None and found.state in PENDING else None


def ask_erasure(contact: Contact, reason: str | None, *, actor: Actor) -> ErasureRequest:
    """The person asks (or a guardian); the club decides. Asking twice is the same as once."""
    found = pending_request(contact)
    if found is not None:
        return found
    made = _made(contact, reason, is_by_person=True, actor=actor)
    record("contact.erasure_asked", contact, actor=actor)
    return made


def _made(contact: Contact, reason: str | None, *, is_by_person: bool, actor: Actor) -> ErasureRequest:
    text = (reason or "").strip()
    if len(text) > LONGEST:
        raise UserMistake(_("This is too long: at most %(number)s characters.", number=LONGEST), field="reason")
    made = ErasureRequest(
        contact_id=contact.id,
        is_by_person=is_by_person,
        asked_by=actor.name[:160],
        asked_by_id=actor.user_id,
        reason=text.replace("\x00", ""),
        answer_by=clock.today() + timedelta(days=ANSWER_DAYS),
    )
    db.session.add(made)
    db.session.flush()
    return made


def withdraw(request: ErasureRequest, *, actor: Actor) -> ErasureRequest:
    """The person changed the mind, before the club decided."""
    if request.state != OPEN:
        raise UserMistake(_("This was decided already. Ask the club to undo it."))
    request.state, request.decided_at = WITHDRAWN, clock.now()
    flush(request)
    record("contact.erasure_withdrawn", _contact(request), actor=actor)
    return request


def get_request(pk: int) -> ErasureRequest:
    """A request of this organisation; NotFound for all others."""
    query = select(ErasureRequest).options(joinedload(ErasureRequest.contact)).where(ErasureRequest.id == pk)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"request {pk}")
    return found


def requests(*, pending: bool, limit: int = 200) -> Sequence[ErasureRequest]:
    """Those that need somebody (the oldest first), or those that are over (the last first)."""
    query = select(ErasureRequest).options(joinedload(ErasureRequest.contact))
    if pending:
        return db.session.scalars(query.where(ErasureRequest.state.in_(PENDING)).order_by(ErasureRequest.id).limit(limit)).all()
    return db.session.scalars(query.where(ErasureRequest.state.not_in(PENDING)).order_by(ErasureRequest.id.desc()).limit(limit)).all()


def open_count() -> Any:
    """How many requests wait for an answer, as a SELECT of one number."""
    return select(func.count(ErasureRequest.id)).where(ErasureRequest.state == OPEN)


# --- deciding -------------------------------------------------------------------------------------------


def start_erasure(contact: Contact, reason: str | None, *, actor: Actor) -> ErasureRequest:
    """The club wants to forget somebody: the same as accepting a request."""
    require(actor, MANAGE)
    return accept(pending_request(contact) or _made(contact, reason, is_by_person=False, actor=actor), actor=actor)


def accept(request: ErasureRequest, *, actor: Actor, version: int | None = None) -> ErasureRequest:
    """Put the person in the bin now, and erase in two weeks unless somebody undoes it."""
    require(actor, MANAGE)
    _must_be(request, OPEN, version)
    contact = _contact(request)
    request.was_in_bin = contact.deleted_at is not None
    put_in_bin(contact, actor=actor)
    request.state, request.decided_at = WAITING, clock.now()
    request.decided_by, request.decided_by_id = actor.name[:160], actor.user_id
    request.erase_at = clock.now() + timedelta(days=UNDO_DAYS)
    flush(request)
    record("contact.erasure_accepted", contact, actor=actor)
    return request


def refuse(request: ErasureRequest, answer: str | None, *, actor: Actor, version: int | None = None) -> ErasureRequest:
    """Say no, and why; the person reads it."""
    require(actor, MANAGE)
    _must_be(request, OPEN, version)
    text = (answer or "").strip()
    if not text:
        raise UserMistake(_("Say why: the person has a right to know."), field="answer")
    if len(text) > LONGEST:
        raise UserMistake(_("This is too long: at most %(number)s characters.", number=LONGEST), field="answer")
    request.state, request.answer, request.decided_at = REFUSED, text.replace("\x00", ""), clock.now()
    request.decided_by, request.decided_by_id = actor.name[:160], actor.user_id
    flush(request)
    record("contact.erasure_refused", _contact(request), actor=actor)
    return request


def undo(request: ErasureRequest, *, actor: Actor) -> ErasureRequest:
    """Not after all: the person comes back from the bin, unless it was there before."""
    require(actor, MANAGE)
    _must_be(request, WAITING, None)
    contact = _contact(request)
    if not request.was_in_bin:
        restore(contact, actor=actor)
    request.state, request.erase_at, request.decided_at = (OPEN if request.is_by_person else WITHDRAWN), None, clock.now()
    flush(request)
    record("contact.erasure_undone", contact, actor=actor)
    return request


def execute(request: ErasureRequest, *, actor: Actor) -> ErasureRequest:
    """Forget the person now. UserMistake when a plugin cannot let go yet."""
    require(actor, MANAGE)
    if request.state == DONE:
        return request
    _must_be(request, WAITING, None)
    erase_contact(_contact(request), actor=actor)
    db.session.refresh(request)
    request.state, request.done_at = DONE, clock.now()
    flush(request)
    return request


def _must_be(request: ErasureRequest, state: str, version: int | None) -> None:
    if version is not None and request.version != version:
        raise StaleVersion(f"request {request.id}")
    if request.state != state:
        raise UserMistake(_("Somebody else decided about this meanwhile."))


def _contact(request: ErasureRequest) -> Contact:
    return db.session.scalars(select(Contact).where(Contact.id == request.contact_id)).one()


def flush(row: Any) -> None:
    """Write, unless somebody else was first."""
    name = f"{row.__tablename__} {row.id}"
    try:
        db.session.flush()
    except StaleDataError as error:
        raise StaleVersion(name) from error
