"""Settings > Privacy: who asks to be forgotten."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import StaleVersion, UserMistake
from core.i18n import _
from core.privacy import requests
from core.privacy.forms import RefuseForm
from core.privacy.letters import tell_person
from core.privacy.requests import MANAGE
from core.privacy.services import holds_of
from core.privacy.views.parts import SettingsPart
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import expose, needs


class PrivacyRequests(SettingsPart):
    route_base = "/o/<org>/settings/privacy"
    default_view = "list"

    @expose("/")
    @needs(MANAGE)
    def list(self) -> Any:
        return self.render("privacy/requests.html", pending=requests.requests(pending=True), over=requests.requests(pending=False, limit=50))

    @expose("/requests/<int:pk>", methods=["GET", "POST"])
    @needs(MANAGE)
    def show(self, pk: int) -> Any:
        """One request: what has to stay, yes or no."""
        found, form = requests.get_request(pk), RefuseForm()
        if not form.is_submitted():
            form.version.data = found.version
        if not form.validate_on_submit():
            return self._page(found, form, 422 if form.is_submitted() else 200)
        try:
            with transaction():
                found = requests.get_request(pk)
                requests.refuse(found, form.answer.data, actor=current_actor(), version=form.version.data)
                tell_person(found, found.contact, current_organisation(), actor=current_actor())
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(requests.get_request(pk), form, 422)
        except StaleVersion:
            warn(_("Somebody else decided about this meanwhile."))
            return redirect(url_for(".show", pk=pk))
        done(_("The answer was sent."))
        return redirect(url_for(".list"))

    def _page(self, found: Any, form: RefuseForm, status: int) -> Any:
        return self.render(
            "privacy/request.html", request=found, contact=found.contact, form=form, holds=holds_of(found.contact), days=requests.UNDO_DAYS
        ), status

    @expose("/requests/<int:pk>/accept", methods=["POST"])
    @needs(MANAGE)
    def accept(self, pk: int) -> Any:
        try:
            with transaction():
                found = requests.get_request(pk)
                requests.accept(found, actor=current_actor())
                tell_person(found, found.contact, current_organisation(), actor=current_actor())
                name = found.contact.full_name
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".show", pk=pk))
        done(_("%(name)s is in the bin, and is erased in %(days)s days.", name=name, days=requests.UNDO_DAYS), undo_url=url_for(".undo", pk=pk))
        return redirect(url_for(".list"))

    @expose("/requests/<int:pk>/undo", methods=["POST"])
    @needs(MANAGE)
    def undo(self, pk: int) -> Any:
        try:
            with transaction():
                found = requests.undo(requests.get_request(pk), actor=current_actor())
                name = found.contact.full_name
        except UserMistake as mistake:
            warn(mistake.message)
        else:
            done(_("%(name)s is not erased.", name=name))
        return redirect(url_for(".list"))
