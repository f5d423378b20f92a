"""API keys of an organisation, the page about the API, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify, redirect, url_for
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _, _l
from core.lists.listing import listing_for
from core.rest import openapi, services
from core.rest.scopes import held_scopes, resources
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.forms import Form
from core.web.views import CoreView, expose, needs


class CheckboxesField(SelectMultipleField):
    """Several ticks; the name is what the macro `field` knows."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class KeyForm(Form):
    name = StringField(
        _l("What is the key for?"), [DataRequired(_l("Say what the key is for.")), Length(max=80)], description=_l("For example: website, bookkeeping.")
    )
    scopes = CheckboxesField(_l("What may it do?"), description=_l("Choose no more than is needed. It never gets more rights than you have yourself."))
    days = RadioField(
        _l("How long does it work?"),
        default="90",
        choices=[SelectChoice("30", _l("30 days")), SelectChoice("90", _l("90 days")), SelectChoice("365", _l("a year"))],
    )


class ApiKeyView(CoreView):
    """Making and revoking keys."""

    route_base = "/o/<org>/api-keys"
    default_view = "list"

    @expose("/")
    @needs("api_keys.manage")
    def list(self) -> Any:
        return self.render("rest/keys.html", keys=services.all_keys(actor=current_actor()))

    @expose("/add", methods=["GET", "POST"])
    @needs("api_keys.manage")
    def add(self) -> Any:
        """Ask what for; then show the key, this once."""
        actor, form = current_actor(), KeyForm()
        form.scopes.choices = [SelectChoice(name, scope.title) for name, scope in held_scopes(actor).items()]
        if form.validate_on_submit():
            try:
                with transaction():
                    key, text = services.make_key(form.name.data, form.scopes.data, days=int(form.days.data), actor=actor)
                return self.render("rest/made.html", key=key, text=text)
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("rest/add.html", form=form), 422 if form.is_submitted() else 200

    @expose("/<int:pk>/revoke", methods=["POST"])
    @needs("api_keys.manage")
    def revoke(self, pk: int) -> Any:
        """The key opens nothing from now on."""
        actor = current_actor()
        with transaction():
            services.revoke_key(services.get_key(pk, actor=actor), actor=actor)
        done(_("The key was revoked. Programs that used it get no answer any more."))
        return redirect(url_for("ApiKeyView.list"))


class ApiDocs(CoreView):
    """What the API offers here, for people who write programs."""

    route_base = "/o/<org>/api"
    default_view = "show"
    part_of = "ApiKeyView"

    @expose("/")
    @needs("api_keys.manage")
    def show(self) -> Any:
        base = f"{current_app.config['KOEPEL'].public_url.rstrip('/')}/api/v1/o/{current_organisation().slug}"
        shown = [r for r in resources() if current_organisation().kind in r.kinds]
        lists = {r.resource: listing_for(r.definition, actor=current_actor()) for r in shown if r.definition is not None}
        return self.render("rest/docs.html", resources=shown, lists=lists, base=base)


class OpenApi(CoreView):
    """The description of the API for programs; one has to be logged in."""

    route_base = "/api/v1"
    default_view = "show"

    @expose("/openapi.json")
    @needs("login")
    def show(self) -> Any:
        return jsonify(openapi.document(resources(active_only=False)))
