"""The switch on one's own page: shown to somebody who looks for an account, or not."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.i18n import _
from core.users.services.findable import choose
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class FindableView(CoreView):
    route_base = "/o/<org>/account/findable"
    default_view = "choose"
    part_of = "AccountPage"

    @expose("/", methods=["POST"])
    @needs("login")
    def choose(self) -> Any:
        """`shown` is "1" to be shown."""
        shown = request.form.get("shown") == "1"
        with transaction():
            choose(shown, actor=current_actor())
        done(_("You are shown again to somebody who looks for an account.") if shown else _("You are not shown any more to somebody who looks for an account."))
        return redirect(url_for("AccountPage.show"))
