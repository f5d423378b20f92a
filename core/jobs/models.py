"""Work that waits, runs or is done; what came of each item; schedules and the workers alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn, signature
from core.tenancy import TenantOwned

WAITING, RUNNING, DONE, FAILED, REFUSED = "waiting", "running", "done", "failed", "refused"
STATES = (WAITING, RUNNING, DONE, FAILED, REFUSED)
#: states in which nothing happens any more unless somebody asks
ENDED = (DONE, FAILED, REFUSED)
TROUBLED = (FAILED, REFUSED)


class Claimable:
    """A row that one worker at a time may take, for as long as its lease lasts."""

    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    #: lower goes first
    priority: Mapped[int] = mapped_column(default=5)
    run_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: how often a worker has taken it
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=5)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    worker: Mapped[str | None] = mapped_column(String(80))
    #: when its id went to the broker last; empty: it has to be sent
    sent_to_broker_at: Mapped[datetime | None] = mapped_column(Instant)
    #: why it did not work, a key of core.jobs.reasons
    reason: Mapped[str | None] = mapped_column(String(20))
    #: what the reason does not say, in the language of the person who asked
    error: Mapped[str] = mapped_column(String(1_000), default="")
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: when a worker took it last
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


class Job(Claimable, TenantOwned, Base):
    """Something to do outside a request, stored with the change that asked for it."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "kind", "unique_key"),
        CheckConstraint("state in ('waiting','running','done','failed','refused')", name="state"),
        Index("ix_job_next", "state", "priority", "run_at", "id"),
        Index("ix_job_recent", "organisation_id", "id"),
        Index("ix_job_finished", "finished_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: name of a registered JobKind
    kind: Mapped[str] = mapped_column(String(60))
    #: what the page calls it, in the language of the person who asked; empty: the title of its kind
    title: Mapped[str] = mapped_column(String(200), default="")
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    queue: Mapped[str] = mapped_column(String(12), default="interactive")
    unique_key: Mapped[str | None] = mapped_column(String(200))
    #: who asked; empty: the platform itself
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    actor_name: Mapped[str] = signature("actor_user_id")
    language: Mapped[str] = mapped_column(String(2), default="nl")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(500), default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONColumn)


class JobItem(TenantOwned, Base):
    """What came of one item of a job; written with its effect, so that it happens once."""

    __tablename__ = "job_item"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "job_id"], ["job.organisation_id", "job.id"], ondelete="CASCADE"),
        UniqueConstraint("job_id", "item_id"),
        Index("ix_job_item_failed", "organisation_id", "job_id", "ok", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int]
    item_id: Mapped[str] = mapped_column(String(80))
    ok: Mapped[bool]
    #: what people call the item
    label: Mapped[str] = mapped_column(String(200), default="")
    #: what stood in the way, or what was done
    text: Mapped[str] = mapped_column(String(500), default="")


class ScheduleRun(Base):
    """A moment at which a schedule was due: there is one row, so it starts once."""

    __tablename__ = "schedule_run"
    __table_args__ = (UniqueConstraint("name", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class WorkerSign(Base):
    """A worker's sign of life."""

    __tablename__ = "worker_sign"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    #: "serve", "worker" or "celery"
    kind: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
