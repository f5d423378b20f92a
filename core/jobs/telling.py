"""Telling whoever asked for a job that it did not work."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from core.access import system_actor
from core.db import db, transaction
from core.i18n import _l
from core.jobs.models import FAILED, Job
from core.jobs.reasons import explain
from core.jobs.services import title_of
from core.notifications.api import notify
from core.organisations.models import Organisation
from core.tenancy import unscoped

logger = logging.getLogger(__name__)

KIND = "jobs.failed"


def tell_asker(job: Any, reason: str | None, error: str) -> None:
    """Tell it, if somebody asked for it; once, also when the outcome is noted twice. Never in the way of the outcome."""
    if job.actor_user_id is None:
        return
    try:
        with transaction():
            _tell(job, SimpleNamespace(reason=reason, error=error))
    except Exception:  # the outcome of the job must be noted, whatever is wrong with the message
        db.session.rollback()
        logger.exception("could not tell of a job", extra={"job": job.id, "kind": job.kind})


def _tell(job: Any, why: SimpleNamespace) -> None:
    with unscoped("the organisation of a job that did not work"):
        organisation = db.session.get_one(Organisation, job.organisation_id)
    named = SimpleNamespace(kind=job.kind, title=getattr(job, "title", ""))
    begun = getattr(job, "run_at", None) or getattr(job, "_run_at", None)
    notify(
        KIND,
        user_ids=[job.actor_user_id],
        subject=_l("Something you asked did not work"),
        text=lambda: f"{title_of(named)}: {explain(why)}",  # type: ignore[arg-type]  # looks at these two only
        url=f"/o/{organisation.slug}/jobs/{job.id}/",
        unique_key=f"job:{job.id}:{begun.timestamp() if begun else 0:.0f}",
        actor=system_actor(organisation.id),
        organisation=organisation,
    )


def tell_crashed(ids: Sequence[int]) -> None:
    """The same for jobs that were given up because they killed worker after worker."""
    with unscoped("jobs that were given up"):
        rows = db.session.execute(
            select(Job.id, Job.organisation_id, Job.kind, Job.title, Job.actor_user_id, Job.run_at, Job.reason).where(Job.id.in_(ids), Job.state == FAILED)
        ).all()
    db.session.rollback()
    for row in rows:
        tell_asker(row, row.reason, "")
