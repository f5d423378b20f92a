"""The work of an exchange: checking, applying, sending, undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.api import JobKind, JobRun, UserMistake, _, _l, transaction
from plugins.exchange.models import FAILED
from plugins.exchange.services.applying import apply_run, undo_run
from plugins.exchange.services.checking import check_run
from plugins.exchange.services.exchanges import APPLY_JOB, CHECK_JOB, RUN, SEND_JOB, UNDO_JOB, forget_file, get_run
from plugins.exchange.services.sending import send_run


def _doing(work: Callable[..., Any]) -> Callable[[JobRun], None]:
    """Run it, and let the page of the run be the result. What the file itself is to blame for is told there."""

    def run(job: JobRun) -> None:
        pk = int(job.arguments["run"])
        try:
            work(pk, job)
        except UserMistake as mistake:
            with transaction():
                failed = get_run(pk, locked=True)
                failed.state, failed.error = FAILED, str(mistake)[:500]
                forget_file(failed)
        job.keep_result({"url": f"/o/{job.organisation.slug}/exchange/runs/{pk}", "label": _("See the result")})

    return run


JOBS = (
    JobKind(CHECK_JOB, _l("Check what was received"), _doing(lambda pk, job: check_run(pk, actor=job.actor, report=job.progress)), RUN, queue="bulk"),
    JobKind(APPLY_JOB, _l("Apply what was received"), _doing(lambda pk, job: apply_run(pk, actor=job.actor, report=job.progress)), RUN, queue="bulk"),
    JobKind(SEND_JOB, _l("Write the file to send"), _doing(lambda pk, job: send_run(pk, actor=job.actor, report=job.progress)), RUN, queue="bulk"),
    JobKind(UNDO_JOB, _l("Undo what was received"), _doing(lambda pk, job: undo_run(pk, actor=job.actor)), RUN, queue="bulk"),
)
