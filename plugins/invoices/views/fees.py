"""What a federation asks per membership type."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core import clock
from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id
from plugins.invoices.forms import FeeForm
from plugins.invoices.models import Fee
from plugins.invoices.services.fees import fees_of, get_fee, remove_fee, save_fee
from plugins.memberships.api import type_titles


class FeeView(CoreView):
    route_base = "/o/<org>/invoicing/fees"
    default_view = "list"

    @expose("/")
    @needs("fees.read")
    def list(self) -> Any:
        """Fees by type, with the one that counts today on top."""
        titles = type_titles()
        by_type: dict[int, list[Fee]] = {}
        for fee in fees_of():
            by_type.setdefault(fee.type_id, []).append(fee)
        groups = [(type_id, title, by_type.get(type_id, [])) for type_id, title in titles.items()]
        return self.render("invoices/fees.html", groups=groups, today=clock.today())

    @expose("/add", methods=["GET", "POST"])
    @needs("fees.write")
    def add(self) -> Any:
        return self._form(None)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs("fees.write")
    def edit(self, pk: int) -> Any:
        return self._form(get_fee(pk))

    def _form(self, fee: Fee | None) -> Any:
        form = FeeForm(obj=fee, data=None if fee else {"type_id": request.args.get("type", type=row_id), "ends_former": True})
        form.type_id.choices = list(type_titles().items())
        if form.validate_on_submit():
            try:
                with transaction():
                    self._save(fee, form)
                done(_("The fee was saved."))
                return redirect(url_for(".list"))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("invoices/fee_form.html", form=form, fee=fee), 422 if form.errors or form.form_errors else 200

    def _save(self, fee: Fee | None, form: FeeForm) -> None:
        names = ("type_id", "amount_cents", "from_on", "until_on", "ends_former")
        version = int(form.version.data) if (form.version.data or "").isdecimal() else None
        save_fee(fee, **{name: getattr(form, name).data for name in names}, version=version, actor=current_actor())

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs("fees.write")
    def delete(self, pk: int) -> Any:
        with transaction():
            remove_fee(get_fee(pk), actor=current_actor())
        done(_("The fee was removed. Invoices that were sent stay as they are."))
        return redirect(url_for(".list"))
