"""Putting a contact in the bin, and taking it out. The list of the bin is a list page."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.contacts.services import get_contact, put_in_bin, restore
from core.db import transaction
from core.i18n import _
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class ContactBin(CoreView):
    """Away, but not lost."""

    route_base = "/o/<org>/crm/contacts"
    default_view = "put"

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs("contacts.delete")
    def put(self, pk: int) -> Any:
        contact = get_contact(pk)
        with transaction():
            put_in_bin(contact, actor=current_actor())
            name = contact.full_name
        done(_("%(name)s was put in the bin.", name=name), undo_url=url_for(".restore", pk=pk))
        return redirect(url_for("ContactList.list"))

    @expose("/<int:pk>/restore", methods=["POST"])
    @needs("contacts.delete")
    def restore(self, pk: int) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        with transaction():
            restore(contact, actor=current_actor())
            name = contact.full_name
        done(_("%(name)s is back.", name=name))
        return redirect(url_for("ContactProfile.show", pk=pk))
