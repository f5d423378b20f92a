"""The tab Privacy of a contact: what the person agrees to, who looked, and taking away or erasing everything."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from wtforms.fields.choices import SelectChoice

from core.access import current_actor
from core.contacts import profile
from core.contacts.models import Contact
from core.contacts.services import get_contact
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.privacy import consents, requests
from core.privacy.forms import ErasePersonForm, PaperForm, PasswordForm
from core.privacy.package import start_of
from core.privacy.requests import MANAGE
from core.privacy.seen import exports_with, views_of
from core.privacy.services import holds_of
from core.users.views.admins import ask_password
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id


class PersonPrivacy(CoreView):
    route_base = "/o/<org>/crm/contacts"
    default_view = "show"
    part_of = "ContactList"

    @expose("/<int:pk>/privacy")
    @needs(MANAGE)
    def show(self, pk: int) -> Any:
        return self._show(pk, _paper_form())

    def _show(self, pk: int, form: PaperForm, status: int = 200) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        page = self.render(
            "privacy/person.html",
            **_frame(contact),
            asked=consents.asked(contact),
            said=consents.history(contact),
            request=requests.request_of(contact),
            views=views_of(pk),
            exports=exports_with(pk),
            form=form,
        )
        return page, status

    @expose("/<int:pk>/privacy/paper", methods=["POST"])
    @needs("contacts.write")
    def paper(self, pk: int) -> Any:
        """What the person signed on paper, typed over."""
        contact, form = get_contact(pk), _paper_form()
        try:
            with transaction():
                purpose = consents.get_purpose(_number(form.purpose.data))
                consents.note_paper(contact, purpose, form.agrees.data == "yes", form.note.data, actor=current_actor())
        except UserMistake as mistake:
            form.blame(mistake)
            return self._show(pk, form, 422)
        except NotFound:
            form.blame(UserMistake(_("Choose one from the list."), field="purpose"))
            return self._show(pk, form, 422)
        done(_("The answer was noted."))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/privacy/export", methods=["GET", "POST"])
    @needs(MANAGE)
    def export(self, pk: int) -> Any:
        """Everything about one person, in one file; the own password is asked."""
        contact, form = get_contact(pk, even_in_bin=True), PasswordForm()
        if form.validate_on_submit():
            try:
                ask_password(form.password.data)
                with transaction():
                    job_id = start_of(contact, actor=current_actor()).id
            except UserMistake as mistake:
                form.blame(mistake)
            else:
                return redirect(url_for("JobView.show", pk=job_id))
        return self.render("privacy/export_person.html", **_frame(contact), form=form), 422 if form.is_submitted() else 200

    @expose("/<int:pk>/privacy/erase", methods=["GET", "POST"])
    @needs(MANAGE)
    def erase(self, pk: int) -> Any:
        """Into the bin now, erased in two weeks; what has to stay is said first."""
        contact, form = get_contact(pk, even_in_bin=True), ErasePersonForm()
        if form.validate_on_submit():
            try:
                ask_password(form.password.data)
                with transaction():
                    made = requests.start_erasure(contact, form.reason.data, actor=current_actor())
                    request_id, name = made.id, contact.full_name
            except UserMistake as mistake:
                form.blame(mistake)
            else:
                done(
                    _("%(name)s is in the bin, and is erased in %(days)s days.", name=name, days=requests.UNDO_DAYS),
                    undo_url=url_for("PrivacyRequests.undo", pk=request_id),
                )
                return redirect(url_for(".show", pk=pk))
        page = self.render("privacy/erase_person.html", **_frame(contact), form=form, holds=holds_of(contact), days=requests.UNDO_DAYS)
        return page, 422 if form.is_submitted() else 200


def _frame(contact: Contact) -> dict[str, Any]:
    return {**profile.frame(contact, "PersonPrivacy.show"), "sections": profile.sections(contact, badges_only=True)}


def _paper_form() -> PaperForm:
    form = PaperForm()
    form.purpose.choices = [SelectChoice(value=str(purpose.id), label=str(purpose)) for purpose in consents.purposes(only_active=True)]
    form.agrees.choices = [SelectChoice(value="yes", label=_("Agrees")), SelectChoice(value="no", label=_("Does not agree"))]
    return form


def _number(typed: str | None) -> int:
    try:
        return row_id(typed or "")
    except ValueError:
        return 0
