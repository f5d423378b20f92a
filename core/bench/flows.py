"""Our sides: export, import, jobs and start-up."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from core.bench.installation import inside, installation
from core.bench.people import people
from core.bench.side import compiled
from core.contacts.models import Contact
from core.db import db, transaction
from core.extend.contributions import JobKind
from core.extend.registry import registry
from core.imports.table import OPERATOR
from core.jobs.api import Job, enqueue
from core.jobs.runner import work_off
from core.lists.contacts.definitions import CONTACTS
from core.lists.filterset import FilterSet
from core.lists.listing import listing_for

Work = Callable[[], dict[str, Any]]
TWENTY = (
    "first_name", "last_name", "birth_date", "gender", "nationality", "language", "email_1", "email_2", "mobile_1", "phone", "street", "house_number",
    "box", "postcode", "town", "country", "remarks", "extra.bench_sport", "extra.bench_points", "extra.bench_since",
)  # fmt: skip


def export_workbook(folder: Path, size: int) -> Work:
    """Export every contact to XLSX as a job: choosing, reading, writing, storing, noting."""
    app = installation(folder, size)

    def work() -> dict[str, Any]:
        from core.exports.services import start_export  # noqa: PLC0415 -- app ready
        from core.selections.services import freeze  # noqa: PLC0415 -- app ready

        with inside(app) as (_club, actor):
            listing = listing_for(CONTACTS, actor=actor)
            names = [name for name in TWENTY if name in listing.columns]
            with transaction():
                selection = freeze(FilterSet(listing), "contacts", actor=actor)
                job = start_export(selection, names, "xlsx", actor=actor)
                pk = job.id
        work_off(app)
        return {"columns": len(names), "state": _state(app, pk)}

    return work


def _state(app: Any, pk: int) -> str:
    with inside(app):
        state = db.session.scalar(select(Job.state).where(Job.id == pk)) or "gone"
    if state != "done":
        raise RuntimeError(f"job {pk} is {state}")
    return state


def write_list(folder: Path, size: int) -> Path:
    """A CSV file of people, for every importer."""
    file = folder / f"people-{size}.csv"
    if not file.exists():
        with file.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            rows = people(size)
            first = next(rows)
            writer.writerow(first)
            writer.writerow(first.values())
            writer.writerows(row.values() for row in rows)
    return file


def import_list(folder: Path, size: int) -> Work:
    """Import a CSV file into an empty club: reading, checking, matching, writing, auditing, as a job."""
    file = write_list(folder, size)
    kept = folder / f"import-{size}"

    def work() -> dict[str, Any]:
        from core.imports.services import check_long_list, create_import, prepare, start_import  # noqa: PLC0415 -- app ready

        with inside(app) as (_club, actor):
            prepared = prepare(file, file.name, limits=OPERATOR)
            with transaction():
                run = create_import(prepared, actor=actor)
                pk, is_checked = run.id, prepared.plan is not None
            if not is_checked:
                check_long_list(pk, progress=lambda *_: None)
            with transaction():
                job = start_import(pk, create=True, update=True, writers=[], actor=actor)
                job_id = job.id
        work_off(app)
        _state(app, job_id)
        with inside(app), transaction():
            count = len(db.session.scalars(select(Contact.id)).all())
        return {"rows": count}

    shutil.rmtree(kept, ignore_errors=True)
    app = installation(folder, 0, name=f"import-{size}-{time.monotonic_ns()}")

    def emptied() -> dict[str, Any]:
        """Empty the club first; only the import itself is timed."""
        with inside(app), transaction():
            _empty()
        begun = time.perf_counter()
        facts = work()
        return {**facts, "seconds": time.perf_counter() - begun}

    return emptied


def _empty() -> None:
    from core.imports.models import ImportRow, ImportRun  # noqa: PLC0415 -- app ready

    for model in (ImportRow, ImportRun, Contact):
        db.session.execute(delete(model))


def no_op_jobs(folder: Path, size: int) -> Work:
    """Jobs that do nothing, with all the bookkeeping around them."""
    app = installation(folder, 0, name="jobs")
    with app.app_context():
        registry().add("jobs", "core", JobKind("bench_nothing", "Nothing", lambda _run: None))

    def work() -> dict[str, Any]:
        with inside(app) as (_club, actor), transaction():
            for number in range(size):
                enqueue("bench_nothing", {"n": number}, actor=actor)
        begun = time.perf_counter()
        done = work_off(app, most=size)
        return {"jobs": done, "seconds": time.perf_counter() - begun, "per_second": done / (time.perf_counter() - begun)}

    return work


_START = """
import json, logging, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
seen = []
event.listen(Engine, "before_cursor_execute", lambda *rest: seen.append(rest[2]))
from core import config
from core.app import create_app
create_app(config.load({}, environment="demo", instance_dir=sys.argv[1], embedded_worker=False, log_level="ERROR"))
print(len(seen))
"""


def start_worker(folder: Path, _size: int) -> Work:
    """A process that makes the application with all plugins and ends; counts its SQL."""
    installation(folder, 0, name="start")
    instance = folder / "start-0"

    def work() -> dict[str, Any]:
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", _START, str(instance)], check=True, capture_output=True, text=True, env=compiled(folder))  # noqa: S603 -- a fixed program
        return {"sql": int(done.stdout.split()[-1])}

    return work
