"""Settings > Privacy > Cleaning up: what the next night would take, and how long people who left are kept."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.privacy import retention, settings
from core.privacy.forms import RetentionForm
from core.privacy.requests import MANAGE
from core.privacy.views.parts import SettingsPart
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs

PLATFORM = "retention.read"


class RetentionPage(SettingsPart):
    route_base = "/o/<org>/settings/privacy/cleaning"
    default_view = "show"
    part_of = "PrivacyRequests"

    @expose("/", methods=["GET", "POST"])
    @needs(MANAGE)
    def show(self) -> Any:
        """A dry run: nothing is changed by looking."""
        organisation = current_organisation()
        form = RetentionForm(data={"months": str(settings.months_of(organisation) or 0)})
        if form.validate_on_submit():
            try:
                with transaction():
                    settings.save_months(current_organisation(), form.months.data, actor=current_actor())
            except UserMistake as mistake:
                form.blame(mistake)
            else:
                done(_("Saved. Below is what it means now; it is done the next night."))
                return redirect(url_for(".show"))
        page = self.render(
            "privacy/retention.html",
            form=form,
            previews=retention.previews(organisation),
            others=retention.rules("platform"),
            suggested=settings.DEFAULT_MONTHS,
        )
        return page, 422 if form.is_submitted() else 200


class PlatformRetention(CoreView):
    """The same for who runs the platform: what belongs to no organisation, or to all of them."""

    route_base = "/o/<org>/settings/cleaning"
    default_view = "show"

    @expose("/")
    @needs(PLATFORM)
    def show(self) -> Any:
        return self.render("privacy/platform_retention.html", previews=retention.previews(current_organisation()))
