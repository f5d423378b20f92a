"""Settings > Admins: parts of running the organisation, for people who are no administrator."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.users.forms import PartForm, RemoveForm
from core.users.services.parts import give_part, holders_of, parts_here, take_part
from core.users.services.roles import receipt_of
from core.users.views.admins import ask_password, chosen_contact, some_contacts, undo_url
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class PartsPage(CoreView):
    route_base = "/o/<org>/settings/admins/parts"
    default_view = "add"
    part_of = "AdminsPage"

    @expose("/add", methods=["GET", "POST"])
    @needs("users.manage")
    def add(self) -> Any:
        """Choose a contact with a login, and what it may do."""
        form = PartForm(request.args) if request.method == "GET" else PartForm()
        organisation = current_organisation()
        form.role.choices = [(role.name, f"{role.title}: {role.about}") for role in parts_here(organisation)]
        if not form.validate_on_submit():
            return self._page(form, 422 if form.is_submitted() else 200)
        try:
            ask_password(form.password.data)
            with transaction():
                contact = chosen_contact(form.contact.data)
                give_part(contact, form.role.data or "", organisation, actor=current_actor())
                name = contact.full_name
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, 422)
        done(_("%(name)s can do this from now on.", name=name))
        return redirect(url_for("AdminsPage.list"))

    def _page(self, form: PartForm, status: int) -> Any:
        return self.render("users/add_part.html", form=form, some=some_contacts(form)), status

    @expose("/<int:pk>/remove", methods=["GET", "POST"])
    @needs("users.manage")
    def remove(self, pk: int) -> Any:
        """Asks for the password, as all changes of power do."""
        part, form = next((one for one in holders_of(current_organisation()) if one.id == pk), None), RemoveForm()
        if part is None:
            raise NotFound(f"part {pk}")
        try:
            if form.validate_on_submit():
                ask_password(form.password.data)
                with transaction():
                    receipt = receipt_of(part.user_id, part.role, current_organisation(), actor=current_actor())
                    name = take_part(pk, current_organisation(), actor=current_actor())
                done(_("%(name)s cannot do this any more.", name=name), undo_url=undo_url(receipt))
                return redirect(url_for("AdminsPage.list"))
        except UserMistake as mistake:
            form.blame(mistake)
        return self.render("users/remove_part.html", form=form, part=part), 422 if form.is_submitted() else 200
