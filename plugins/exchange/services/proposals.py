"""What clubs are asked, and what they answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select

from core.api import Actor, NotFound, UserMistake, _, current_scope, db, get_contact, now, record, require, save_contact
from plugins.exchange.catalogue import DETAILS, TYPE, UNTIL, as_text
from plugins.exchange.models import ACCEPTED, REFUSED, WAITING, Proposal
from plugins.memberships.api import current_of, end_membership, get_membership, request_membership, types_on_offer, undo_ending

DECIDE = "exchange_proposals.decide"


def get_proposal(pk: int, *, locked: bool = False) -> Proposal:
    """A proposal to this club; NotFound for all others."""
    query = select(Proposal).where(Proposal.id == pk, Proposal.organisation_id == current_scope().organisation_id)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"proposal {pk}")
    return found


def accept_proposal(pk: int, *, actor: Actor) -> Proposal:
    """Take over what is proposed. The club's own rights are asked for what it changes."""
    proposal = _waiting(pk, actor)
    if proposal.kind == "end":
        membership = get_membership(proposal.membership_id or 0)
        last_day, why = date.fromisoformat(proposal.fields[UNTIL][1]), _("Told by %(partner)s", partner=proposal.partner)
        end_membership(membership, last_day=last_day, reason=why, actor=actor)
    elif proposal.kind == "new":
        _make(proposal, actor)
    else:
        contact = get_contact(proposal.contact_id or 0)
        wanted = {name: pair[1] for name, pair in proposal.fields.items() if name in DETAILS}
        proposal.before = {name: as_text(getattr(contact, name)) for name in wanted}
        save_contact(contact, wanted, actor=actor)
    return _answer(proposal, ACCEPTED, actor)


def refuse_proposal(pk: int, *, actor: Actor) -> Proposal:
    """Leave it as it is. The same is not proposed again."""
    return _answer(_waiting(pk, actor), REFUSED, actor)


def undo_answer(pk: int, *, actor: Actor) -> Proposal:
    """Let it wait again; what was taken over is put back, when nobody changed it since."""
    require(actor, DECIDE)
    proposal = get_proposal(pk, locked=True)
    if proposal.state == ACCEPTED:
        if proposal.kind == "new":
            raise UserMistake(_("This person was added. Withdraw the request or remove the contact instead."))
        if proposal.kind == "end":
            undo_ending(proposal.membership_id or 0, actor=actor)
        else:
            contact = get_contact(proposal.contact_id or 0)
            if any(as_text(getattr(contact, name)) != proposal.fields[name][1] for name in proposal.before):
                raise UserMistake(_("This can no longer be undone: something happened since."))
            save_contact(contact, dict(proposal.before), actor=actor)
    elif proposal.state != REFUSED:
        raise UserMistake(_("There is nothing to undo."))
    return _answer(proposal, WAITING, actor)


def _waiting(pk: int, actor: Actor) -> Proposal:
    require(actor, DECIDE)
    proposal = get_proposal(pk, locked=True)
    if proposal.state != WAITING:
        raise UserMistake(_("This was answered already, or taken back."))
    return proposal


def _answer(proposal: Proposal, state: str, actor: Actor) -> Proposal:
    changes = {"state": (proposal.state, state)}
    proposal.state = state
    is_decided = state != WAITING
    proposal.decided_at = now() if is_decided else None
    proposal.decided_by, proposal.decided_by_id = (actor.name[:160], actor.user_id) if is_decided else ("", None)
    db.session.flush()
    record(f"exchange_proposal.{state}", proposal, actor=actor, changes=changes)
    return proposal


def _make(proposal: Proposal, actor: Actor) -> None:
    """Add the person, and ask the membership that was named."""
    values: dict[str, Any] = {name: pair[1] for name, pair in proposal.fields.items() if name in DETAILS}
    contact = save_contact(None, values, actor=actor)
    proposal.contact_id = contact.id
    wanted = (proposal.fields.get(TYPE) or ["", ""])[1]
    kinds = [kind for owner, offered in types_on_offer() if owner.id == proposal.federation_id for kind in offered if kind.key == wanted]
    if kinds and contact.id not in current_of([contact.id]):
        proposal.membership_id = request_membership(contact, kinds[0], actor=actor).id


def number_waiting() -> Any:
    """SELECT of how many proposals wait for this club."""
    return select(func.count()).select_from(Proposal).where(Proposal.state == WAITING)
