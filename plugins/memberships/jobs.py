"""What happens by itself: forgetting former members, and types that came with a new version of a plugin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.db import db, transaction
from core.extend.contributions import JobKind, Schedule
from core.i18n import _l
from core.organisations.models import Organisation
from core.tenancy import unscoped
from plugins.memberships.services import forget_former_members, sync_types


def forget(_job: Any) -> None:
    """A thousand at a time, until nothing is left to forget."""
    with unscoped("forgetting former members of all clubs"):
        removed = 1
        while removed:
            with transaction():
                removed = forget_former_members()


def sync(_job: Any) -> None:
    """Store declared types that a federation does not have yet."""
    with unscoped("membership types of all federations"):
        federations = db.session.scalars(select(Organisation).where(Organisation.kind == "federation").order_by(Organisation.id)).all()
    for federation in federations:
        with transaction():
            sync_types(federation)


JOBS = [
    JobKind("forget_former_members", _l("Forget former members"), forget, queue="bulk"),
    JobKind("sync_membership_types", _l("Add the membership types of federations"), sync, queue="bulk"),
]
SCHEDULES = [
    Schedule("forget_former_members", "forget_former_members", timedelta(days=1)),
    Schedule("sync_membership_types", "sync_membership_types", timedelta(days=1)),
]
