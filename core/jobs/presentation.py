"""A job in words, for its pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for

from core.access import Actor
from core.i18n import _, format_instant, format_number
from core.jobs.models import DONE, FAILED, REFUSED, RUNNING, TROUBLED, WAITING, Job
from core.jobs.reasons import explain
from core.jobs.services import may_retry, title_of
from core.lists.columns import Status


@dataclass(frozen=True)
class JobShown:
    """What a template needs to know of a job."""

    id: int
    title: str
    asked_by: str
    asked_at: datetime
    status: Status
    #: one sentence: what is going on, or why it went wrong
    sentence: str
    done: int
    total: int
    percent: int
    failed: int
    has_ended: bool
    is_running: bool
    can_retry: bool
    in_trouble: bool
    result_url: str | None
    result_label: str
    #: the result is a file, not a page
    is_file: bool
    #: where the way back starts
    undo_url: str | None


def present(job: Job, *, actor: Actor, failed: int = 0) -> JobShown:
    """Describe a job of which `failed` items did not go well."""
    percent = min(100, job.done * 100 // job.total) if job.total else (100 if job.state == DONE else 0)
    in_trouble = job.state in TROUBLED or (job.state == DONE and failed > 0) or (job.state == WAITING and job.reason is not None)
    url, label = _result(job)
    return JobShown(
        id=job.id,
        title=title_of(job),
        asked_by=job.actor_name,
        asked_at=job.created_at,
        status=_status(job, failed),
        sentence=_sentence(job),
        done=job.done,
        total=job.total,
        percent=percent,
        failed=failed,
        has_ended=job.has_ended,
        is_running=job.state == RUNNING,
        can_retry=in_trouble and may_retry(job, actor=actor),
        in_trouble=in_trouble,
        result_url=url,
        result_label=label,
        is_file=bool((job.result or {}).get("file_id")),
        undo_url=_undo_url(job),
    )


def _status(job: Job, failed: int) -> Status:
    if job.state == DONE and failed:
        return Status(_("Done, with %(number)s problems", number=format_number(failed)), "warn")
    if job.state == WAITING and job.reason:
        return Status(_("Will be tried again"), "warn")
    text, tone = {
        WAITING: (_("Waiting"), "info"),
        RUNNING: (_("Busy"), "info"),
        DONE: (_("Done"), "ok"),
        FAILED: (_("Failed"), "bad"),
        REFUSED: (_("Refused"), "bad"),
    }[job.state]
    return Status(text, tone)  # type: ignore[arg-type]  # one of its tones


def _sentence(job: Job) -> str:
    if job.state in TROUBLED:
        return explain(job)
    if job.state == WAITING and job.reason:
        return _("%(reason)s We try again on %(moment)s.", reason=explain(job), moment=format_instant(job.run_at))
    if job.state == WAITING:
        return _("This starts in a moment. You may close this page.")
    if job.state == RUNNING:
        return job.note or _("We are working on it. You may close this page.")
    return job.note


def _result(job: Job) -> tuple[str | None, str]:
    """Address and text of what the person gets: a file, or a page of ours."""
    result: dict[str, Any] = job.result or {}
    if job.state != DONE or not result:
        return None, ""
    url = str(result.get("url", ""))
    if result.get("file_id") and "FileView.download" in current_app.view_functions:
        return url_for("FileView.download", pk=result["file_id"]), str(result.get("label") or _("Download the file"))
    if url.startswith("/") and not url.startswith(("//", "/\\")):
        return url, str(result.get("label") or _("See the result"))
    return None, ""


def _undo_url(job: Job) -> str | None:
    if job.has_ended and (job.result or {}).get("undo") and "SelectionView.undo" in current_app.view_functions:
        return url_for("SelectionView.undo", job=job.id)
    return None
