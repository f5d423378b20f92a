"""Adding several contacts at once, by typing them in a grid."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts.forms import ROWS, SeveralForm
from core.contacts.services import add_contacts, find_similar_to_each
from core.db import transaction
from core.i18n import _, _n
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class SeveralContacts(CoreView):
    """Up to ten people on one page; for more there is the import."""

    route_base = "/o/<org>/crm/contacts"
    default_view = "add"

    @expose("/add-several", methods=["GET", "POST"])
    @needs("contacts.write")
    def add(self) -> Any:
        form = SeveralForm()
        if not form.validate_on_submit() or form.check():
            return self._page(form)
        rows = form.filled()
        if not rows:
            form.form_errors.append(_("Fill in at least one row."))
            return self._page(form)
        known = {number: found for (number, _values), found in zip(rows, find_similar_to_each([values for _number, values in rows]), strict=True) if found}
        if any(number not in form.confirmed() for number in known):
            return self._page(form, known)
        with transaction():
            made = len(add_contacts([values for _number, values in rows], actor=current_actor()))
        done(_n("%(num)s contact was added.", "%(num)s contacts were added.", made))
        return redirect(url_for("ContactList.list"))

    def _page(self, form: Any, known: dict[int, Any] | None = None) -> Any:
        status = 422 if request.method == "POST" else 200
        return self.render("contacts/several.html", form=form, known=known or {}, rows=range(ROWS)), status
