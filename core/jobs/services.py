"""Asking for work outside a request, and looking at how it goes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.access import Actor, require
from core.db import after_commit, db, savepoint
from core.errors import Forbidden, NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import _
from core.jobs.models import ENDED, RUNNING, TROUBLED, WAITING, Job, JobItem
from core.jobs.wake import announce, has_broker
from core.tenancy import current_scope

#: lower goes first; what somebody is waiting for comes before what may take all night
PRIORITIES = {"interactive": 1, "mail": 5, "bulk": 9}
LARGEST_ARGUMENTS = 64 * 1024


def enqueue(
    kind: str,
    arguments: Mapping[str, Any],
    *,
    actor: Actor,
    unique_key: str | None = None,
    run_at: datetime | None = None,
    queue: str | None = None,
    title: str | None = None,
) -> Job:
    """Store a job with the change that asks for it; inside transaction(), in the scope it is for.

    kind: name of a registered JobKind. arguments: small JSON, ids rather than data.
    unique_key: asking again with the same key returns the job that is already there.
    queue: another one than its kind's. title: what its page is called, translated.

    Example:
        with transaction():
            job = enqueue("export", {"selection": selection.id}, actor=actor)
    """
    known = registry().get("jobs", kind)
    if actor.user_id is None and not actor.is_system:
        raise Forbidden("a job needs somebody whose rights can be checked when it runs")
    if known.permission:
        require(actor, known.permission)
    if len(json.dumps(dict(arguments), allow_nan=False)) > LARGEST_ARGUMENTS:
        raise ValueError(f"job {kind!r}: give ids, not data")
    if unique_key is not None:
        found = _by_key(kind, unique_key)
        if found is not None:
            return found
    job = Job(
        organisation_id=current_scope().organisation_id,
        kind=kind,
        title=(title or "")[:200],
        arguments=dict(arguments),
        queue=queue or known.queue,
        priority=PRIORITIES[queue or known.queue],
        unique_key=unique_key,
        run_at=run_at or clock.now(),
        max_attempts=known.max_attempts,
        actor_user_id=actor.user_id,
        actor_name=actor.name[:160],
        language=actor.language,
    )
    try:
        with savepoint():
            db.session.add(job)
            _announce(job)
    except IntegrityError:
        if unique_key is None:
            raise
        found = _by_key(kind, unique_key)  # somebody else asked for it at the same moment
        if found is None:
            raise
        return found
    return job


def _by_key(kind: str, unique_key: str) -> Job | None:
    return db.session.scalars(select(Job).where(Job.kind == kind, Job.unique_key == unique_key)).one_or_none()


def _announce(job: Job) -> None:
    """Store it, and tell the workers once the surrounding transaction is stored."""
    now = clock.now()
    job.sent_to_broker_at = now if has_broker() and job.run_at <= now else None
    db.session.flush()
    if job.run_at <= now:
        job_id, queue = job.id, job.queue
        after_commit(lambda: announce("job", job_id, queue))


def visible_job(pk: int, *, actor: Actor) -> Job:
    """A job one may look at: one's own, or any of this organisation with the right to see them."""
    job = db.session.scalars(select(Job).where(Job.id == pk)).one_or_none() if abs(pk) < 2**31 else None
    if job is None:
        raise NotFound(str(pk))
    if not actor.can("jobs.read") and (actor.user_id is None or job.actor_user_id != actor.user_id):
        raise NotFound(str(pk))
    return job


def may_retry(job: Job, *, actor: Actor) -> bool:
    """May this person have it tried again? The one who asked, or who has the right to."""
    return actor.can("jobs.write") or (actor.user_id is not None and job.actor_user_id == actor.user_id)


def retry(job: Job, *, actor: Actor) -> Job:
    """Try again what did not work: the whole job, or the items of it that failed."""
    if not may_retry(job, actor=actor):
        require(actor, "jobs.write")
    if not job.has_ended and not (job.state == WAITING and job.attempts):
        raise UserMistake(_("This is still being worked on."))
    if job.state not in TROUBLED and job.state != WAITING and not count_items(job).get(False):
        raise UserMistake(_("All of this was done; there is nothing to try again."))
    known = registry().get("jobs", job.kind)
    if known.permission:
        require(actor, known.permission)
    db.session.execute(
        delete(JobItem).where(JobItem.job_id == job.id, JobItem.ok.is_(False)).execution_options(synchronize_session=False)
    )
    job.state, job.reason, job.error = WAITING, None, ""
    job.attempts, job.max_attempts = 0, known.max_attempts
    job.run_at, job.finished_at = clock.now(), None
    # it now runs with the rights of the person who wants it again
    job.actor_user_id, job.actor_name, job.language = actor.user_id, actor.name[:160], actor.language
    _announce(job)
    return job


def title_of(job: Job) -> str:
    """What people call this job."""
    if job.title:
        return job.title
    try:
        return str(registry().get("jobs", job.kind).title)
    except KeyError:  # of a plugin that was removed
        return job.kind


def recent_jobs(*, trouble: bool = False, busy: bool = False, before: int | None = None, limit: int = 50) -> Sequence[Job]:
    """The newest jobs of this organisation first; `before` is the id to go on from."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    if trouble:
        query = query.where(Job.state.in_(TROUBLED))
    if busy:
        query = query.where(Job.state.in_((WAITING, RUNNING)))
    if before is not None:
        query = query.where(Job.id < before)
    return db.session.scalars(query).all()


def count_by_state() -> dict[str, int]:
    """How many jobs of this organisation are in each state."""
    rows = db.session.execute(select(Job.state, func.count()).group_by(Job.state)).all()
    return {state: number for state, number in rows}


def count_items(job: Job) -> dict[bool, int]:
    """How many items went well (True) and how many did not (False)."""
    rows = db.session.execute(select(JobItem.ok, func.count()).where(JobItem.job_id == job.id).group_by(JobItem.ok)).all()
    return {ok: number for ok, number in rows}


def failed_items(job: Job, *, limit: int = 100) -> Sequence[JobItem]:
    """The items that did not go well, in the order they were tried."""
    return db.session.scalars(select(JobItem).where(JobItem.job_id == job.id, JobItem.ok.is_(False)).order_by(JobItem.id).limit(limit)).all()


def failures_of(jobs: Sequence[Job]) -> dict[int, int]:
    """Number of failed items per job, for a list."""
    ids = [job.id for job in jobs if job.state in ENDED]
    if not ids:
        return {}
    rows = db.session.execute(select(JobItem.job_id, func.count()).where(JobItem.job_id.in_(ids), JobItem.ok.is_(False)).group_by(JobItem.job_id)).all()
    return {job_id: number for job_id, number in rows}
