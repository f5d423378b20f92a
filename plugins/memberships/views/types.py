"""The types of membership of a federation or club, in the settings."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import StaleVersion, UserMistake
from core.i18n import _
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs
from plugins.memberships import services
from plugins.memberships.forms import acceptance_titles, duration_sentence, type_form
from plugins.memberships.services.reading import title_of


class MembershipTypes(CoreView):
    """Which memberships people can have here."""

    route_base = "/o/<org>/settings/membership-types"
    default_view = "list"

    @expose("/")
    @needs("membership_types.read")
    def list(self) -> Any:
        kinds = [(kind, title_of(kind), duration_sentence(kind)) for kind in services.types_of()]
        is_federation = current_organisation().kind == "federation"
        return self.render("memberships/types.html", kinds=kinds, acceptances=acceptance_titles(), is_federation=is_federation)

    @expose("/add", methods=["GET", "POST"])
    @needs("membership_types.write")
    def add(self) -> Any:
        form = type_form()
        if form.validate_on_submit():
            try:
                with transaction():
                    name = title_of(services.add_type(form.values(), actor=current_actor()))
                done(_("The membership type “%(name)s” was added.", name=name))
                return redirect(url_for(".list"))
            except UserMistake as mistake:
                blame(form, mistake)
        return self.render("memberships/type_form.html", form=form, kind=None), 422 if request.method == "POST" else 200

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs("membership_types.write")
    def change(self, pk: int) -> Any:
        kind = services.get_type(pk, own=True)
        form = type_form(kind)
        if form.validate_on_submit():
            try:
                with transaction():
                    services.change_type(services.get_type(pk, own=True), form.values(), version=form.started_from, actor=current_actor())
                done(_("The membership type was changed."))
                return redirect(url_for(".list"))
            except UserMistake as mistake:
                blame(form, mistake)
            except StaleVersion:
                form = type_form(services.get_type(pk, own=True))
                form.version.data = str(kind.version)
                form.form_errors.append(_("Somebody else changed this type meanwhile. Look at it again before you save."))
        return self.render("memberships/type_form.html", form=form, kind=kind, title=title_of(kind)), 422 if request.method == "POST" else 200

    @expose("/<int:pk>/move", methods=["POST"])
    @needs("membership_types.write")
    def move(self, pk: int) -> Any:
        with transaction():
            services.move_type(services.get_type(pk, own=True), up=request.form.get("to") == "up", actor=current_actor())
        return redirect(url_for(".list"))


def blame(form: Any, mistake: UserMistake) -> None:
    """A mistake of the name belongs to the first language of the form."""
    form.blame(UserMistake(mistake.message, field="name-nl") if mistake.field == "name" else mistake)
