"""An invoice for one club with free lines: merchandise, and whatever else."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs, row_id
from plugins.invoices.forms import ROWS, OrderForm, first_error
from plugins.invoices.models import Invoice
from plugins.invoices.services.invoices import (
    OrderLine,
    find_clubs,
    get_invoice,
    issue_order,
    lines_of,
    remove_draft,
    require_unissued,
    save_order,
)


class OrderView(CoreView):
    route_base = "/o/<org>/invoicing/orders"
    default_view = "add"

    @expose("/add", methods=["GET", "POST"])
    @needs("invoices.write")
    def add(self) -> Any:
        return self._form(None)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs("invoices.write")
    def edit(self, pk: int) -> Any:
        return self._form(require_unissued(get_invoice(pk)))

    @expose("/clubs")
    @needs("invoices.write")
    def clubs(self) -> Any:
        """Clubs to choose from, for a field one can type in."""
        return {"results": [{"value": str(club.id), "text": club.name} for club in find_clubs(request.args.get("q", "")[:100])]}

    def _form(self, invoice: Invoice | None) -> Any:
        form = OrderForm(obj=None, data=_values(invoice))
        if request.method == "GET":
            form.add_rows(ROWS if invoice is None else 1)
        elif "more" in request.form:
            form.add_rows(ROWS)
            return self._page(form, invoice)
        elif form.validate():
            try:
                with transaction():
                    pk = self._save(invoice, form)
                done(_("The draft was saved. It is not sent yet."))
                return redirect(url_for("InvoiceView.show", pk=pk))
            except UserMistake as mistake:
                form.blame(UserMistake(mistake.message) if mistake.field == "lines" else mistake)
        return self._page(form, invoice), 422 if request.method == "POST" else 200

    def _save(self, invoice: Invoice | None, form: OrderForm) -> int:
        lines = [OrderLine(entry["text"] or "", entry["quantity"], entry["unit_cents"]) for entry in form.lines.data]
        club, version = form.debtor_id.data or "", form.version.data or ""
        saved = save_order(
            invoice,
            debtor_id=int(club) if club.isdecimal() and len(club) < 11 else None,
            title=form.title.data or "",
            note=form.note.data or "",
            due_on=form.due_on.data,
            lines=lines,
            version=int(version) if version.isdecimal() else None,
            actor=current_actor(),
        )
        return saved.id

    def _page(self, form: OrderForm, invoice: Invoice | None) -> str:
        clubs = list(find_clubs(limit=200))
        if invoice is not None and invoice.debtor_id not in {club.id for club in clubs}:
            clubs.append(invoice.club)
        return self.render("invoices/order_form.html", form=form, invoice=invoice, clubs=clubs, mistake=first_error(form.lines) if form.lines.errors else "")

    @expose("/<int:pk>/issue", methods=["POST"])
    @needs("invoices.write")
    def issue(self, pk: int) -> Any:
        """Give it a number and send it."""
        invoice = get_invoice(pk)
        if invoice.is_draft:
            try:
                with transaction():
                    number = issue_order(invoice, version=request.form.get("version", type=row_id), actor=current_actor()).number
                done(_("Invoice %(number)s was made; the mail follows in a moment.", number=number))
            except UserMistake as mistake:
                warn(mistake.message)
        return redirect(url_for("InvoiceView.show", pk=pk))

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs("invoices.write")
    def delete(self, pk: int) -> Any:
        with transaction():
            remove_draft(get_invoice(pk), actor=current_actor())
        done(_("The draft was removed."))
        return redirect(url_for("InvoiceList.list"))


def _values(invoice: Invoice | None) -> dict[str, Any]:
    if invoice is None:
        return {}
    lines = [{"text": line.text, "quantity": line.quantity, "unit_cents": line.unit_cents} for line in lines_of(invoice)]
    return {
        "debtor_id": str(invoice.debtor_id),
        "title": invoice.title,
        "due_on": invoice.due_on,
        "note": invoice.note,
        "lines": lines,
        "version": invoice.version,
    }
