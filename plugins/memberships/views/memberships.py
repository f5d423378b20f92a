"""One membership of a club: asking, looking, changing, ending."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts.parsing import parse_date
from core.contacts.services import get_contact
from core.db import transaction
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _, format_date
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs, row_id
from plugins.memberships import services
from plugins.memberships.forms import EndForm, chosen_type, ends_hint, membership_form
from plugins.memberships.models import Membership
from plugins.memberships.presentation import event_lines, present
from plugins.memberships.services.reading import title_of


class MembershipView(CoreView):
    """What a club does with a membership of one of its contacts."""

    route_base = "/o/<org>/crm/memberships"
    default_view = "show"
    part_of = "ContactList"

    @expose("/<int:pk>")
    @needs("memberships.read")
    def show(self, pk: int) -> Any:
        membership, contact = self._of_club(pk)
        history = event_lines(services.history_of(membership))
        return self.render("memberships/show.html", shown=present(membership), contact=contact, history=history)

    @expose("/add/<int:contact>", methods=["GET", "POST"])
    @needs("memberships.write")
    def add(self, contact: int) -> Any:
        person = get_contact(contact)
        like = self._like(person.id)
        kind = chosen_type(request.form.get("type") or request.args.get("type"), fallback=chosen_type(like.type_id) if like else None)
        if kind is None:
            return self.render("memberships/nothing_offered.html", contact=person)
        form = membership_form(kind, like=like)
        if form.validate_on_submit():
            try:
                with transaction():
                    made = services.request_membership(get_contact(contact), services.get_type(kind.id), actor=current_actor(), **form.wanted())
                    pk, text = made.id, asked_text(made, person.full_name)
                done(text, undo_url=url_for(".take_back", pk=pk))
                return redirect(url_for("ContactProfile.show", pk=contact))
            except UserMistake as mistake:
                form.blame(mistake)
        page = {"form": form, "contact": person, "kind": kind, "hint": ends_hint(kind), "like": like, "waits": kind.organisation_id != person.organisation_id}
        return self._form_page("add", **page)

    @expose("/<int:pk>/change", methods=["GET", "POST"])
    @needs("memberships.write")
    def change(self, pk: int) -> Any:
        membership, contact = self._of_club(pk)
        kind = membership.kind
        if membership.status == "requested":
            kind = chosen_type(request.form.get("type") or request.args.get("type"), fallback=kind) or kind
        form = membership_form(kind, like=membership, change=True)
        if form.validate_on_submit():
            try:
                if membership.status == "accepted" and form.type and form.type.data != membership.type_id:
                    return self._switch(form, membership, contact)
                with transaction():
                    services.change_membership(services.get_membership(pk), version=form.started_from, actor=current_actor(), **self._changes(form, membership))
                done(_("The membership was changed."))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
                membership, contact = self._of_club(pk)  # as they are again
            except StaleVersion:
                return self._stale(pk)
        return self._form_page("change", form=form, contact=contact, shown=present(membership), kind=kind, hint=ends_hint(kind, changed=membership))

    @expose("/<int:pk>/undo-switch", methods=["POST"])
    @needs("memberships.write")
    def undo_switch(self, pk: int) -> Any:
        return self._do(pk, services.undo_switch, _("The membership goes on."))

    @expose("/<int:pk>/end", methods=["GET", "POST"])
    @needs("memberships.write")
    def end(self, pk: int) -> Any:
        membership, contact = self._of_club(pk)
        form = EndForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    ended = services.end_membership(pk, actor=current_actor(), **self._ending(form))
                    text = _("The membership of %(name)s ends on %(day)s.", name=contact.full_name, day=format_date(ended.until_on))
                done(text, undo_url=url_for(".undo_end", pk=pk))
                return redirect(url_for("ContactProfile.show", pk=contact.id))
            except UserMistake as mistake:
                form.blame(mistake)
                membership, contact = self._of_club(pk)  # as they are again
        return self.render("memberships/end.html", form=form, contact=contact, shown=present(membership)), 422 if request.method == "POST" else 200

    @expose("/<int:pk>/undo-end", methods=["POST"])
    @needs("memberships.write")
    def undo_end(self, pk: int) -> Any:
        return self._do(pk, services.undo_ending, _("The membership goes on."))

    @expose("/<int:pk>/withdraw", methods=["POST"])
    @needs("memberships.write")
    def withdraw(self, pk: int) -> Any:
        return self._do(pk, services.withdraw_membership, _("The request was withdrawn."), undo=".undo_withdraw")

    @expose("/<int:pk>/undo-withdraw", methods=["POST"])
    @needs("memberships.write")
    def undo_withdraw(self, pk: int) -> Any:
        return self._do(pk, services.undo_withdrawal, _("The request is there again."))

    @expose("/<int:pk>/take-back", methods=["POST"])
    @needs("memberships.write")
    def take_back(self, pk: int) -> Any:
        return self._do(pk, services.take_back, _("The membership was taken back."))

    # --- inside --------------------------------------------------------------------------------

    def _switch(self, form: Any, membership: Membership, contact: Any) -> Any:
        """Another type from a day on."""
        with transaction():
            kind, first = services.get_type(form.type.data), parse_date(form.from_on.data)
            made = services.switch_type(membership.id, kind, from_on=first, extra=form.extra(), version=form.started_from, actor=current_actor())
            values = {"name": contact.full_name, "type": title_of(kind), "day": format_date(made.from_on)}
            is_member = made.status == "accepted"
            pk = made.id
        is_asked = _("%(name)s goes on as %(type)s from %(day)s, when the federation accepts it.", **values)
        done(_("%(name)s goes on as %(type)s from %(day)s.", **values) if is_member else is_asked, undo_url=url_for(".undo_switch", pk=pk))
        return redirect(url_for("ContactProfile.show", pk=contact.id))

    def _form_page(self, name: str, **page: Any) -> Any:
        """The whole page, or only what another type asks; 422 when it comes back with a mistake."""
        if request.headers.get("HX-Target") == "details":
            return self.render(f"memberships/_{name}_details.html", **page)
        return self.render(f"memberships/{name}.html", **page), 422 if request.method == "POST" else 200

    def _do(self, pk: int, act: Any, text: str, undo: str | None = None) -> Any:
        """One act without a form; what stands in the way is said on the profile."""
        membership, contact = self._of_club(pk)
        try:
            with transaction():
                act(pk, actor=current_actor())
            done(text, undo_url=url_for(undo, pk=pk) if undo else None)
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for("ContactProfile.show", pk=contact.id))

    def _of_club(self, pk: int) -> tuple[Membership, Any]:
        """A membership of this club and its contact; a federation looks elsewhere."""
        if current_organisation().kind != "club":
            raise NotFound(f"membership {pk}")
        membership = services.get_membership(pk)
        return membership, get_contact(membership.contact_id, even_in_bin=True)

    def _like(self, contact_id: int) -> Membership | None:
        """The former membership to join again with, named in the address."""
        pk = request.args.get("like", type=row_id)
        membership = services.get_membership(pk) if pk else None
        return membership if membership is not None and membership.contact_id == contact_id else None

    def _changes(self, form: Any, membership: Membership) -> dict[str, Any]:
        if membership.status != "requested":
            return {"extra": form.extra()}
        return {**form.wanted(), "kind": services.get_type(form.kind.id)}

    def _ending(self, form: Any) -> dict[str, Any]:
        return {"last_day": parse_date(form.last_day.data), "reason": form.reason.data or ""}

    def _stale(self, pk: int) -> Any:
        """Somebody else was first: show what is stored now beside what was filled in."""
        membership, contact = self._of_club(pk)
        form = membership_form(membership.kind, like=membership, change=True)
        form.version.data = str(membership.version)
        form.form_errors.append(_("Somebody else changed this membership meanwhile. Look at what you filled in beside what is stored now, and save again."))
        page = {"form": form, "contact": contact, "shown": present(membership), "kind": membership.kind, "is_stale": True}
        return self.render("memberships/change.html", **page), 409


def asked_text(made: Membership, name: str) -> str:
    if made.status == "accepted":
        return _("%(name)s is a member from %(day)s.", name=name, day=format_date(made.from_on))
    return _("The membership of %(name)s was asked. It waits for the federation.", name=name)
