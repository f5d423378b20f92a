"""The work of an import that is done outside a request."""

from __future__ import annotations

from core.access import acting, system_actor
from core.db import db, transaction
from core.errors import UserMistake
from core.i18n import _
from core.imports import services
from core.jobs.api import JobRun
from core.tenancy import unscoped


def run_check(job: JobRun) -> None:
    """Read a long list and say what would happen."""
    try:
        services.check_long_list(job.arguments["import_id"], progress=job.progress)
    except UserMistake as mistake:
        _note(job, mistake)
        raise
    job.keep_result(_page(job, _("See the list")))


def run_import(job: JobRun) -> None:
    """Write an import; a second try finds it done."""
    try:
        services.apply_import(job.arguments["import_id"], actor=job.actor, progress=job.progress, tell=True)
    except UserMistake as mistake:
        _note(job, mistake)
        raise
    job.keep_result(_page(job, _("See the import")))


def run_undo(job: JobRun) -> None:
    """Take an import back, as far as nobody worked on after it."""
    services.undo_import(job.arguments["import_id"], actor=job.actor, progress=job.progress)
    job.keep_result(_page(job, _("See the import")))


def _note(job: JobRun, mistake: UserMistake) -> None:
    with transaction():
        services.fail_import(job.arguments["import_id"], str(mistake))


def _page(job: JobRun, label: str) -> dict[str, str]:
    return {"url": f"/o/{job.organisation.slug}/crm/import/{job.arguments['import_id']}", "label": label}


def run_purge(_job: JobRun) -> None:
    """Delete what is left of old imports, in all organisations."""
    with unscoped("deleting what is left of old imports"), acting(system_actor(None)):
        removed = 1
        while removed:
            with transaction():
                removed = services.purge_imports()
            db.session.expunge_all()
