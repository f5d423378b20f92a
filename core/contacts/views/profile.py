"""Seeing, adding and changing one contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts import conflict, profile
from core.contacts.forms import contact_form
from core.contacts.history import history_of_contact
from core.contacts.models import Contact
from core.contacts.services import find_choices, find_similar, get_contact, problems_of, restore, save_contact
from core.db import transaction
from core.errors import StaleVersion
from core.fields.services import definition, reveal
from core.i18n import _
from core.privacy.seen import note_view
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id


class ContactProfile(CoreView):
    """A person known to this organisation."""

    route_base = "/o/<org>/crm/contacts"
    default_view = "add"

    @expose("/<int:pk>")
    @needs("contacts.read")
    def show(self, pk: int) -> Any:
        answer = self._show(pk)
        note_view(pk, actor=current_actor())
        return answer

    def _show(self, pk: int, revealed: Mapping[str, str] | None = None) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        return self.render(
            "contacts/profile.html",
            **profile.frame(contact, "show"),
            problems=problems_of([pk]).get(pk, []),
            facts=profile.facts(contact),
            extra=profile.extra_facts(contact),
            sections=profile.sections(contact),
            revealed=revealed or {},
        )

    @expose("/<int:pk>/reveal/<key>", methods=["POST"])
    @needs("fields.reveal")
    def reveal(self, pk: int, key: str) -> Any:
        """Show one protected value, this once. That it was seen is in the history."""
        with transaction():
            text = reveal(definition("contact", key), get_contact(pk, even_in_bin=True), actor=current_actor())
        label = definition("contact", key).title
        return self._show(pk, {label: text})

    @expose("/<int:pk>/history")
    @needs("contacts.read")
    def history(self, pk: int) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        lines, older = history_of_contact(contact, before=request.args.get("before", type=row_id))
        return self.render(
            "contacts/history.html",
            **profile.frame(contact, "history"),
            lines=lines,
            older_url=url_for(".history", pk=pk, before=older) if older else None,
            sections=profile.sections(contact, badges_only=True),
        )

    @expose("/add", methods=["GET", "POST"])
    @needs("contacts.write")
    def add(self) -> Any:
        form = contact_form()
        similar = []
        if form.validate_on_submit():
            values = form.values()
            mistakes = form.check(None)
            similar = [] if mistakes or "anyway" in request.form else find_similar(values)
            if not mistakes and not similar:
                with transaction():
                    contact = save_contact(None, values, actor=current_actor())
                    pk, name = contact.id, contact.full_name
                done(_("%(name)s was added.", name=name), undo_url=url_for("ContactBin.put", pk=pk))
                return redirect(url_for(".show", pk=pk))
        return self._form_page(form, None, similar=similar)

    @expose("/similar", methods=["POST"])
    @needs("contacts.write")
    def similar(self) -> Any:
        """A part of the add page, asked for while somebody types."""
        return self.render("contacts/_similar.html", similar=find_similar(request.form))

    @expose("/choices")
    @needs("contacts.read")
    def choices(self) -> Any:
        """Contacts to choose from, for a field one can type in."""
        return {"results": [{"value": str(c.id), "text": c.list_name} for c in find_choices(request.args.get("q", ""))]}

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs("contacts.write")
    def edit(self, pk: int) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        form = contact_form(contact)
        if not form.validate_on_submit():
            return self._form_page(form, contact)
        brings_back = contact.deleted_at is not None
        if form.check(contact) or (brings_back and "bring_back" not in request.form):
            return self._form_page(form, contact)
        try:
            with transaction():
                if brings_back:
                    restore(contact, actor=current_actor())
                save_contact(contact, form.values(), actor=current_actor(), version=None if brings_back else form.started_from)
        except StaleVersion:
            return self._conflict_page(pk, conflict.from_form(get_contact(pk, even_in_bin=True), form))
        done(_("The changes were saved."))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/merge", methods=["POST"])
    @needs("contacts.write")
    def merge(self, pk: int) -> Any:
        """Both versions were shown; store what was picked of each field."""
        contact = get_contact(pk)
        shown = conflict.from_request(contact, request.form)
        if shown.unpicked:
            return self._conflict_page(pk, shown)
        try:
            with transaction():
                save_contact(contact, shown.picked_values(), actor=current_actor(), version=shown.version)
        except StaleVersion:
            return self._conflict_page(pk, conflict.again(get_contact(pk), shown))
        done(_("The changes were saved."))
        return redirect(url_for(".show", pk=pk))

    def _form_page(self, form: Any, contact: Contact | None, similar: Any = ()) -> Any:
        """The form; with 422 when it comes back because something has to be looked at."""
        page = self.render("contacts/form.html", form=form, contact=contact, similar=similar, extra_fields=form.extra_groups())
        return page, 422 if request.method == "POST" else 200

    def _conflict_page(self, pk: int, found: conflict.Conflict) -> Any:
        return self.render("contacts/conflict.html", contact=found.contact, conflict=found, differences=found.differences), 409
