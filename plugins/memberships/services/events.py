"""Writing down what happened to a membership, and reading it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from core import clock
from core.access import Actor
from core.audit.services import record
from core.db import db, without_signatures
from core.errors import StaleVersion
from plugins.memberships.models import Membership, MembershipEvent

_DATES = ("from_on", "until_on")
_INSTANTS = ("decided_at", "ended_at")


def apply(membership: Membership, act: str, values: Mapping[str, Any], *, actor: Actor, note: str = "") -> Membership:
    """Set `values`, and note, record and tell it."""
    changes = {name: (getattr(membership, name), value) for name, value in values.items() if getattr(membership, name) != value}
    for name, (_old, new) in changes.items():
        setattr(membership, name, new)
    membership.changed_at = clock.now()
    try:
        db.session.flush()
    except StaleDataError as error:
        raise StaleVersion(f"membership {membership.id}") from error
    db.session.add(
        MembershipEvent(
            organisation_id=membership.organisation_id,
            federation_id=membership.federation_id,
            membership_id=membership.id,
            act=act,
            actor_name=actor.name[:160],
            actor_id=actor.user_id,
            changes={name: [_plain(old), _plain(new)] for name, (old, new) in without_signatures(Membership, changes).items()},
            note=note[:500],
        )
    )
    db.session.flush()
    record(f"membership.{act.removeprefix('undo.')}{'_undone' if act.startswith('undo.') else ''}", membership, actor=actor, changes=changes, note=note)
    return membership


def history_of(membership: Membership) -> Sequence[MembershipEvent]:
    """Everything that happened to a membership, the newest first."""
    return db.session.scalars(select(MembershipEvent).where(MembershipEvent.membership_id == membership.id).order_by(MembershipEvent.id.desc())).all()


def last_event(membership: Membership) -> MembershipEvent | None:
    query = select(MembershipEvent).where(MembershipEvent.membership_id == membership.id).order_by(MembershipEvent.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def standing_event(membership: Membership) -> MembershipEvent | None:
    """The last thing that happened, apart from an ending or withdrawing that the club itself undid."""
    undone = 0
    for event in history_of(membership):
        if event.act in ("undo.ended", "undo.withdrawn"):
            undone += 1
        elif undone:
            undone -= 1
        else:
            return event
    return None


def values_before(event: MembershipEvent) -> dict[str, Any]:
    """The values an event replaced, typed again."""
    return {name: _typed(name, pair[0]) for name, pair in (event.changes or {}).items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _DATES:
        return date.fromisoformat(value)
    if name in _INSTANTS:
        return datetime.fromisoformat(value)
    return value
