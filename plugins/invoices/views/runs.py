"""The invoice run, in three steps: reference date, check, send."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from core import clock
from core.access import current_actor
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.i18n import _, format_date
from core.jobs.api import enqueue
from core.jobs.presentation import present as present_job
from core.jobs.services import count_items, failed_items
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.forms import Form
from core.web.views import expose, needs, row_id
from plugins.invoices import presentation
from plugins.invoices.forms import DatesForm, ReferenceForm
from plugins.invoices.jobs import EXPORT_JOB
from plugins.invoices.models import Invoice, InvoiceRun, RunClub
from plugins.invoices.services import runs
from plugins.invoices.services.approving import approve_run, hindrances
from plugins.invoices.services.settings import settings_of
from plugins.invoices.views.base import InvoicingView
from plugins.memberships.api import type_titles


class RunView(InvoicingView):
    route_base = "/o/<org>/invoicing/runs"
    default_view = "list"

    @expose("/")
    @needs("invoices.manage")
    def list(self) -> Any:
        """All runs, the newest first."""
        return self.render("invoices/runs.html", runs=runs.runs_here())

    @expose("/new", methods=["GET", "POST"])
    @needs("invoice_runs.write")
    def new(self) -> Any:
        """Step 1: on which day do we look who is a member?"""
        settings, today = settings_of(current_organisation()), clock.today()
        usual = settings.next_reference(today, runs.last_reference())
        form = ReferenceForm(data={"reference_on": usual})
        if form.validate_on_submit():
            try:
                with transaction():
                    values = {name: getattr(form, name).data for name in ("reference_on", "invoice_on", "due_on")}
                    pk = runs.start_run(**values, actor=current_actor()).id
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("invoices/run_new.html", form=form, days=settings.payment_days), 422 if form.errors else 200

    @expose("/<int:pk>")
    @needs("invoices.manage")
    def show(self, pk: int) -> Any:
        """Step 2: check the draft. While it is calculated: how far that is."""
        run = runs.get_run(pk)
        if run.is_sent:
            return redirect(url_for(".sent", pk=pk)) if "draft" not in request.args else self._check(run)
        job = runs.job_of(run)
        if job is not None and (not job.has_ended or (job.state != "done" and run.state == "empty")):
            return self.render("invoices/run_busy.html", run=run, job=present_job(job, actor=current_actor()), failed=[], late=False)
        return self._check(run)

    def _check(self, run: InvoiceRun) -> str:
        job = runs.job_of(run)
        trouble = present_job(job, actor=current_actor()).sentence if job is not None and job.state in ("failed", "refused") and not run.is_sent else ""
        return self.render(
            "invoices/run_check.html",
            shown=presentation.present(run),
            run=run,
            trouble=trouble,
            hindrances=hindrances(run) if not run.is_sent else [],
            twin=runs.sent_in_same_year(run),
        )

    @expose("/<int:pk>/send", methods=["GET", "POST"])
    @needs("invoices.manage")
    def send(self, pk: int) -> Any:
        """Step 3: what will happen, and the button that does it."""
        run = runs.get_run(pk)
        if run.is_sent:
            return redirect(url_for(".sent", pk=pk))
        form = DatesForm(data={"invoice_on": run.invoice_on, "due_on": run.due_on})
        if form.validate_on_submit():
            try:
                with transaction():
                    runs.change_run(run, invoice_on=form.invoice_on.data, due_on=form.due_on.data, actor=current_actor())
                done(_("The dates were saved."))
                return redirect(url_for(".send", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
                run = runs.get_run(pk)
        context = {"run": run, "form": form, "hindrances": hindrances(run), "twin": runs.sent_in_same_year(run), "without_email": clubs_without_email(run)}
        return self.render("invoices/run_send.html", **context), 422 if form.errors else 200

    @expose("/<int:pk>/approve", methods=["POST"])
    @needs("invoice_runs.approve")
    def approve(self, pk: int) -> Any:
        """Give the numbers and send. A second click finds it done."""
        run = runs.get_run(pk)
        if run.is_sent:
            return redirect(url_for(".sent", pk=pk))
        try:
            with transaction():
                approve_run(run, actor=current_actor(), generation=request.form.get("generation", type=row_id))
        except UserMistake as mistake:
            if not runs.get_run(pk).is_sent:
                warn(mistake.message)
                return redirect(url_for(".show", pk=pk))
        return redirect(url_for(".sent", pk=pk))

    @expose("/<int:pk>/sent")
    @needs("invoices.manage")
    def sent(self, pk: int) -> Any:
        """After approval: the PDFs and mails as they are made."""
        run = runs.get_run(pk)
        if not run.is_sent:
            return redirect(url_for(".show", pk=pk))
        job = runs.job_of(run)
        shown = present_job(job, actor=current_actor(), failed=count_items(job).get(False, 0)) if job else None
        failed = failed_items(job) if job and job.has_ended else []
        return self.render("invoices/run_sent.html", run=run, job=shown, failed=failed, late=False)

    @expose("/<int:pk>/redo", methods=["POST"])
    @needs("invoice_runs.write")
    def redo(self, pk: int) -> Any:
        """Calculate the draft again."""
        return self._or_warn(pk, lambda run: runs.redo_draft(run, actor=current_actor()))

    def _or_warn(self, pk: int, deed: Any) -> Any:
        try:
            with transaction():
                deed(runs.get_run(pk))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/export", methods=["POST"])
    @needs("invoices.manage")
    def export(self, pk: int) -> Any:
        """An Excel file of everybody the run counts."""
        with transaction():
            run = runs.get_run(pk)
            title = _("Export: invoice run of %(day)s", day=format_date(run.reference_on))
            job_id = enqueue(EXPORT_JOB, {"run": run.id}, actor=current_actor(), title=title).id
        return redirect(url_for("JobView.show", pk=job_id))

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs("invoice_runs.write")
    def delete(self, pk: int) -> Any:
        """Throw a draft away."""
        try:
            with transaction():
                runs.remove_run(runs.get_run(pk), actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".show", pk=pk))
        done(_("The draft was removed. Nothing was sent."))
        return redirect(url_for(".list"))

    @expose("/<int:pk>/not-counted")
    @needs("invoices.manage")
    def not_counted(self, pk: int) -> Any:
        """Who does not count, and why."""
        run = runs.get_run(pk)
        groups = [(title, number, presentation.left_out(run, key)) for key, title, number in presentation.reasons_of(run)]
        return self.render("invoices/run_not_counted.html", run=run, groups=groups, most=presentation.MOST_NAMES)

    @expose("/clubs/<int:pk>")
    @needs("invoices.manage")
    def club(self, pk: int) -> Any:
        """One club of a run: who is counted, by which rule, who is new and who stopped."""
        query = select(RunClub).join(RunClub.club).options(contains_eager(RunClub.club)).where(RunClub.id == pk)
        row = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
        if row is None:
            raise NotFound(f"club {pk} of a run")
        run = runs.get_run(row.run_id)
        if run.generation != row.generation:
            abort(404)
        page = {"shown": presentation.present_club(run, row), "types": type_titles(), "invoice": _sent_invoice(row), "form": Form()}
        return self.render("invoices/run_club.html", run=run, **page)


def _sent_invoice(row: RunClub) -> Invoice | None:
    return db.session.scalars(select(Invoice).where(Invoice.id == row.invoice_id, Invoice.issued_at.is_not(None))).one_or_none() if row.invoice_id else None


def clubs_without_email(run: InvoiceRun) -> list[str]:
    """Clubs of a draft that have no address for their invoice."""
    query = select(RunClub).join(RunClub.club).options(contains_eager(RunClub.club))
    rows = db.session.scalars(query.where(RunClub.run_id == run.id, RunClub.generation == run.generation, RunClub.invoice_id.is_not(None)))
    return sorted(row.club.name for row in rows if not (row.club.invoice_email or row.club.email))
