"""What every worker does besides working: sign that it lives, free what the dead held, start what is due."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from core import clock
from core.db import db, transaction
from core.jobs import claims, schedules
from core.jobs.models import RUNNING, Job, WorkerSign
from core.jobs.telling import tell_crashed
from core.outbox.delivery import MOST_UNSURE
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped
from core.users.permissions import forget

logger = logging.getLogger(__name__)

#: a worker that was silent for so long is taken for dead
SILENCE = timedelta(seconds=90)


def free_lost() -> int:
    """Give back what dead workers held; returns how many rows were freed or given up."""
    freed = 0
    kinds: dict[type[Job | OutboxMessage], dict[str, Any]] = {Job: {}, OutboxMessage: {"worn_out": OutboxMessage.unsure >= MOST_UNSURE, "reason": "unsure"}}
    for model, options in kinds.items():
        if not _has_lost(model):
            continue
        with transaction():
            back, up = claims.reap(model, **options)
        freed += back + len(up)
        logger.warning("freed what a dead worker held", extra={"table": model.__tablename__, "given_back": back, "given_up": len(up)})
        if up and model is Job:
            tell_crashed(up)
    return freed


def _has_lost(model: type[Job | OutboxMessage]) -> bool:
    with unscoped("is there work of dead workers"):
        return db.session.scalar(select(model.id).where(model.state == RUNNING, model.lease_until < clock.now()).limit(1)) is not None


def start_schedules() -> int:
    """Queue the jobs the clock asks for; returns how many."""
    if not schedules.overdue():
        return 0
    with transaction():
        return schedules.start_due()


def sign(name: str, kind: str) -> None:
    """Say that this worker is alive, and notice rights that were changed elsewhere."""
    forget()
    now = clock.now()
    with transaction():
        known = db.session.execute(update(WorkerSign).where(WorkerSign.name == name).values(seen_at=now).execution_options(synchronize_session=False))
        if not known.rowcount:  # type: ignore[attr-defined]
            db.session.add(WorkerSign(name=name, kind=kind))


def sign_off(name: str) -> None:
    """This worker stops of its own accord."""
    with transaction():
        db.session.execute(delete(WorkerSign).where(WorkerSign.name == name).execution_options(synchronize_session=False))


def living_workers() -> int:
    """How many workers gave a sign of life lately."""
    return len(db.session.scalars(select(WorkerSign.id).where(WorkerSign.seen_at > clock.now() - SILENCE)).all())


def send_unsent() -> int:
    """Send the broker the ids of what is due and not with it; returns how many."""
    from core.jobs.broker import send  # noqa: PLC0415 -- optional dependency: Celery

    sent = 0
    for what, model in (("job", Job), ("mail", OutboxMessage)):
        if not claims.is_due(model):
            continue
        with transaction():
            rows = claims.take_unsent(model)
        for row in rows:
            send(what, row.id, getattr(row, "queue", "mail"))
        sent += len(rows)
    return sent
