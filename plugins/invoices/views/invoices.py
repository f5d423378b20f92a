"""Invoices as a club sees them, and one invoice for club and federation."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from markupsafe import Markup

from core import clock
from core.access import current_actor
from core.audit.history import history_of
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.files.models import StoredFile
from core.files.views import answer_with
from core.i18n import _, format_money
from core.tenancy import current_scope, unscoped
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import expose, needs
from plugins.invoices.communication import show_communication
from plugins.invoices.forms import CreditForm, PaymentForm
from plugins.invoices.lists.statuses import badge_of
from plugins.invoices.models import Invoice
from plugins.invoices.papers import qr_of
from plugins.invoices.services.invoices import credit_invoice, credit_notes_of, get_invoice, invoices_of_club, lines_of, members_of
from plugins.invoices.services.payments import get_payment, payments_of, record_payment, undo_payment
from plugins.invoices.services.reminders import remind
from plugins.invoices.services.settings import show_iban
from plugins.invoices.views.base import InvoicingView, shown_name
from plugins.memberships.api import type_titles


class InvoiceView(InvoicingView):
    route_base = "/o/<org>/invoices"
    default_view = "list"

    @expose("/")
    @needs("invoices.read")
    def list(self) -> Any:
        """What a club got from its federations: members and orders on one page."""
        if current_organisation().kind != "club":
            asked = request.query_string.decode()
            return redirect(url_for("InvoiceList.list") + (f"?{asked}" if asked else ""))
        today = clock.today(current_organisation().time_zone)
        rows = [(invoice, badge_of(invoice, today)) for invoice in invoices_of_club()]
        open_cents = sum(invoice.open_cents for invoice, _badge in rows if not invoice.is_credit)
        return self.render("invoices/club.html", groups=_by_source(rows), open_cents=open_cents, club=current_organisation())

    @expose("/<int:pk>")
    @needs("invoices.read")
    def show(self, pk: int) -> Any:
        """One invoice, how to pay it, and what happened to it."""
        return self._page(get_invoice(pk))

    def _page(self, invoice: Invoice, *, payment: PaymentForm | None = None, credit: CreditForm | None = None) -> str:
        is_ours = invoice.organisation_id == current_scope().organisation_id
        today = clock.today()
        can_be_paid = not invoice.is_draft and not invoice.is_credit and invoice.open_cents > 0
        return self.render(
            "invoices/show.html",
            invoice=invoice,
            badge=badge_of(invoice, today),
            lines=lines_of(invoice),
            members=[(member, shown_name(member)) for member in members_of(invoice)],
            types=type_titles(),
            payments=payments_of(invoice),
            credits=credit_notes_of(invoice) if not invoice.is_draft else [],
            is_ours=is_ours,
            can_be_paid=can_be_paid,
            is_overdue=invoice.status_on(today) == "overdue",
            qr=Markup(qr_of(invoice, cents=invoice.open_cents, scales=True)) if can_be_paid else "",  # noqa: S704 -- a drawing of ours
            iban=show_iban(invoice.issuer.get("iban")),
            communication=show_communication(invoice.communication) if invoice.communication else "",
            payment=payment or PaymentForm(data={"amount_cents": invoice.open_cents, "paid_on": today}, formdata=None),
            credit=credit or CreditForm(data={"amount_cents": invoice.open_cents}, formdata=None),
            history=history_of("invoice", invoice.id) if is_ours else [],
            opened="payment" if payment else "credit" if credit else "",
        )

    @expose("/<int:pk>/pdf")
    @needs("invoices.read")
    def pdf(self, pk: int) -> Any:
        """The invoice on paper."""
        invoice = get_invoice(pk)
        if invoice.pdf_file_id is None:
            warn(_("The PDF is being made. Try again in a minute."))
            return redirect(url_for(".show", pk=pk))
        with unscoped("the PDF of an invoice that may be seen here"):
            file = db.session.get(StoredFile, invoice.pdf_file_id)
        if file is None or file.organisation_id != invoice.organisation_id or (file.subject_type, file.subject_id) != ("invoice", invoice.id):
            raise NotFound(f"PDF of invoice {pk}")
        return answer_with(file)

    # --- what the federation does with it ------------------------------------------------------

    @expose("/<int:pk>/pay", methods=["POST"])
    @needs("invoices.pay")
    def pay(self, pk: int) -> Any:
        """Note a payment."""
        form = PaymentForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    values = {name: getattr(form, name).data for name in ("amount_cents", "paid_on")}
                    payment = record_payment(get_invoice(pk), **values, note=form.note.data or "", actor=current_actor())
                    payment_id, cents = payment.id, payment.amount_cents
                done(_("A payment of %(amount)s was noted.", amount=format_money(cents)), undo_url=url_for(".undo_pay", pk=payment_id))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self._page(get_invoice(pk), payment=form), 422

    @expose("/payments/<int:pk>/undo", methods=["POST"])
    @needs("invoices.pay")
    def undo_pay(self, pk: int) -> Any:
        """Take a payment back."""
        with transaction():
            invoice_id = undo_payment(get_payment(pk), actor=current_actor()).invoice_id
        done(_("The payment was taken back."))
        return redirect(url_for(".show", pk=invoice_id))

    @expose("/<int:pk>/credit", methods=["POST"])
    @needs("invoices.write")
    def credit(self, pk: int) -> Any:
        """Make a credit note."""
        form = CreditForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    note = credit_invoice(get_invoice(pk), amount_cents=form.amount_cents.data, reason=form.reason.data or "", actor=current_actor())
                    note_id, number = note.id, note.number
                done(_("Credit note %(number)s was made; the mail follows in a moment.", number=number))
                return redirect(url_for(".show", pk=note_id))
            except UserMistake as mistake:
                form.blame(mistake)
        return self._page(get_invoice(pk), credit=form), 422

    @expose("/<int:pk>/remind", methods=["POST"])
    @needs("invoices.remind")
    def remind(self, pk: int) -> Any:
        """Ask for payment by mail."""
        try:
            with transaction():
                remind(get_invoice(pk), actor=current_actor())
            done(_("The reminder goes out in a moment."))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for(".show", pk=pk))


def _by_source(rows: Any) -> list[tuple[str, list[Any]]]:
    """Member invoicing and orders, per federation: [(heading, rows)]."""
    groups: dict[str, list[Any]] = {}
    for invoice, badge in rows:
        name = invoice.federation.name
        title = (
            _("Member invoicing %(federation)s", federation=name) if invoice.source == "members" else _("Merchandise orders %(federation)s", federation=name)
        )
        groups.setdefault(title, []).append((invoice, badge))
    return sorted(groups.items(), key=lambda item: item[1][0][0].source)
