"""What privacy does by the clock: erase whose two weeks are over, and remind who has to decide."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from core import clock
from core.access import Actor, acting, system_actor
from core.db import db, transaction
from core.errors import UserMistake
from core.i18n import _
from core.jobs.api import JobRun
from core.organisations.models import Organisation
from core.privacy.letters import tell_admins
from core.privacy.models import OPEN, WAITING, ErasureRequest
from core.privacy.requests import execute, get_request
from core.tenancy import scope, unscoped

logger = logging.getLogger(__name__)

#: a request nobody looked at
REMIND_AFTER = timedelta(days=7)


@contextmanager
def inside(organisation_id: int) -> Iterator[tuple[Organisation, Actor]]:
    """Scope and actor of the platform in one organisation, in a transaction."""
    with unscoped("the organisation of work of the clock"):
        organisation = db.session.get_one(Organisation, organisation_id)
    actor = system_actor(organisation.id, language=organisation.language)
    with transaction(), scope(organisation), acting(actor):
        yield organisation, actor


def erase_due(job: JobRun) -> None:
    """Erase everybody whose two weeks are over, one by one. Safe to run at any time."""
    rows = _rows(ErasureRequest.state == WAITING, ErasureRequest.erase_at <= clock.now())
    failed = 0
    for number, (pk, owner) in enumerate(rows, start=1):
        try:
            with inside(owner) as (_organisation, actor):
                execute(get_request(pk), actor=actor)
        except UserMistake as mistake:  # a plugin cannot let go yet: tomorrow again
            failed += 1
            with transaction():
                job.item(pk, False, str(mistake.message), label=_("Request %(number)s", number=pk))
        job.progress(number, len(rows))
    job.progress(len(rows), len(rows), _("%(number)s people erased.", number=len(rows) - failed))
    _remind()


def _rows(*conditions: Any) -> list[tuple[int, int]]:
    with unscoped("requests to be forgotten of all organisations"):
        rows = db.session.execute(select(ErasureRequest.id, ErasureRequest.organisation_id).where(*conditions).order_by(ErasureRequest.id)).all()
    return [(row.id, row.organisation_id) for row in rows]


def _remind() -> None:
    """Write once more about requests that lie for a week."""
    site = str(current_app.config["KOEPEL"].public_url).rstrip("/")
    for pk, owner in _rows(ErasureRequest.state == OPEN, ErasureRequest.reminded_at.is_(None), ErasureRequest.asked_at < clock.now() - REMIND_AFTER):
        with inside(owner) as (organisation, actor):
            request = get_request(pk)
            request.reminded_at = clock.now()
            tell_admins(request, organisation, site=site, actor=actor, again=True)
            db.session.flush()
