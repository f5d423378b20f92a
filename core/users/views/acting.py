"""Going on as a child, and back: the menu lists whom one may act for."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, request, url_for
from flask_login import current_user
from sqlalchemy import select

from core.db import db
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.users.models import OrganisationRole
from core.users.services.acting import person_acted_for, rights_for
from core.users.views.linking import go_on_as
from core.web.context import active_plugins
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id


class ActFor(CoreView):
    """The buttons that start and stop acting for somebody."""

    route_base = "/act-for"
    default_view = "stop"
    on_behalf = "own"

    @expose("/", methods=["POST"])
    @needs("login")
    def start(self) -> Any:
        """As the child of one organisation; 404 for whom this person may not act for."""
        slug, number = request.form.get("organisation", ""), request.form.get("person", type=row_id)
        with unscoped("the organisation somebody acts for a child in"):
            query = select(Organisation, OrganisationRole.contact_id).join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
            rows = db.session.execute(query.where(Organisation.slug == slug, OrganisationRole.user_id == current_user.id)).all()
        if not rows or number is None:
            abort(404)
        organisation, contact_id = rows[0][0], next((row[1] for row in rows if row[1]), None)
        with scope(organisation):
            person = person_acted_for(number) if "see" in rights_for(contact_id, number, active_plugins(organisation)) else None
            if person is None:
                abort(404)
        go_on_as(self._me(), home_user_id=g.login.home_user_id, slug=organisation.slug, on_behalf=(organisation.id, number))
        return redirect(url_for("HomeView.show", org=organisation.slug))

    @expose("/stop", methods=["POST"])
    @needs("login")
    def stop(self) -> Any:
        """As oneself again."""
        organisation_id = g.login.on_behalf[0] if g.login.on_behalf else None
        with unscoped("the organisation somebody acted for a child in"):
            found = db.session.get(Organisation, organisation_id) if organisation_id else None
        go_on_as(self._me(), home_user_id=g.login.home_user_id, slug=found.slug if found else "")
        done(_("You are yourself again."))
        return redirect(url_for("SessionView.home"))

    def _me(self) -> Any:
        return current_user._get_current_object()
