"""Who holds which function, for the whole club and on the profile of a contact."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts.forms import FunctionForm, HolderForm
from core.contacts.parsing import parse_date
from core.contacts.services import (
    end_function,
    find_choices,
    functions_here,
    get_contact,
    get_function,
    give_function,
    holders,
    missing_functions,
    today,
    undo_ending,
    undo_giving,
)
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class ContactFunctions(CoreView):
    """The board and the trainers of a club."""

    route_base = "/o/<org>/club/contacts"
    default_view = "list"

    @expose("/")
    @needs("contacts.read")
    def list(self) -> Any:
        return self.render("contacts/functions.html", holders=holders(), missing=missing_functions(), functions=functions_here(), today=today())

    @expose("/add", methods=["GET", "POST"])
    @needs("contacts.write")
    def add(self) -> Any:
        """Choose a contact and a function."""
        form = HolderForm(request.args) if request.method == "GET" else HolderForm()
        if form.validate_on_submit() and self._give(form, int(form.contact.data) if (form.contact.data or "").isdecimal() else None):
            return redirect(url_for(".list"))
        return self.render("contacts/add_function.html", form=form, some=some_contacts(form)), 422 if request.method == "POST" else 200

    @expose("/of/<int:pk>", methods=["GET", "POST"])
    @needs("contacts.write")
    def give(self, pk: int) -> Any:
        """The same for one contact, from its profile."""
        contact = get_contact(pk)
        form = FunctionForm()
        if form.validate_on_submit() and self._give(form, pk):
            return redirect(url_for("ContactProfile.show", pk=pk))
        return self.render("contacts/give_function.html", form=form, contact=contact), 422 if request.method == "POST" else 200

    def _give(self, form: Any, contact_id: int | None) -> bool:
        """Give the function; False when the form has to be shown again."""
        try:
            if contact_id is None:
                raise UserMistake(_("Choose a contact from the list."), field="contact")
            first = form.day()
            with transaction():
                contact = get_contact(contact_id)
                row = give_function(contact, form.function.data, from_on=first, actor=current_actor())
                name, pk = contact.full_name, row.id
        except NotFound:
            form.blame(UserMistake(_("Choose a contact from the list."), field="contact"))
            return False
        except UserMistake as mistake:
            form.blame(mistake)
            return False
        done(_("%(name)s now holds this function.", name=name), undo_url=url_for(".undo_giving", pk=pk))
        return True

    @expose("/<int:pk>/end", methods=["POST"])
    @needs("contacts.write")
    def end(self, pk: int) -> Any:
        """Today is the last day."""
        with transaction():
            row = get_function(pk)
            before, contact_id = row.until_on, row.contact_id
            end_function(row, actor=current_actor())
        undo = url_for(".undo_ending", pk=pk, until=before.isoformat() if before else None, **{"from": request.form.get("from")})  # type: ignore[arg-type]
        done(_("This function ends today."), undo_url=undo)
        return redirect(back_to(contact_id))

    @expose("/<int:pk>/undo-end", methods=["POST"])
    @needs("contacts.write")
    def undo_ending(self, pk: int) -> Any:
        with transaction():
            row = undo_ending(get_function(pk), parse_date(request.args.get("until")), actor=current_actor())
            contact_id = row.contact_id
        done(_("The function goes on."))
        return redirect(back_to(contact_id))

    @expose("/<int:pk>/undo-give", methods=["POST"])
    @needs("contacts.write")
    def undo_giving(self, pk: int) -> Any:
        with transaction():
            contact_id = undo_giving(get_function(pk), actor=current_actor()).id
        done(_("The function was taken back."))
        return redirect(back_to(contact_id))


def back_to(contact_id: int) -> str:
    """The list of functions when the button stood there, else the profile."""
    return url_for(".list") if request.values.get("from") == "list" else url_for("ContactProfile.show", pk=contact_id)


def some_contacts(form: HolderForm) -> list[Any]:
    """Contacts to choose from without a script; the one that was chosen is among them."""
    found = [*find_choices("", limit=200)]
    number = form.contact.data or ""
    if number.isdecimal() and int(number) not in {contact.id for contact in found}:
        with suppress(NotFound):
            found.append(get_contact(int(number)))
    return found
