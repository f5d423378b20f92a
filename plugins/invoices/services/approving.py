"""Approving a run, once: every invoice gets its number and is issued in one transaction, or none is.

The PDFs and mails are made afterwards, from what was stored, by a job written in that same
transaction.
"""

from __future__ import annotations

from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import Record, record, record_many
from core.db import db, update_rows
from core.errors import UserMistake
from core.i18n import _, format_date
from core.jobs.api import enqueue, failpoint
from core.organisations.models import Organisation
from core.web.context import current_organisation
from plugins.invoices.communication import communication_of
from plugins.invoices.models import INVOICE, Invoice, InvoiceRun, RunClub
from plugins.invoices.services.numbering import show_number, take_numbers
from plugins.invoices.services.runs import busy_job, get_run, require_draft
from plugins.invoices.services.settings import InvoiceSettings, settings_of
from plugins.invoices.services.snapshots import debtor_of, issuer_of

APPROVE = "invoice_runs.approve"
PAPERS_JOB = "invoice_papers"


def hindrances(run: InvoiceRun) -> list[str]:
    """Why a draft cannot be approved yet, each as a sentence that says what to do."""
    found = []
    if busy_job(run) is not None:
        found.append(_("The draft is still being calculated. Wait until it is done."))
    elif run.state == "empty":
        found.append(_("There is no draft yet. Calculate it first."))
    elif not run.clubs:
        found.append(_("There is nothing to invoice on this date."))
    if run.not_counted.get("no_fee"):
        found.append(
            _(
                "%(number)s members have a membership type without a fee on this date. Add the fee (0 is allowed) and calculate again.",
                number=run.not_counted["no_fee"],
            )
        )
    if not current_organisation().iban:
        found.append(_("The federation has no account number. Fill it in under Settings."))
    return found


def approve_run(run: InvoiceRun, *, actor: Actor, generation: int | None = None) -> InvoiceRun:
    """Issue all invoices of a draft. Inside transaction().

    generation: of the draft that was looked at; refused when there is a newer one.
    """
    require(actor, APPROVE)
    now = require_draft(get_run(run.id, locked=True))
    failpoint("invoices.run_locked")
    reasons = hindrances(now)
    if reasons:
        raise UserMistake(" ".join(reasons))
    if generation is not None and generation != now.generation:
        raise UserMistake(_("The draft was calculated again since you opened this page. Look at it again first."))
    federation = current_organisation()
    settings = settings_of(federation)
    rows = _drafts(now)
    fiscal_year = settings.fiscal_year_of(now.invoice_on)
    first = take_numbers(INVOICE, fiscal_year, len(rows))
    failpoint("invoices.numbers_taken")
    changed = [_issued(row, now, settings, federation, fiscal_year, first + place, actor) for place, row in enumerate(rows)]
    update_rows(Invoice, changed)
    failpoint("invoices.issued")
    now.state, now.approved_at = "sent", clock.now()
    now.approved_by, now.approved_by_id = actor.name[:160], actor.user_id
    db.session.flush()
    record("invoice_run.approved", now, actor=actor, changes={"clubs": (None, len(rows)), "total_cents": (None, now.total_cents)})
    record_many([Record("invoice.issued", "invoice", row["id"], {"number": ("", row["number"])}) for row in changed], actor=actor)
    job = enqueue(
        PAPERS_JOB, {"run": now.id}, actor=actor, unique_key=f"run:{now.id}", title=_("Send the invoices of %(day)s", day=format_date(now.reference_on))
    )
    now.job_id = job.id
    db.session.flush()
    failpoint("invoices.approved_uncommitted")
    return now


def _drafts(run: InvoiceRun) -> list[Any]:
    """The drafts in the order in which they get their numbers: by name of the club."""
    query = (
        select(Invoice.id, Invoice.version, Organisation, RunClub.club_number)
        .join(Organisation, Organisation.id == Invoice.debtor_id)
        .join(RunClub, RunClub.invoice_id == Invoice.id)
        .where(
            Invoice.run_id == run.id, Invoice.generation == run.generation, Invoice.issued_at.is_(None),
            RunClub.run_id == run.id, RunClub.generation == run.generation,
        )
        .order_by(Organisation.name, Organisation.id)
    )  # fmt: skip
    return list(db.session.execute(query).all())


def _issued(row: Any, run: InvoiceRun, settings: InvoiceSettings, federation: Organisation, fiscal_year: int, sequence: int, actor: Actor) -> dict[str, Any]:
    club: Organisation = row.Organisation
    return {
        "id": row.id,
        "version": row.version,
        "title": run_title(run, club.language),
        "issued_on": run.invoice_on,
        "due_on": run.due_on,
        "debtor": debtor_of(club, row.club_number),
        **issuing(settings, federation, club.language, INVOICE, fiscal_year, sequence, actor),
    }


def issuing(settings: InvoiceSettings, federation: Organisation, language: str, series: str, fiscal_year: int, sequence: int, actor: Actor) -> dict[str, Any]:
    """What every invoice or credit note gets the moment it is issued."""
    return {
        "fiscal_year": fiscal_year,
        "sequence": sequence,
        "number": show_number(settings.prefix, series, fiscal_year, sequence),
        "communication": communication_of(fiscal_year, sequence) if series == INVOICE else None,
        "language": language,
        "issued_at": clock.now(),
        "issued_by": actor.name[:160],
        "issued_by_id": actor.user_id,
        "issuer": issuer_of(federation),
        "vat_note": settings.vat_note_in(language),
    }


def run_title(run: InvoiceRun, language: str) -> str:
    """What the invoices of a run are for, in the language of the club."""
    with force_locale(language):
        return _("Members on %(day)s", day=format_date(run.reference_on))
