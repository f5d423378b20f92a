"""What the code of a job gets to work with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from core.access import Actor
from core.db import db, transaction
from core.errors import KoepelError
from core.jobs.models import RUNNING, Job, JobItem
from core.organisations.models import Organisation

#: progress is stored at most so often, in seconds
EVERY = 0.5


class LeaseLost(KoepelError):
    """Another worker has taken this job over; stop without storing anything."""


class JobRun:
    """One try at a job: what was asked, by whom, and where to report.

    The code of a job runs inside scope(organisation) and acting(actor), with the texts in the
    language of the person who asked, and outside a transaction. It opens small ones of its own
    and may be run twice: by then `is_done(item)` says what the first time stored.

    Example:
        def run(job: JobRun) -> None:
            ids = job.arguments["ids"]
            for number, contact_id in enumerate(ids, start=1):
                if not job.is_done(contact_id):
                    with transaction():
                        move(contact_id, actor=job.actor)
                        job.item(contact_id, True)
                job.progress(number, len(ids))
    """

    def __init__(self, claimed: Any, organisation: Organisation, actor: Actor, *, worker: str, is_lost: Callable[[], bool]) -> None:
        self.job_id: int = claimed.id
        self.kind: str = claimed.kind
        self.arguments: dict[str, Any] = dict(claimed.arguments or {})
        self.organisation = organisation
        self.actor = actor
        #: counts from 1
        self.attempt: int = claimed.attempts
        #: what keep_result() stored, also in a former try
        self.result: dict[str, Any] | None = claimed.result
        self.done, self.total, self.note = claimed.done, claimed.total, claimed.note
        self.has_unstored_progress = False
        self._worker, self._is_lost = worker, is_lost
        self._stored_at = 0.0
        self._former: dict[str, bool] | None = None
        self._written: set[str] = set()

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far it is: `done` of `total`, and in words (translated) what it is doing."""
        self.check()
        self.done, self.total, self.note = done, total, note[:500]
        self.has_unstored_progress = True
        if db.session.info.get("writing"):
            return  # nobody would see it before the commit; the keeper stores it meanwhile if it can
        if time.monotonic() - self._stored_at >= EVERY:
            self._stored_at = time.monotonic()
            with transaction():
                self.store_progress()

    def store_progress(self) -> None:
        """Write the progress; inside transaction()."""
        self.has_unstored_progress = False
        self._update(done=self.done, total=self.total, note=self.note)

    def item(self, item_id: int | str, ok: bool, text: str = "", *, label: str = "") -> None:
        """Store what came of one item. Call it in the transaction of its effect: it then happens once.

        text: what stood in the way (or was done), translated. label: what people call the item.
        """
        self.check()
        key = str(item_id)
        with transaction():
            row = None
            if key in self._former_items() or key in self._written:
                row = db.session.scalars(select(JobItem).where(JobItem.job_id == self.job_id, JobItem.item_id == key)).one_or_none()
            if row is None:
                row = JobItem(organisation_id=self.organisation_id, job_id=self.job_id, item_id=key)
                db.session.add(row)
            row.ok, row.text, row.label = ok, text[:500], label[:200]
            self._written.add(key)
            db.session.flush()

    def is_done(self, item_id: int | str) -> bool:
        """Was this item done in a former try?"""
        return self._former_items().get(str(item_id), False)

    def keep_result(self, result: Mapping[str, Any]) -> None:
        """Store what the person gets: {"file_id": 3} or {"url": "/o/...", "label": "..."}."""
        self.check()
        self.result = dict(result)
        with transaction():
            self._update(result=self.result)

    def check(self) -> None:
        """Stop when another worker has taken this job over."""
        if self._is_lost():
            raise LeaseLost(str(self.job_id))

    @property
    def organisation_id(self) -> int:
        return int(self.organisation.id)

    def _former_items(self) -> dict[str, bool]:
        if self._former is None:
            rows = db.session.execute(select(JobItem.item_id, JobItem.ok).where(JobItem.job_id == self.job_id)).all()
            self._former = {item_id: ok for item_id, ok in rows}
        return self._former

    def _update(self, **values: Any) -> None:
        db.session.execute(
            update(Job)
            .where(Job.id == self.job_id, Job.worker == self._worker, Job.state == RUNNING)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
