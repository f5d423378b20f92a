"""The dashboard: the state of an organisation at a glance, out of widgets."""

from __future__ import annotations

import logging
from typing import Any

from flask import redirect, request, url_for
from flask_login import current_user

from core import clock
from core.access import current_actor
from core.db import transaction
from core.extend.registry import registry
from core.health.services import jobs_are_late
from core.i18n import _, format_day_heading
from core.web.context import active_plugins, current_organisation
from core.web.flashes import done
from core.web.look import partial
from core.web.shell import numbers_of
from core.web.views import CoreView, expose, needs
from core.web.widget_choice import choose_widgets, hidden_widgets

logger = logging.getLogger(__name__)


class DashboardView(CoreView):
    route_base = "/o/<org>/dashboard"
    default_view = "show"

    @expose("/")
    @needs("dashboard.read")
    def show(self) -> Any:
        organisation = current_organisation()
        widgets, hidden = _offered(), hidden_widgets(actor=current_actor())
        wanted = [w for w in widgets if w.name not in hidden]
        shown = [_fill(w, organisation, number) for w, number in zip(wanted, _numbers(wanted), strict=True)]
        return self.render(
            "koepel/dashboard.html",
            greeting=_("Hello %(name)s", name=current_user.first_name),
            late=current_actor().can("jobs.read") and jobs_are_late(),
            today=format_day_heading(clock.today(organisation.time_zone)),
            stats=[w for w in shown if w["widget"].shape == "stat"],
            main=[w for w in shown if w["widget"].shape == "card" and w["widget"].column == "main"],
            side=[w for w in shown if w["widget"].shape == "card" and w["widget"].column == "side"],
            choices=[{"name": w.name, "title": w.title, "shown": w.name not in hidden} for w in widgets],
        )

    @expose("/widgets", methods=["POST"])
    @needs("dashboard.read")
    def choose(self) -> Any:
        """Keep which widgets this person wants to see here."""
        with transaction():
            choose_widgets(request.form.getlist("widgets"), [w.name for w in _offered()], actor=current_actor())
        done(_("Your dashboard shows what you chose."))
        return redirect(url_for(".show"))


def _offered() -> list[Any]:
    """The widgets of this kind of organisation that the person may see."""
    kind, actor = current_organisation().kind, current_actor()
    return [w for w in registry().active("widgets", active_plugins()) if kind in w.kinds and actor.can(w.permission)]


def _numbers(widgets: list[Any]) -> list[Any]:
    """What the stats count, in one query; a count that cannot be made leaves the others alone."""
    counts = []
    for widget in widgets:
        try:
            counts.append(widget.count() if widget.count else None)
        except Exception:  # noqa: BLE001 -- the widget itself will say so
            counts.append(None)
    return numbers_of(counts)


def _fill(widget: Any, organisation: Any, number: int | None) -> dict[str, Any]:
    """A widget with its data; one that breaks shows a small box and leaves the rest alone."""
    try:
        data = widget.context(organisation, number or 0) if widget.count else widget.context(organisation)
        drawn = partial(widget.template, data, widget=widget) if widget.shape == "card" else ""
        return {"widget": widget, "data": data, "drawn": drawn, "broken": False}
    except Exception:  # noqa: BLE001 -- page furniture of a plugin may not take the page down
        logger.exception("widget", extra={"widget": widget.name})
        return {"widget": widget, "data": {}, "drawn": "", "broken": True}
