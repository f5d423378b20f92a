""" "Am I in order?": what a club still has to do for its federation, and how many days are left."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.i18n import _
from core.organisations.services.readiness import confirm, readiness_of
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class ClubReady(CoreView):
    route_base = "/o/<org>/club/ready"
    default_view = "show"

    @expose("/")
    @needs("readiness.read")
    def show(self) -> Any:
        return self.render("organisations/ready.html", parts=readiness_of(current_organisation()))

    @expose("/confirm", methods=["POST"])
    @needs("organisation.write")
    def confirm(self) -> Any:
        """This point is right."""
        with transaction():
            check = confirm(current_organisation(), request.form.get("check", ""), actor=current_actor())
            title = str(check.title)
        done(_("Noted: %(title)s.", title=title))
        return redirect(url_for("DashboardView.show") if request.form.get("from") == "dashboard" else url_for(".show"))
