"""The federation's own decisions about what its clubs ask.

Each takes a membership or its id, and looks at how it stands now, locked.
"""

from __future__ import annotations

from typing import Any

from core import clock
from core.access import Actor, require
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.tenancy import current_scope
from plugins.memberships.models import Membership
from plugins.memberships.notices import decision_key, decision_undone, tell_decision
from plugins.memberships.services.events import apply, last_event, values_before
from plugins.memberships.services.reading import get_membership, id_of

DECIDE = "memberships.decide"


def accept_membership(membership: Membership | int, *, actor: Actor) -> Membership:
    """Accept what a club asked. Whoever decides second is told what the first decided."""
    now = _waiting(membership, actor)
    decided = apply(now, "accepted", {"status": "accepted", "reason": "", **_signed(actor)}, actor=actor)
    tell_decision(decided, actor=actor)
    return decided


def refuse_membership(membership: Membership | int, *, reason: str, actor: Actor) -> Membership:
    """Refuse what a club asked; the club reads the reason."""
    why = " ".join(reason.split())
    if not why:
        raise UserMistake(_("Say why, so that the club knows what to do."), field="reason")
    if len(why) > 500:
        raise UserMistake(_("Use at most %(number)s characters.", number=500), field="reason")
    now = _waiting(membership, actor)
    decided = apply(now, "refused", {"status": "refused", "reason": why, **_signed(actor)}, actor=actor, note=why)
    tell_decision(decided, actor=actor)
    return decided


def undo_decision(membership: Membership | int, *, actor: Actor) -> Membership:
    """Take back what was decided last, as long as the club has done nothing with it since."""
    now = _mine(membership, actor)
    event = last_event(now)
    if event is None or event.act not in ("accepted", "refused"):
        raise UserMistake(_("This decision can no longer be undone: something happened since."))
    decision_undone(now, key=decision_key(now))
    return apply(now, f"undo.{event.act}", {**values_before(event), "decided_by": "", "decided_by_id": None}, actor=actor)


def _signed(actor: Actor) -> dict[str, Any]:
    return {"decided_at": clock.now(), "decided_by": actor.name[:160], "decided_by_id": actor.user_id}


def _waiting(membership: Membership | int, actor: Actor) -> Membership:
    now = _mine(membership, actor)
    if now.status == "requested":
        return now
    raise UserMistake(
        {
            "accepted": _("This request was accepted already."),
            "refused": _("This request was refused already."),
            "withdrawn": _("The club has withdrawn this request."),
        }[now.status]
    )


def _mine(membership: Membership | int, actor: Actor) -> Membership:
    """The membership as it is now, locked, when this federation decides about it."""
    require(actor, DECIDE)
    now = get_membership(id_of(membership), locked=True)
    if current_scope().kind != "federation" or now.federation_id != current_scope().organisation_id:
        raise NotFound(f"membership {now.id}")
    return now
