"""Invoice runs: starting one, finding it, calculating it again, removing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, func, select

from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _, format_date
from core.jobs.api import Job, enqueue
from core.organisations.models import Organisation
from core.tenancy import current_scope
from core.web.context import current_organisation
from plugins.invoices.models import Invoice, InvoiceRun
from plugins.invoices.services.settings import settings_of

WRITE = "invoice_runs.write"
DRAFT_JOB = "invoice_draft"


def runs_here() -> Sequence[InvoiceRun]:
    """All runs of the federation at hand, the newest first."""
    return db.session.scalars(select(InvoiceRun).order_by(InvoiceRun.reference_on.desc())).all()


def get_run(pk: int, *, locked: bool = False) -> InvoiceRun:
    """A run of this federation; NotFound for all others. `locked`: as it is now, and nobody else changes it."""
    query = select(InvoiceRun).where(InvoiceRun.id == pk)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"invoice run {pk}")
    return found


def run_before(day: date) -> InvoiceRun | None:
    """The last run that was sent before a reference date."""
    return db.session.scalars(
        select(InvoiceRun).where(InvoiceRun.state == "sent", InvoiceRun.reference_on < day).order_by(InvoiceRun.reference_on.desc()).limit(1)
    ).one_or_none()


def sent_in_same_year(run: InvoiceRun) -> InvoiceRun | None:
    """Another run of the same fiscal year that was sent: its members would be invoiced twice."""
    settings = settings_of(current_organisation())
    others = db.session.scalars(select(InvoiceRun).where(InvoiceRun.state == "sent", InvoiceRun.id != run.id))
    return next((other for other in others if settings.fiscal_year_of(other.reference_on) == settings.fiscal_year_of(run.reference_on)), None)


def start_run(*, reference_on: date | None, invoice_on: date | None, due_on: date | None, actor: Actor, with_job: bool = True) -> InvoiceRun:
    """Start a run on a reference date; the draft is made by a job. Inside transaction().

    with_job: False for a caller that calculates it itself.
    """
    require(actor, WRITE)
    lock_federation()
    if reference_on is None:
        raise UserMistake(_("Fill in the reference date."), field="reference_on")
    settings = settings_of(current_organisation())
    invoice_on = invoice_on or reference_on
    due_on = due_on or invoice_on + timedelta(days=settings.payment_days)
    _check_dates(reference_on, invoice_on, due_on)
    other = db.session.scalars(select(InvoiceRun).where(InvoiceRun.reference_on == reference_on)).one_or_none()
    if other is not None:
        raise UserMistake(_("There is a run for %(day)s already. Open it in the list of runs.", day=format_date(reference_on)), field="reference_on")
    run = InvoiceRun(reference_on=reference_on, invoice_on=invoice_on, due_on=due_on)
    db.session.add(run)
    db.session.flush()
    record("invoice_run.created", run, actor=actor, changes={"reference_on": (None, reference_on), "invoice_on": (None, invoice_on), "due_on": (None, due_on)})
    if with_job:
        _enqueue(run, actor)
    return run


def change_run(run: InvoiceRun, *, invoice_on: date | None, due_on: date | None, actor: Actor) -> InvoiceRun:
    """Change the dates that are printed; the members stay those of the reference date."""
    require(actor, WRITE)
    now = require_draft(get_run(run.id, locked=True))
    if invoice_on is None or due_on is None:
        raise UserMistake(_("Fill in both dates."), field="invoice_on" if invoice_on is None else "due_on")
    _check_dates(now.reference_on, invoice_on, due_on)
    changes = {name: (getattr(now, name), value) for name, value in (("invoice_on", invoice_on), ("due_on", due_on)) if getattr(now, name) != value}
    now.invoice_on, now.due_on = invoice_on, due_on
    db.session.flush()
    if changes:
        record("invoice_run.changed", now, actor=actor, changes=changes)
    return now


def _check_dates(reference_on: date, invoice_on: date, due_on: date) -> None:
    if not 2000 <= reference_on.year <= 2100:
        raise UserMistake(_("Check the year of this date."), field="reference_on")
    if abs((invoice_on - reference_on).days) > 366:
        raise UserMistake(_("The invoice date lies more than a year from the reference date. Check the year."), field="invoice_on")
    if due_on < invoice_on:
        raise UserMistake(_("The last day to pay lies before the invoice date."), field="due_on")


def redo_draft(run: InvoiceRun, *, actor: Actor) -> Job:
    """Calculate the draft again, with the memberships as they are now."""
    require(actor, WRITE)
    now = require_draft(get_run(run.id, locked=True))
    busy = busy_job(now)
    if busy is not None:
        return busy
    record("invoice_run.redrafted", now, actor=actor)
    return _enqueue(now, actor)


def busy_job(run: InvoiceRun) -> Job | None:
    """The job that works on this run at the moment."""
    job = job_of(run)
    return job if job is not None and not job.has_ended else None


def job_of(run: InvoiceRun) -> Job | None:
    """The last job of this run, whatever came of it."""
    return db.session.scalars(select(Job).where(Job.id == run.job_id)).one_or_none() if run.job_id else None


def _enqueue(run: InvoiceRun, actor: Actor) -> Job:
    job = enqueue(DRAFT_JOB, {"run": run.id}, actor=actor, title=_("Calculate the invoices of %(day)s", day=format_date(run.reference_on)))
    run.job_id = job.id
    db.session.flush()
    return job


def require_draft(run: InvoiceRun) -> InvoiceRun:
    """Refuse what cannot be done to a run that was sent."""
    if run.is_sent:
        raise UserMistake(
            _(
                "These invoices were sent on %(day)s by %(name)s. Correct a single one with a credit note.",
                day=format_date(run.approved_at.date()) if run.approved_at else "",
                name=run.approved_by or _("A former administrator"),
            )
        )
    return run


def remove_run(run: InvoiceRun, *, actor: Actor) -> None:
    """Throw a draft away. A run that was sent stays."""
    require(actor, WRITE)
    now = require_draft(get_run(run.id, locked=True))
    if busy_job(now) is not None:
        raise UserMistake(_("This run is being calculated. Wait until that is done, then remove it."))
    record("invoice_run.deleted", now, actor=actor, changes={"reference_on": (now.reference_on, None), "total_cents": (now.total_cents, None)})
    db.session.execute(delete(Invoice).where(Invoice.run_id == now.id, Invoice.issued_at.is_(None)).execution_options(synchronize_session=False))
    db.session.delete(now)
    db.session.flush()


def lock_federation() -> None:
    """One at a time: what is checked now is still true when it is stored."""
    db.session.execute(select(Organisation.id).where(Organisation.id == current_scope().organisation_id).with_for_update(key_share=True))


def last_reference() -> date | None:
    return db.session.scalar(select(func.max(InvoiceRun.reference_on)))
