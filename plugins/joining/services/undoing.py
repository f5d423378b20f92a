"""Putting back what a click did, in one click."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import Actor, NotFound, UserMistake, _, db, get_contact, require, save_contact
from core.contacts.services import get_function, give_function, put_in_bin, undo_ending, undo_giving
from core.outbox.refusals import note_refusal
from plugins.joining.models import JoiningAct, JoiningException
from plugins.joining.services.acts import act_of, check_batch, put_away, standing
from plugins.joining.services.wishes import WRITE


def undo_batch(batch: str, *, actor: Actor) -> int:
    """Put back everything of one click, or nothing; returns for how many contacts."""
    require(actor, WRITE)
    acts = standing(batch)
    for act in acts:
        undo(act, actor=actor)
    gone = db.session.execute(delete(JoiningException).where(JoiningException.batch == batch).execution_options(synchronize_session=False))
    number = len(acts) + int(getattr(gone, "rowcount", 0))
    if not number:
        raise UserMistake(_too_late())
    return number


def undo_for(contact_id: int, batch: str, *, actor: Actor) -> None:
    """The same for one contact: the way back of a job."""
    act = act_of(check_batch(batch), contact_id)
    if act is None or act.undone_at is not None:
        raise UserMistake(_too_late())
    undo(act, actor=actor)


def undo(act: JoiningAct, *, actor: Actor) -> None:
    """Put back one act."""
    require(actor, WRITE)
    try:
        _undo_leaving(act.done, act.contact_id, actor)
        _undo_joining(act.done, actor)
        _undo_repair(act.done, act.contact_id, actor)
        if act.done.get("contact"):
            put_in_bin(get_contact(act.contact_id), actor=actor)
    except NotFound:
        raise UserMistake(_too_late()) from None
    put_away(act, actor=actor)


def _undo_joining(done: Mapping[str, Any], actor: Actor) -> None:
    for pk in done.get("memberships", ()):
        memberships.take_back(pk, actor=actor)
    for pk in done.get("lines", ()):
        groups.take_back(groups.get_member(pk), actor=actor)
    for pk in done.get("functions", ()):
        undo_giving(get_function(pk), actor=actor)


def _undo_leaving(done: Mapping[str, Any], contact_id: int, actor: Actor) -> None:
    for pk in done.get("ended", ()):
        memberships.undo_ending(pk, actor=actor)
    for pk in done.get("withdrawn", ()):
        memberships.undo_withdrawal(pk, actor=actor)
    for pk in done.get("left", ()):
        groups.undo_leave(groups.get_member(pk), actor=actor)
    for pk, until in done.get("functions_ended", ()):
        undo_ending(get_function(pk), _day(until), actor=actor)
    for function, first, until in done.get("functions_dropped", ()):
        give_function(get_contact(contact_id), function, from_on=_day(first), until_on=_day(until), actor=actor)


def _undo_repair(done: Mapping[str, Any], contact_id: int, actor: Actor) -> None:
    """Addresses: the old one is there again, and known not to work."""
    for name, (old, new) in (done.get("addresses") or {}).items():
        contact = get_contact(contact_id)
        if getattr(contact, name) != new:
            raise UserMistake(_too_late())
        save_contact(contact, {name: old}, actor=actor)
    for refusal in done.get("refusals", ()):
        note_refusal(refusal["address"], refusal["said"], how=refusal["how"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _too_late() -> str:
    return _("This can no longer be undone: something happened since.")
