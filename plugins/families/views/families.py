"""A family: who is in it, and what its parents may do for its children."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import redirect, request, url_for

from core.api import (
    CoreView,
    NotFound,
    StaleVersion,
    UserMistake,
    _,
    current_actor,
    done,
    expose,
    get_contact,
    needs,
    parse_date,
    transaction,
)
from core.contacts.services import find_choices
from core.web.views import row_id
from plugins.families import services
from plugins.families.forms import family_form, member_form, period_form


class FamilyView(CoreView):
    """One family, and the forms around it."""

    route_base = "/o/<org>/crm/families"
    default_view = "add"
    part_of = "ContactList"

    @expose("/<int:pk>")
    @needs("families.read")
    def show(self, pk: int) -> Any:
        family = services.get_family(pk)
        members = services.members_of([pk])
        children = [(member.contact, services.parents_of(member.contact_id)) for member in members if _is_child(member)]
        return self.render("families/show.html", family=family, members=members, children=children, day=services.today(), is_over=services.is_over)

    @expose("/add", methods=["GET", "POST"])
    @needs("families.write")
    def add(self) -> Any:
        """The name first; then its members, the contact whose profile this came from already chosen."""
        form, contact = family_form(), self._contact(request.values.get("contact", ""))
        if contact and not form.is_submitted():
            form.name.data = contact.last_name
        if form.validate_on_submit():
            try:
                with transaction():
                    pk = services.save_family(None, form.name.data or "", actor=current_actor()).id
                return redirect(url_for(".add_member", pk=pk, contact=contact.id if contact else None))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("families/form.html", form=form, family=None, contact=contact), 422 if request.method == "POST" else 200

    @expose("/<int:pk>/change", methods=["GET", "POST"])
    @needs("families.write")
    def change(self, pk: int) -> Any:
        family = services.get_family(pk)
        form = family_form(family)
        if form.validate_on_submit():
            try:
                with transaction():
                    services.save_family(services.get_family(pk), form.name.data or "", version=form.started_from, actor=current_actor())
                done(_("The family was changed."))
                return redirect(url_for(".show", pk=pk))
            except StaleVersion:
                form.form_errors.append(_("Somebody else changed this meanwhile. Open it again and make your change."))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("families/form.html", form=form, family=services.get_family(pk), contact=None), 422 if request.method == "POST" else 200

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs("families.write")
    def delete(self, pk: int) -> Any:
        with transaction():
            name = services.delete_family(services.get_family(pk), actor=current_actor())
        done(_("The family “%(name)s” was removed. Its people are still your contacts.", name=name))
        return redirect(url_for("FamilyList.list"))

    @expose("/<int:pk>/members/add", methods=["GET", "POST"])
    @needs("families.write")
    def add_member(self, pk: int) -> Any:
        """A contact, one of the suggestions, or a new person."""
        family = services.get_family(pk)
        form = member_form(request.args.get("contact", "")[:10])
        if form.validate_on_submit():
            try:
                with transaction():
                    first = parse_date(form.from_on.data)
                    kept = services.get_family(pk)
                    member = services.add_member(kept, form.contact_id, form.function.data, person=form.person, from_on=first, actor=current_actor())
                    name = get_contact(member.contact_id).full_name
                done(_("%(name)s was added to the family.", name=name))
                return redirect(url_for(".show", pk=pk))
            except NotFound:
                form.blame(UserMistake(_("Choose a contact from the list."), field="contact"))
            except UserMistake as mistake:
                form.blame(mistake)
        some = _with_chosen(form.contact_id)
        page = {"family": services.get_family(pk) if form.errors else family, "suggestions": services.suggest(family), "some": some}
        return self.render("families/member_form.html", form=form, **page), 422 if request.method == "POST" else 200

    @expose("/members/<int:pk>", methods=["GET", "POST"])
    @needs("families.write")
    def change_member(self, pk: int) -> Any:
        """Function, first and last day of somebody in a family."""
        member = services.get_member(pk)
        form = period_form(member)
        if form.validate_on_submit():
            try:
                with transaction():
                    days = {"from_on": parse_date(form.from_on.data), "until_on": parse_date(form.until_on.data)}
                    services.change_member(services.get_member(pk), function_id=form.function.data, **days, actor=current_actor())
                done(_("The family was changed."))
                return redirect(url_for(".show", pk=services.get_member(pk).family_id))
            except UserMistake as mistake:
                form.blame(mistake)
        member = services.get_member(pk)
        page = {"family": services.get_family(member.family_id), "contact": get_contact(member.contact_id), "member": member}
        return self.render("families/period_form.html", form=form, **page), 422 if request.method == "POST" else 200

    @expose("/members/<int:pk>/remove", methods=["POST"])
    @needs("families.write")
    def remove_member(self, pk: int) -> Any:
        with transaction():
            family_id = services.remove_member(services.get_member(pk), actor=current_actor())
        done(_("This person was taken out of the family."))
        return redirect(url_for(".show", pk=family_id))

    @expose("/children/<int:pk>", methods=["GET", "POST"])
    @needs("families.write")
    def rights(self, pk: int) -> Any:
        """What each parent may do for this child; all its parents can see it."""
        child = get_contact(pk)
        if request.method == "GET":
            return self.render("families/rights.html", child=child, pairs=services.parents_of(pk), switches=services.SWITCHES)
        chosen = {number: _switches(number) for value in request.form.getlist("parent") if (number := _number(value)) is not None}
        with transaction():
            services.set_rights(pk, chosen, actor=current_actor())
        done(_("What parents may do for this child was saved."))
        return redirect(url_for("ContactProfile.show", pk=pk))

    def _contact(self, typed: str) -> Any:
        with suppress(NotFound):
            return get_contact(_number(typed) or 0)
        return None


def _is_child(member: Any) -> bool:
    return bool(member.function.is_child and not services.is_over(member, services.today()))


def _number(typed: str) -> int | None:
    try:
        return row_id(typed)
    except ValueError:
        return None


def _switches(parent_id: int) -> dict[str, bool]:
    return {name: f"{parent_id}-{name}" in request.form for name in services.SWITCHES}


def _with_chosen(contact_id: int | None) -> list[Any]:
    """Contacts to choose from without a script; the one that was chosen is among them."""
    found = [*find_choices("", limit=200)]
    if contact_id and contact_id not in {contact.id for contact in found}:
        with suppress(NotFound):
            found.append(get_contact(contact_id))
    return found
