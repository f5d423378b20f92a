"""What the files room adds to the platform."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core import clock
from core.db import transaction
from core.extend.contributions import FilePurpose, JobKind, RetentionRule, Schedule
from core.files.models import StoredFile
from core.files.purposes import only_maker
from core.files.services import purge, sweep
from core.files.views import FileView
from core.i18n import _, _l
from core.jobs.api import JobRun


def _clean_up(run: JobRun) -> None:
    """Delete what is past its time, then what has no row. Safe to run at any time."""
    number = 0
    while True:
        with transaction():
            done = purge()
        number += done
        if not done:
            break
    number += sweep()
    run.progress(number, number, _("%(number)s files deleted.", number=number))


VIEWS = (FileView,)
JOBS = (JobKind("clean_up_files", _l("Delete files that are not needed any more"), _clean_up, queue="bulk"),)
SCHEDULES = (Schedule("clean_up_files", "clean_up_files", timedelta(hours=6)),)
RETENTION_RULES = (
    RetentionRule(
        "files", _l("Files past their time"), _l("Exports a day, the data of one person a week, imports 30 days, others as their field says"),
        lambda: select(StoredFile.id).where(StoredFile.expires_at <= clock.now()), StoredFile, forget=lambda ids: purge(ids=ids), position=40,
    ),
)  # fmt: skip
FILE_PURPOSES = (
    FilePurpose("import", _l("Lists that were brought in"), only_maker, is_our_own=True, max_mb=25),
    FilePurpose("export", _l("Exports"), only_maker, is_our_own=True),
)
