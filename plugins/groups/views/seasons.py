"""Settings > Seasons: those of a club, or what a federation prescribes."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor, require
from core.audit.services import record
from core.db import transaction
from core.errors import StaleVersion, UserMistake
from core.i18n import _
from core.organisations.services import set_setting
from core.web.context import current_organisation, federation_setting
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs
from plugins.groups import services
from plugins.groups.forms import PrescriptionForm, SeasonForm
from plugins.groups.models import Season
from plugins.groups.services.seasons import START, WRITE


class Seasons(CoreView):
    """The seasons of a club."""

    route_base = "/o/<org>/settings/seasons"
    default_view = "list"

    @expose("/", methods=["GET", "POST"])
    @needs("groups.read")
    def list(self) -> Any:
        if current_organisation().kind == "federation":
            return self._prescription()
        return self.render("groups/seasons.html", seasons=services.seasons_of(), rules=services.prescriptions())

    @expose("/add", methods=["GET", "POST"])
    @needs("seasons.write")
    def add(self) -> Any:
        form = SeasonForm(data=services.suggestion())
        if form.validate_on_submit():
            try:
                with transaction():
                    before = services.current_season()
                    season = services.add_season(form.values(), actor=current_actor())
                    text = _added(season, before)
                done(text)
                return redirect(url_for("GroupList.list") if "copy" in request.form else url_for(".list"))
            except UserMistake as mistake:
                form.blame(mistake)
        return self._form(form, None)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs("seasons.write")
    def change(self, pk: int) -> Any:
        season = services.get_season(pk)
        form = SeasonForm(data={n: getattr(season, n) for n in ("name", "start_on", "end_on", "is_current", "is_active")} | {"version": str(season.version)})
        if form.validate_on_submit():
            try:
                with transaction():
                    services.change_season(services.get_season(pk), form.values(), version=form.started_from, actor=current_actor())
                done(_("The season was changed."))
                return redirect(url_for(".list"))
            except UserMistake as mistake:
                form.blame(mistake)
            except StaleVersion:
                form.version.data = str(services.get_season(pk).version)
                form.form_errors.append(_("Somebody else changed this season meanwhile. Look at it again before you save."))
        return self._form(form, services.get_season(pk))

    @expose("/<int:pk>/current", methods=["POST"])
    @needs("seasons.write")
    def current(self, pk: int) -> Any:
        with transaction():
            before = services.make_current(services.get_season(pk), actor=current_actor())
            undo = url_for(".current", pk=before.id) if before is not None else None
            text = _("Season %(name)s is shown first from now on.", name=services.get_season(pk).name)
        done(text, undo_url=undo)
        return redirect(url_for(".list"))

    @expose("/<int:pk>/activate", methods=["POST"])
    @needs("seasons.write")
    def activate(self, pk: int) -> Any:
        """Open it for work, or close it; the same address undoes it."""
        with transaction():
            season = services.get_season(pk)
            services.activate(season, on=not season.is_active, actor=current_actor())
            text = (
                _("You can work in season %(name)s.", name=season.name) if season.is_active else _("Season %(name)s can be looked at only.", name=season.name)
            )
        done(text, undo_url=url_for(".activate", pk=pk))
        return redirect(url_for(".list"))

    @expose("/<int:pk>/remove", methods=["POST"])
    @needs("seasons.write")
    def remove(self, pk: int) -> Any:
        try:
            with transaction():
                services.remove_season(services.get_season(pk), actor=current_actor())
            done(_("The season was removed."))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for(".list"))

    def _form(self, form: SeasonForm, season: Season | None) -> Any:
        page = self.render("groups/season_form.html", form=form, season=season, rules=services.prescriptions())
        return page, 422 if request.method == "POST" else 200

    def _prescription(self) -> Any:
        """What a federation asks of all its clubs."""
        here = current_organisation()
        start = federation_setting(here, START, "") or ""
        form = PrescriptionForm(data={"day": "/".join(reversed(str(start).split("-"))) if start else ""})
        if form.validate_on_submit():
            try:
                with transaction():
                    _prescribe(form.day.data or "")
                done(_("Saved. Seasons that clubs have already stay as they are."))
                return redirect(url_for(".list"))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("groups/prescription.html", form=form), 422 if request.method == "POST" else 200


def _prescribe(text: str) -> None:
    require(current_actor(), WRITE)
    here = current_organisation()
    found = re.fullmatch(r"\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*", text)
    try:
        if text.strip() and found is None:
            raise ValueError
        value = f"{date(2025, int(found[2]), int(found[1])):%m-%d}" if found is not None else ""
    except ValueError:
        raise UserMistake(_("Write a day and a month, like 01/10."), field="day") from None
    before = federation_setting(here, START, "")
    set_setting(here, START, value)
    record("organisation.changed", here, actor=current_actor(), changes={START: (before, value)})


def _added(season: Season, before: Season | None) -> str:
    if season.is_current and before is not None and before.id != season.id:
        return _("Season %(name)s was added and is shown first from now on, instead of %(before)s.", name=season.name, before=before.name)
    return _("Season %(name)s was added.", name=season.name)
