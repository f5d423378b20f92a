"""Ending memberships, withdrawing requests, and taking both back. The contact always stays.

Each act takes a membership or its id, and looks at how it stands now, locked.
"""

from __future__ import annotations

from datetime import date

from core import clock
from core.access import Actor, require
from core.errors import NotFound, UserMistake
from core.i18n import _, format_date
from core.tenancy import current_scope
from plugins.memberships.models import Membership
from plugins.memberships.notices import end_key, end_undone, tell_end
from plugins.memberships.services.events import apply, last_event, standing_event, values_before
from plugins.memberships.services.reading import get_membership, id_of, lock_contacts, today

WRITE = "memberships.write"


def end_membership(membership: Membership | int, *, last_day: date | None = None, reason: str = "", is_told: bool = True, actor: Actor) -> Membership:
    """End a membership; `last_day` (today) is the last day it still counts. is_told: the member hears it."""
    now = ours(membership, actor)
    last = last_day or today()
    if now.status != "accepted":
        raise UserMistake(_("Only a membership that was accepted can be ended. Withdraw the request instead."))
    if now.until_on is not None and last >= now.until_on:
        raise UserMistake(_("This membership ends on %(day)s already.", day=format_date(now.until_on)), field="last_day")
    if last < now.from_on:
        raise UserMistake(_("This membership begins on %(day)s. Choose that day or a later one.", day=format_date(now.from_on)), field="last_day")
    why = " ".join(reason.split())[:500]
    ended = apply(now, "ended", {"until_on": last, "ended_at": clock.now(), "end_reason": why}, actor=actor, note=why)
    if is_told:
        tell_end(ended, actor=actor)
    return ended


def undo_ending(membership: Membership | int, *, actor: Actor) -> Membership:
    """The membership goes on as if it was not ended."""
    now = ours(membership, actor)
    event = last_event(now)
    if event is None or event.act != "ended":
        raise UserMistake(_("This can no longer be undone: something happened since."))
    before = values_before(event)
    refuse_double(now, until_on=before.get("until_on"))
    end_undone(end_key(now))
    return apply(now, "undo.ended", before, actor=actor)


def withdraw_membership(membership: Membership | int, *, actor: Actor) -> Membership:
    """Withdraw a request, put a refused one away, or drop an accepted membership that has not begun."""
    now = ours(membership, actor)
    if now.status == "withdrawn":
        raise UserMistake(_("This was withdrawn already."))
    if now.status == "accepted" and now.from_on <= today():
        raise UserMistake(_("The federation has accepted this meanwhile. End the membership instead."))
    return apply(now, "withdrawn", {"status": "withdrawn"}, actor=actor)


def undo_withdrawal(membership: Membership | int, *, actor: Actor) -> Membership:
    """Ask again what was withdrawn."""
    now = ours(membership, actor)
    event = last_event(now)
    if event is None or event.act != "withdrawn":
        raise UserMistake(_("This can no longer be undone: something happened since."))
    refuse_double(now, until_on=now.until_on)
    return apply(now, "undo.withdrawn", values_before(event), actor=actor)


def take_back(membership: Membership | int, *, actor: Actor) -> Membership:
    """Undo asking: also when a rule accepted it at once, but not when somebody decided or changed it."""
    now = ours(membership, actor)
    event = standing_event(now)
    if event is None or event.act != "requested":
        raise UserMistake(_("This can no longer be undone: something happened since."))
    return apply(now, "undo.requested", {"status": "withdrawn"}, actor=actor)


def refuse_double(membership: Membership, *, until_on: date | None) -> None:
    """Refuse to revive a membership when the person got another one for the same days."""
    from plugins.memberships.services.requesting import occupied  # noqa: PLC0415 -- circular: asking and ending share this rule

    lock_contacts([membership.contact_id])
    others = [row for row in occupied([membership.contact_id]) if row.id != membership.id]
    for other in others:
        same = other.federation_id == membership.federation_id and (membership.federation_id is not None or other.type_id == membership.type_id)
        overlaps = (other.until_on is None or other.until_on >= membership.from_on) and (until_on is None or other.from_on <= until_on)
        if same and overlaps:
            raise UserMistake(_("This person has another membership for the same days by now."))


def ours(membership: Membership | int, actor: Actor) -> Membership:
    """The membership as it is now, locked, when it is one of this club."""
    require(actor, WRITE)
    now = get_membership(id_of(membership), locked=True)
    if now.organisation_id != current_scope().organisation_id:
        raise NotFound(f"membership {now.id}")
    return now
