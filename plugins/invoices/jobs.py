"""Work of invoicing that runs outside a request."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core import clock
from core.audit.services import record
from core.db import db, stream, transaction
from core.exports.files import write_xlsx
from core.extend.contributions import JobKind, Schedule
from core.files.services import store
from core.i18n import _, _l
from core.jobs.api import JobRun
from core.organisations.models import Organisation
from plugins.invoices.models import Invoice, InvoiceLine, InvoiceMember, RunClub
from plugins.invoices.notices import JOB as OVERDUE_JOB
from plugins.invoices.notices import run_overdue
from plugins.invoices.papers import make_papers
from plugins.invoices.services.approving import PAPERS_JOB
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.runs import DRAFT_JOB, WRITE, get_run
from plugins.memberships.api import type_titles

EXPORT_JOB = "invoice_run_export"
KEPT = timedelta(hours=24)


def draft(job: JobRun) -> None:
    """Calculate a run; the result is its page."""
    run_id = int(job.arguments["run"])
    draft_run(run_id, actor=job.actor, report=job.progress)
    job.keep_result({"url": f"/o/{job.organisation.slug}/invoicing/runs/{run_id}", "label": _("Look at the draft")})


def export(job: JobRun) -> None:
    """A run as an Excel file: a row per counted member."""
    if job.result and "file_id" in job.result:
        return  # a former try got this far
    run = get_run(int(job.arguments["run"]))
    with tempfile.TemporaryDirectory(prefix="koepel-run-") as folder:
        path = Path(folder) / "run.xlsx"
        headers = [_("Club number"), _("Club"), _("Invoice"), _("Name"), _("Type"), _("Line"), _("Rule"), _("Member since"), _("Amount")]
        count = write_xlsx(path, headers, _member_rows(run.id, run.generation, job, run.members), sheet=_("Members"))
        with path.open("rb") as file, transaction():
            title = _("Invoice run")
            name = f"{title} {run.reference_on:%Y-%m-%d}.xlsx"
            kept = store(file, filename=name, purpose="export", actor=job.actor, expires_at=clock.now() + KEPT)
            record("invoice_run.exported", get_run(run.id), actor=job.actor, note=_("%(count)s rows", count=count))
            job.keep_result({"file_id": kept.id})


def _member_rows(run_id: int, generation: int, job: JobRun, total: int) -> Iterator[list[Any]]:
    titles = type_titles()
    m = InvoiceMember
    query = (
        select(
            RunClub.club_number,
            Organisation.name.label("club"),
            Invoice.number,
            m.name,
            m.restricted_at,
            m.type_id,
            InvoiceLine.text,
            m.rule_text,
            m.from_on,
            m.amount_cents,
        )
        .join(Invoice, Invoice.id == m.invoice_id)
        .join(InvoiceLine, InvoiceLine.id == m.line_id)
        .join(Organisation, Organisation.id == m.debtor_id)
        .outerjoin(RunClub, (RunClub.invoice_id == m.invoice_id) & (RunClub.run_id == m.run_id))
        .where(m.run_id == run_id, m.generation == generation)
        .order_by(Organisation.name, m.debtor_id, m.name_key, m.id)
    )
    sees_restricted = job.actor.can("invoices.restricted")
    for number, row in enumerate(stream(query), start=1):
        name = row.name if row.restricted_at is None or sees_restricted else _("Erased person")
        if number % 1_000 == 0:
            job.check()
        yield [row.club_number, row.club, row.number, name, titles.get(row.type_id, ""), row.text, row.rule_text, row.from_on, row.amount_cents / 100]
    db.session.rollback()


JOBS = (
    JobKind(DRAFT_JOB, _l("Calculate an invoice run"), draft, permission=WRITE, queue="bulk"),
    JobKind(PAPERS_JOB, _l("Send invoices"), make_papers, permission="invoices.manage", queue="bulk"),
    JobKind(EXPORT_JOB, _l("Export an invoice run"), export, permission="invoices.manage"),
    JobKind(OVERDUE_JOB, _l("Tell clubs of invoices that are late"), run_overdue, queue="bulk"),
)
SCHEDULES = (Schedule(OVERDUE_JOB, OVERDUE_JOB, timedelta(days=1)),)
