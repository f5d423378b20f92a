"""Taking rows, keeping them while working, and giving them back. The same for jobs and mails.

A row is taken by one UPDATE, so two workers never hold the same one. Taking it counts as a
try at once: a job that kills its worker is counted too. All of it sees every organisation,
and touches nothing but these columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.sql import ColumnElement

from core import clock
from core.db import db
from core.jobs.models import FAILED, RUNNING, WAITING, Job
from core.tenancy import unscoped

#: how long a worker holds what it took without a sign of life
LEASE = timedelta(seconds=45)
#: wait after the first, second, ... try that went wrong
BACKOFF = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2), timedelta(hours=24))
#: after so long an id sent to the broker is taken for lost and sent again
RESEND_AFTER = timedelta(seconds=60)


def backoff(attempts: int) -> timedelta:
    """How long to wait after `attempts` tries."""
    return BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def claim(
    model: Any,
    columns: Sequence[Any],
    *,
    worker: str,
    limit: int = 1,
    lease: timedelta = LEASE,
    conditions: Iterable[ColumnElement[bool]] = (),
) -> list[Any]:
    """Take up to `limit` rows that are due, first things first; inside transaction().

    A row that was tried before is taken alone, so that a job that kills its worker costs the
    others at most one of their tries.
    """
    rows = _claim(model, columns, worker=worker, limit=limit, lease=lease, conditions=[model.attempts == 0, *conditions])
    return rows or _claim(model, columns, worker=worker, limit=1, lease=lease, conditions=[model.attempts > 0, *conditions])


def claim_retried(model: Any, columns: Sequence[Any], *, worker: str, lease: timedelta = LEASE, conditions: Iterable[ColumnElement[bool]] = ()) -> list[Any]:
    """Take one row that was tried before, so that new work does not keep it waiting."""
    return _claim(model, columns, worker=worker, limit=1, lease=lease, conditions=[model.attempts > 0, *conditions])


def _claim(model: Any, columns: Sequence[Any], *, worker: str, limit: int, lease: timedelta, conditions: Iterable[ColumnElement[bool]]) -> list[Any]:
    now = clock.now()
    due = (
        select(model.id)
        .where(model.state == WAITING, model.run_at <= now, *conditions)
        .order_by(model.priority, model.run_at, model.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(model)
        .where(model.id.in_(select(due.c.id)))
        .values(state=RUNNING, worker=worker, lease_until=now + lease, attempts=model.attempts + 1, started_at=now)
        .returning(*columns, model.priority.label("_priority"), model.run_at.label("_run_at"))
        .execution_options(synchronize_session=False)
    )
    with unscoped("claim a job"):
        rows = db.session.execute(taken).all()
    return sorted(rows, key=lambda row: (row._priority, row._run_at, row.id))


def _held(model: Any, ids: Collection[int], worker: str) -> Any:
    return select(model.id).where(model.id.in_(ids), model.worker == worker, model.state == RUNNING).with_for_update(skip_locked=True).cte("held")


def renew(model: Any, ids: Collection[int], *, worker: str, lease: timedelta = LEASE) -> set[int]:
    """Say that we still work on these; returns those that are still ours or busy storing."""
    if not ids:
        return set()
    held = _held(model, ids, worker)
    with unscoped("renew the lease of a job"):
        db.session.execute(
            update(model).where(model.id.in_(select(held.c.id))).values(lease_until=clock.now() + lease).execution_options(synchronize_session=False)
        )
        return set(db.session.scalars(select(model.id).where(model.id.in_(ids), model.worker == worker, model.state == RUNNING)))


def note_progress(job_id: int, *, worker: str, **values: Any) -> None:
    """Write how far a job is, unless its row is being written by the job itself."""
    held = _held(Job, [job_id], worker)
    with unscoped("note how far a job is"):
        db.session.execute(update(Job).where(Job.id.in_(select(held.c.id))).values(**values).execution_options(synchronize_session=False))


def give_back(model: Any, ids: Collection[int], *, worker: str) -> None:
    """Return rows we took but did not start; the try does not count."""
    if not ids:
        return
    with unscoped("give back a job that was not started"):
        db.session.execute(
            update(model)
            .where(model.id.in_(ids), model.worker == worker, model.state == RUNNING)
            .values(state=WAITING, worker=None, lease_until=None, sent_to_broker_at=None, attempts=model.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def settle(model: Any, ids: Collection[int], *, worker: str, values: dict[str, Any]) -> int:
    """Write how rows we hold ended; returns how many were still ours."""
    with unscoped("note how a job ended"):
        result: Any = db.session.execute(
            update(model)
            .where(model.id.in_(ids), model.worker == worker, model.state == RUNNING)
            .values(worker=None, lease_until=None, **values)
            .execution_options(synchronize_session=False)
        )
    return int(result.rowcount)


def reap(model: Any, *, worn_out: ColumnElement[bool] | None = None, reason: str = "crashed") -> tuple[int, list[int]]:
    """Free what dead workers held; returns (how many were given back, ids of those that were given up).

    A row that is `worn_out` (by default: after its last try) is not given back: it would kill
    worker after worker.
    """
    now = clock.now()
    lost = [model.state == RUNNING, model.lease_until < now]
    worn_out = model.attempts >= model.max_attempts if worn_out is None else worn_out
    with unscoped("free the jobs of dead workers"):
        up = db.session.execute(
            update(model)
            .where(model.id.in_(_locked(model, [*lost, worn_out])))
            .values(state=FAILED, reason=reason, worker=None, lease_until=None, finished_at=now)
            .returning(model.id)
            .execution_options(synchronize_session=False)
        ).all()
        back = db.session.execute(
            update(model)
            .where(model.id.in_(_locked(model, [*lost, ~worn_out])))
            .values(state=WAITING, worker=None, lease_until=None, sent_to_broker_at=None)
            .returning(model.id)
            .execution_options(synchronize_session=False)
        ).all()
    return len(back), [row.id for row in up]


def _locked(model: Any, conditions: Sequence[ColumnElement[bool]]) -> Any:
    found = select(model.id).where(*conditions).limit(500).with_for_update(skip_locked=True).cte("lost")
    return select(found.c.id)


def is_due(model: Any, conditions: Iterable[ColumnElement[bool]] = ()) -> bool:
    """Is there anything to take? A read, so that an idle worker never takes the write lock."""
    with unscoped("is there work to do"):
        return db.session.scalar(select(model.id).where(model.state == WAITING, model.run_at <= clock.now(), *conditions).limit(1)) is not None


def take_unsent(model: Any, *, limit: int = 500) -> list[Any]:
    """Rows that are due and whose id the broker does not have, or has lost: (id, queue or None)."""
    now = clock.now()
    unsent = (
        select(model.id)
        .where(
            model.state == WAITING,
            model.run_at <= now,
            or_(model.sent_to_broker_at.is_(None), model.sent_to_broker_at < now - RESEND_AFTER),
        )
        .order_by(model.priority, model.run_at, model.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("unsent")
    )
    columns = [model.id] + ([model.queue] if hasattr(model, "queue") else [])
    with unscoped("send the ids of jobs to the broker"):
        return list(
            db.session.execute(
                update(model)
                .where(model.id.in_(select(unsent.c.id)))
                .values(sent_to_broker_at=now)
                .returning(*columns)
                .execution_options(synchronize_session=False)
            ).all()
        )


def oldest_due(model: Any) -> datetime | None:
    """Since when the row that waits longest could have been taken."""
    with unscoped("how long work waits"):
        found: datetime | None = db.session.scalar(
            select(model.run_at).where(model.state == WAITING, model.run_at <= clock.now()).order_by(model.run_at).limit(1)
        )
    return found
