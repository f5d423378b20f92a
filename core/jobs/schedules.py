"""Jobs started by the clock: once per period, whoever gets there first, also after a night without power."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.access import system_actor
from core.db import db, savepoint
from core.extend.contributions import Schedule
from core.extend.registry import registry
from core.jobs.models import ScheduleRun
from core.jobs.services import enqueue
from core.organisations.models import Organisation
from core.organisations.services import create_organisation
from core.tenancy import scope, unscoped

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def due_at(schedule: Schedule, now: datetime) -> datetime:
    """The last moment, not later than `now`, at which this schedule was due."""
    return EPOCH + (now - EPOCH) // schedule.every * schedule.every


def overdue() -> list[tuple[Schedule, datetime, datetime | None]]:
    """Schedules that have to start: (schedule, due now, started last for). One query.

    Periods that were missed are folded into one: late rather than twice.
    """
    now = clock.now()
    rows = db.session.execute(select(ScheduleRun.name, func.max(ScheduleRun.due_at)).group_by(ScheduleRun.name)).all()
    last: dict[str, datetime] = {name: due for name, due in rows}
    found = []
    for schedule in registry().all("schedules"):
        due = due_at(schedule, now)
        if schedule.name not in last or last[schedule.name] < due:
            found.append((schedule, due, last.get(schedule.name)))
    return found


def start_due() -> int:
    """Queue a job for each schedule that is due; inside transaction(). Returns how many.

    The job finds in its arguments `due_at`, and `since` (when it was due the time before, empty
    the first time), as ISO texts.
    """
    started = 0
    for schedule, due, since in overdue():
        try:
            with savepoint():
                db.session.add(ScheduleRun(name=schedule.name, due_at=due))
                db.session.flush()
        except IntegrityError:
            continue  # another worker was first
        platform = platform_organisation()
        arguments = {**schedule.arguments, "due_at": due.isoformat(), "since": since.isoformat() if since else None}
        with scope(platform):
            enqueue(schedule.job, arguments, actor=system_actor(platform.id, language=platform.language), unique_key=f"{schedule.name}:{due.isoformat()}")
        started += 1
    return started


def platform_organisation() -> Organisation:
    """The organisation that owns what belongs to no club or federation; made when it is missing."""
    with unscoped("the organisation of the platform itself"):
        found = db.session.scalars(select(Organisation).where(Organisation.kind == "platform").order_by(Organisation.id).limit(1)).one_or_none()
        return found or create_organisation(kind="platform", name="Koepel")
