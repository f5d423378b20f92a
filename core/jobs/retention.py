"""Forgetting what is past its time, so that nothing grows without end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select

from core import clock
from core.db import db
from core.extend.contributions import RetentionRule
from core.i18n import _l
from core.jobs.models import DONE, TROUBLED, Job, JobItem, ScheduleRun, WorkerSign
from core.outbox.models import OutboxMessage

KEEP_DONE = timedelta(days=30)
KEEP_TROUBLED = timedelta(days=180)
KEEP_SCHEDULE_RUNS = timedelta(days=400)
KEEP_SIGNS = timedelta(days=1)


def _ended(model: Any) -> Any:
    now = clock.now()
    done = and_(model.state == DONE, model.finished_at < now - KEEP_DONE)
    return select(model.id).where(or_(done, and_(model.state.in_(TROUBLED), model.finished_at < now - KEEP_TROUBLED)))


def _delete_jobs(ids: list[int]) -> None:
    for model, column in ((JobItem, JobItem.job_id), (Job, Job.id)):
        db.session.execute(delete(model).where(column.in_(ids)).execution_options(synchronize_session=False))


_TERM = _l("30 days after it was done, 180 days when it failed")
RULES = (
    RetentionRule("jobs", _l("Work that was done"), _TERM, lambda: _ended(Job), Job, forget=_delete_jobs, position=50),
    RetentionRule("mails", _l("Mails that were sent"), _TERM, lambda: _ended(OutboxMessage), OutboxMessage, position=51),
    RetentionRule(
        "schedule_runs", _l("When the clock started something"), _l("400 days"),
        lambda: select(ScheduleRun.id).where(ScheduleRun.due_at < clock.now() - KEEP_SCHEDULE_RUNS), ScheduleRun, position=90,
    ),
    RetentionRule(
        "worker_signs", _l("Signs of life of workers"), _l("A day"),
        lambda: select(WorkerSign.id).where(WorkerSign.seen_at < clock.now() - KEEP_SIGNS), WorkerSign, position=91,
    ),
)  # fmt: skip
