"""Another type of the same federation for somebody who is a member: another insurance, another kind of member."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from core.access import Actor
from core.contacts.services import get_contact
from core.db import db
from core.errors import StaleVersion, UserMistake
from core.i18n import _, format_date
from plugins.memberships.models import Membership, MembershipType
from plugins.memberships.services.ending import end_membership, ours, take_back, undo_ending
from plugins.memberships.services.events import last_event
from plugins.memberships.services.reading import title_of, today
from plugins.memberships.services.requesting import request_membership


def switch_type(
    membership: Membership | int, kind: MembershipType, *, from_on: date | None = None, extra: Any = None, version: int | None = None, actor: Actor
) -> Membership:
    """Ask for another type from a day on (today); the membership of now ends the day before. Returns the new one.

    What was counted stays as it was: an invoice of an earlier day says the type of that day.
    """
    now, first = ours(membership, actor), from_on or today()
    if version is not None and now.version != version:
        raise StaleVersion(f"membership {now.id}")
    if now.state_on(today()) != "active":
        raise UserMistake(_("This membership is over. Ask for a new one."))
    if kind.organisation_id != now.kind.organisation_id or kind.id == now.type_id:
        raise UserMistake(_("Choose another type of the same federation."), field="type")
    if first <= now.from_on:
        raise UserMistake(_("This membership begins on %(day)s. Choose a later day for the other type.", day=format_date(now.from_on)), field="from_on")
    if now.until_on is not None and first > now.until_on:
        raise UserMistake(_("This membership ends on %(day)s. Choose that day or an earlier one.", day=format_date(now.until_on)), field="from_on")
    values = dict(now.extra or {}) if extra is None else extra
    if now.until_on != first - timedelta(days=1):
        end_membership(now, last_day=first - timedelta(days=1), reason=_("Goes on as %(type)s", type=title_of(kind)), is_told=False, actor=actor)
    return request_membership(get_contact(now.contact_id), kind, from_on=first, extra=values, actor=actor)


def undo_switch(made: Membership | int, *, actor: Actor) -> Membership:
    """The membership goes on with the type it had."""
    new = ours(made, actor)
    query = select(Membership.id).where(
        Membership.contact_id == new.contact_id,
        Membership.federation_id == new.federation_id if new.federation_id is not None else Membership.federation_id.is_(None),
        Membership.status == "accepted",
        Membership.until_on == new.from_on - timedelta(days=1),
    )
    before = db.session.scalars(query.order_by(Membership.ended_at.desc())).first()
    event = last_event(ours(before, actor)) if before is not None else None
    if before is None or event is None or event.act != "ended":
        raise UserMistake(_("This can no longer be undone: something happened since."))
    take_back(new, actor=actor)
    return undo_ending(before, actor=actor)
