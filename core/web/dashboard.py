"""The dashboard: the state of an organisation at a glance, out of widgets."""

from __future__ import annotations

import logging
from typing import Any

from flask_login import current_user

from core import clock
from core.access import current_actor
from core.extend.registry import registry
from core.i18n import _, format_long_date
from core.web.context import active_plugins, current_organisation
from core.web.views import CoreView, expose, needs

logger = logging.getLogger(__name__)


class DashboardView(CoreView):
    route_base = "/o/<org>/dashboard"
    default_view = "show"

    @expose("/")
    @needs("dashboard.read")
    def show(self) -> Any:
        organisation = current_organisation()
        widgets = [
            w
            for w in registry().active("widgets", active_plugins())
            if organisation.kind in w.kinds and current_actor().can(w.permission)
        ]
        shown = [_fill(w, organisation) for w in widgets]
        return self.render(
            "koepel/dashboard.html",
            greeting=_("Hello %(name)s", name=current_user.first_name),
            today=format_long_date(clock.today(organisation.time_zone)),
            stats=[w for w in shown if w["widget"].shape == "stat"],
            main=[w for w in shown if w["widget"].shape == "card" and w["widget"].column == "main"],
            side=[w for w in shown if w["widget"].shape == "card" and w["widget"].column == "side"],
        )


def _fill(widget: Any, organisation: Any) -> dict[str, Any]:
    """A widget with its data; one that breaks shows a small box and leaves the rest alone."""
    try:
        return {"widget": widget, "data": widget.context(organisation), "broken": False}
    except Exception:  # noqa: BLE001 -- page furniture of a plugin may not take the page down
        logger.exception("widget", extra={"widget": widget.name})
        return {"widget": widget, "data": {}, "broken": True}
