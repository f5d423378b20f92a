"""How a federation invoices."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import LANGUAGES, _
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs
from plugins.invoices.forms import SettingsForm
from plugins.invoices.services.settings import InvoiceSettings, save_settings, settings_of, show_iban


class InvoiceSettingsView(CoreView):
    route_base = "/o/<org>/invoicing/settings"
    default_view = "edit"

    @expose("/", methods=["GET", "POST"])
    @needs("invoices.settings")
    def edit(self) -> Any:
        federation = current_organisation()
        now = settings_of(federation)
        values = {"iban": show_iban(federation.iban), "bic": federation.bic, **{f"vat_{code}": now.vat_note.get(code, "") for code in LANGUAGES}}
        form = SettingsForm(obj=now, data=values)
        if form.validate_on_submit():
            try:
                with transaction():
                    save_settings(current_organisation(), _read(form), iban=form.iban.data or "", bic=form.bic.data or "", actor=current_actor())
                done(_("The settings were saved."))
                return redirect(url_for(".edit"))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("invoices/settings.html", form=form), 422 if form.errors or form.form_errors else 200


def _read(form: SettingsForm) -> InvoiceSettings:
    return InvoiceSettings(
        reference_day=form.reference_day.data or 0,
        reference_month=form.reference_month.data or 0,
        payment_days=form.payment_days.data or 0,
        fiscal_month=form.fiscal_month.data or 0,
        prefix=(form.prefix.data or "").strip(),
        vat_note={code: form[f"vat_{code}"].data or "" for code in LANGUAGES},
    )
