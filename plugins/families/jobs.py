"""What happens by itself: the notice before a child turns 18."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.api import JobKind, Organisation, Schedule, _l, active_plugins, db, scope, system_actor, transaction, unscoped
from plugins.families.models import FamilyMember
from plugins.families.services import tell_before_18


def tell(_job: Any) -> None:
    """In every club that uses families. Safe to run at any time: a mail goes once."""
    with unscoped("clubs with families, for the notice before an 18th birthday"):
        used = select(FamilyMember.organisation_id).distinct()
        clubs = db.session.scalars(select(Organisation).where(Organisation.id.in_(used)).order_by(Organisation.id)).all()
        clubs = [club for club in clubs if "families" in active_plugins(club)]
    for club in clubs:
        with transaction(), scope(club):
            tell_before_18(actor=system_actor(club.id, language=club.language))


JOBS = (JobKind("tell_before_18", _l("Tell parents and children about the 18th birthday"), tell, queue="bulk"),)
SCHEDULES = (Schedule("tell_before_18", "tell_before_18", timedelta(days=1)),)
