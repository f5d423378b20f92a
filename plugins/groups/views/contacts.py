"""The tab "Linked to" on the profile of a contact."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts import profile
from core.contacts.services import get_contact
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.web.flashes import done
from core.web.views import CoreView, expose, needs
from plugins.groups import services
from plugins.groups.forms import JoinForm
from plugins.groups.presentation import contact_lines
from plugins.groups.services.reading import groups_open


class ContactGroups(CoreView):
    """The groups of a contact, a line per function."""

    route_base = "/o/<org>/crm/contacts"
    default_view = "show"
    part_of = "ContactList"

    @expose("/<int:pk>/groups")
    @needs("groups.read")
    def show(self, pk: int) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        frame = profile.frame(contact, "ContactGroups.show")
        return self.render("groups/contact.html", **frame, sections=profile.sections(contact, badges_only=True), seasons=contact_lines(contact))

    @expose("/<int:pk>/groups/add", methods=["GET", "POST"])
    @needs("groups.write")
    def add(self, pk: int) -> Any:
        """Function and group; once per function."""
        contact = get_contact(pk)
        form = JoinForm(data={"group": request.args.get("group", ""), "function": request.args.get("function", "")})
        if form.validate_on_submit():
            try:
                with transaction():
                    group = services.get_group(int(form.group.data))
                    row = services.join(group, get_contact(pk), form.function.data, from_on=form.first(), actor=current_actor())
                    text, made = _("%(name)s was added to %(group)s.", name=contact.full_name, group=services.label_of(group)), row.id
                done(text, undo_url=url_for("GroupPeople.undo_add", rows=made, **{"from": "contact"}))  # type: ignore[arg-type]
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(UserMistake(mistake.message, field=None if mistake.field == "contact" else mistake.field))
        page = self.render("groups/join_form.html", form=form, contact=contact, has_groups=bool(groups_open()))
        return page, 422 if request.method == "POST" else 200
