"""Which modules an organisation uses, and, of a federation, which its clubs use."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.organisations.services.modules import modules_of, switch
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs


class ModulesPage(CoreView):
    route_base = "/o/<org>/settings/modules"
    default_view = "list"

    @expose("/")
    @needs("modules.manage")
    def list(self) -> Any:
        return self.render("organisations/modules.html", modules=modules_of(current_organisation()), organisation=current_organisation())

    @expose("/<name>/switch", methods=["POST"])
    @needs("modules.manage")
    def switch(self, name: str) -> Any:
        """On or off; what a module holds stays."""
        on, for_clubs = request.form.get("on") == "1", request.form.get("for_clubs") == "1"
        try:
            with transaction():
                module = switch(current_organisation(), name, on=on, for_clubs=for_clubs, actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".list"))
        done(_("%(module)s is switched on.", module=module.title) if on else _("%(module)s is switched off. What is in it stays.", module=module.title))
        return redirect(url_for(".list"))
