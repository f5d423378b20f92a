"""Work that runs outside a request: taking a snapshot, writing it to a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.api import JobKind, JobRun, _, _l, db, now, record, require, store_file, transaction, write_sheets
from plugins.statistics.files import snapshot_sheets
from plugins.statistics.services.snapshots import TAKE_JOB, WRITE, get_snapshot
from plugins.statistics.services.taking import take_snapshot

EXPORT_JOB = "statistics_export"
EXPORT, WITH_NAMES = "statistics.export", "snapshots.names"
KEPT = timedelta(hours=24)


def take(job: JobRun) -> None:
    """Take a snapshot; the result is its page."""
    pk = int(job.arguments["snapshot"])
    take_snapshot(pk, actor=job.actor, report=job.progress)
    job.keep_result({"url": f"/o/{job.organisation.slug}/reports/snapshots/{pk}", "label": _("Look at the snapshot")})


def export(job: JobRun) -> None:
    """A snapshot as an Excel file, kept for a day."""
    if job.result and "file_id" in job.result:
        return  # a former try got this far
    with_members = bool(job.arguments.get("members"))
    if with_members:
        require(job.actor, WITH_NAMES)
    snapshot = get_snapshot(int(job.arguments["snapshot"]))
    pk, name = snapshot.id, snapshot.name
    with tempfile.TemporaryDirectory(prefix="koepel-snapshot-") as folder:
        path = Path(folder) / "snapshot.xlsx"
        sheets = snapshot_sheets(snapshot, with_members=with_members)
        title, headers, rows = sheets[-1]
        write_sheets(path, [*sheets[:-1], (title, headers, _watched(rows, job))])
        db.session.rollback()
        with path.open("rb") as file, transaction():
            kept = store_file(file, filename=f"{name}.xlsx", purpose="export", actor=job.actor, expires_at=now() + KEPT)
            note = _("Numbers and the list of members") if with_members else _("Numbers only")
            record("snapshot.exported", get_snapshot(pk), actor=job.actor, note=note)
            job.keep_result({"file_id": kept.id})


def _watched(rows: Iterable[Sequence[Any]], job: JobRun) -> Iterator[Sequence[Any]]:
    """Stop when another worker has taken the job over."""
    for number, row in enumerate(rows, start=1):
        if number % 1_000 == 0:
            job.check()
        yield row


JOBS = (
    JobKind(TAKE_JOB, _l("Take a snapshot"), take, permission=WRITE, queue="bulk"),
    JobKind(EXPORT_JOB, _l("Export a snapshot"), export, permission=EXPORT),
)
