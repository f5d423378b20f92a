"""Two contacts turn out to be one person: their memberships go together."""

from __future__ import annotations

from sqlalchemy import select

from core.access import Actor, require
from core.contacts.models import Contact
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from core.web.context import current_organisation, federations_of
from plugins.memberships.durations import Period
from plugins.memberships.models import FederationMember, Membership
from plugins.memberships.services.ending import WRITE
from plugins.memberships.services.events import apply
from plugins.memberships.services.members import keep_members
from plugins.memberships.services.reading import lock_contacts, memberships_of


def move_memberships(source: Contact, target: Contact, *, actor: Actor) -> int:
    """Give the memberships of `source` to `target`, with their history; returns how many.

    When both are members of the same federation on the same days, one of the two has to be
    ended or withdrawn first: which one is not for us to choose.
    """
    require(actor, WRITE)
    lock_contacts([source.id, target.id])
    theirs = [m for m in memberships_of(target.id) if m.status in ("requested", "accepted")]
    mine = memberships_of(source.id)
    for membership in mine:
        if membership.status in ("requested", "accepted") and any(_clash(membership, other) for other in theirs):
            raise UserMistake(_("Both have a membership for the same days. End or withdraw one of them first."))
    for membership in mine:
        apply(membership, "changed", {"contact_id": target.id}, actor=actor, note=_("Two contacts became one"))
    _move_members(source, target)
    return len(mine)


def _clash(one: Membership, other: Membership) -> bool:
    same = one.federation_id == other.federation_id and (one.federation_id is not None or one.type_id == other.type_id)
    return same and Period(one.from_on, one.until_on).overlaps(Period(other.from_on, other.until_on))


def _move_members(source: Contact, target: Contact) -> None:
    """The federations knew `source`; now they know `target`."""
    known = {federation.id: federation for federation in federations_of(current_organisation())}
    for row in db.session.scalars(select(FederationMember).where(FederationMember.contact_id == source.id)).all():
        if row.federation_id in known:
            keep_members([target], known[row.federation_id])
        db.session.delete(row)
    db.session.flush()
