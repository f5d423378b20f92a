"""Settings > Logins, of a federation."""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.users.forms import LoginRulesForm
from core.users.services.login_rules import PERMISSION, ChangedMeanwhile, login_rules, save_login_rules
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class LoginRulesPage(CoreView):
    route_base = "/o/<org>/settings/logins"
    default_view = "show"

    @expose("/", methods=["GET", "POST"])
    @needs(PERMISSION)
    def show(self) -> Any:
        """Rules for passwords, and what a stranger may learn on the login page."""
        organisation = current_organisation()
        now, status = login_rules(organisation), 200
        form = LoginRulesForm(data={**now, "started_from": json.dumps(now)})
        if form.validate_on_submit():
            try:
                with transaction():
                    save_login_rules(organisation, form.data, started_from=form.shown(), actor=current_actor())
            except UserMistake as mistake:
                form.blame(mistake)
                status = mistake.status
                if isinstance(mistake, ChangedMeanwhile):
                    form.started_from.data = json.dumps(mistake.theirs)
            else:
                done(_("The rules for logins were saved."))
                return redirect(url_for(".show"))
        elif form.is_submitted():
            status = 422
        return self.render("users/login_rules.html", form=form), status
