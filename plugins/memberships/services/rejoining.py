"""Joining again somebody who was a member: one click, because it happens often."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from core.access import Actor
from core.contacts.services import get_contact
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from plugins.memberships.models import Membership
from plugins.memberships.services.ending import end_membership, take_back, undo_ending
from plugins.memberships.services.events import last_event
from plugins.memberships.services.reading import get_membership, today
from plugins.memberships.services.requesting import request_membership


def rejoin(former: Membership, *, from_on: date | None = None, actor: Actor) -> Membership:
    """Ask for the same membership again, from a day on (today, or the day after it ended)."""
    first = from_on or today()
    if former.status == "accepted" and former.until_on is not None:
        first = max(first, former.until_on + timedelta(days=1))
    return request_membership(get_contact(former.contact_id), former.kind, from_on=first, extra=former.extra or {}, actor=actor)


def undo_rejoin(former: Membership, *, actor: Actor) -> Membership:
    """Take back what was asked again."""
    return take_back_latest(former.contact_id, former.type_id, actor=actor)


def take_back_latest(contact_id: int, type_id: int, *, actor: Actor) -> Membership:
    """Take back the newest membership of a contact of one type, when nothing happened to it since."""
    query = select(Membership.id).where(Membership.contact_id == contact_id, Membership.type_id == type_id, Membership.status != "withdrawn")
    newest = db.session.scalars(query.order_by(Membership.id.desc()).limit(1)).one_or_none()
    if newest is None:
        raise UserMistake(_("This can no longer be undone: something happened since."))
    return take_back(newest, actor=actor)


def end_all(contact_id: int, *, last_day: date | None, reason: str, type_id: int | None, actor: Actor) -> int:
    """End every current membership of a contact (of one type); at least one, or it is a mistake."""
    last = last_day or today()
    rows = [row for row in _accepted(contact_id, type_id) if row.until_on is None or row.until_on > last]
    if not rows:
        raise UserMistake(_("This contact has no membership that can be ended."))
    for row in rows:
        end_membership(row, last_day=last, reason=reason, actor=actor)
    return len(rows)


def undo_end_all(contact_id: int, *, last_day: date | None, type_id: int | None, actor: Actor) -> int:
    """The memberships that end_all ended go on."""
    last = last_day or today()
    rows = [row for row in _accepted(contact_id, type_id) if row.until_on == last and (event := last_event(row)) is not None and event.act == "ended"]
    if not rows:
        raise UserMistake(_("This can no longer be undone: something happened since."))
    for row in rows:
        undo_ending(row, actor=actor)
    return len(rows)


def _accepted(contact_id: int, type_id: int | None) -> list[Membership]:
    query = select(Membership.id).where(Membership.contact_id == contact_id, Membership.status == "accepted").order_by(Membership.id)
    if type_id:
        query = query.where(Membership.type_id == type_id)
    return [get_membership(pk) for pk in db.session.scalars(query)]
