"""One group: looking, adding, changing, putting away."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.audit.history import history_of
from core.db import transaction
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs, row_id
from plugins.groups import services
from plugins.groups.forms import GroupForm, group_form
from plugins.groups.models import ClubGroup, Season
from plugins.groups.presentation import facts_of, lines_by_function, linkable, links_shown
from plugins.groups.services.catalogue import terms_of, title_of
from plugins.groups.services.reading import former_of, same_lineage
from plugins.groups.services.rules import exceptions_of, rules_of, sentences_of


class GroupPage(CoreView):
    """A group or committee, with its people by function."""

    route_base = "/o/<org>/groups"
    default_view = "show"
    part_of = "GroupList"

    @expose("/<int:pk>")
    @needs("groups.read")
    def show(self, pk: int) -> Any:
        group = services.get_group(pk, even_removed=True)
        return self.render(
            "groups/show.html",
            group=group,
            facts=facts_of(group),
            by_function=lines_by_function(group),
            former=former_of(group),
            links=links_shown(group),
            linkable=linkable(group),
            missing=services.missing_functions(group),
            rules=[(rule, sentences_of(rule)) for rule in rules_of(group)],
            exceptions=exceptions_of(group),
            is_open=group.season is None or group.season.is_active,
            copies=[other for other in same_lineage(group) if other.id != pk],
            history=history_of("group_unit", pk, limit=20),
            group_word=title_of,
        )

    @expose("/add", methods=["GET", "POST"])
    @needs("groups.write")
    def add(self) -> Any:
        """A group of the season in the address (the current one), or a committee."""
        if current_organisation().kind != "club":
            raise NotFound("groups")
        season = self._season()
        if season is None and "committee" not in request.args:
            return self.render("groups/no_season.html")
        form = group_form()
        if form.validate_on_submit():
            try:
                with transaction():
                    group = services.add_group(form.values(), self._season(), actor=current_actor())
                    self._picture(form, group)
                    pk, name = group.id, group.name
                done(_("“%(name)s” was added.", name=name), undo_url=url_for(".remove", pk=pk))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self._form(form, None, season)

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs("groups.write")
    def edit(self, pk: int) -> Any:
        group = services.get_group(pk)
        form = group_form(group)
        if form.validate_on_submit():
            try:
                with transaction():
                    fresh = services.change_group(services.get_group(pk), form.values(), version=form.started_from, actor=current_actor())
                    self._picture(form, fresh)
                done(_("The changes were saved."))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
            except StaleVersion:
                form.version.data = str(services.get_group(pk).version)
                form.form_errors.append(_("Somebody else changed this group meanwhile. Look at what you filled in, and save again."))
        return self._form(form, services.get_group(pk), group.season)

    @expose("/<int:pk>/remove", methods=["POST"])
    @needs("groups.write")
    def remove(self, pk: int) -> Any:
        try:
            with transaction():
                group = services.get_group(pk)
                services.put_away(group, actor=current_actor())
                text = _("“%(name)s” was removed.", name=group.name)
            done(text, undo_url=url_for(".restore", pk=pk))
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".show", pk=pk))
        return redirect(url_for("GroupList.list"))

    @expose("/<int:pk>/restore", methods=["POST"])
    @needs("groups.write")
    def restore(self, pk: int) -> Any:
        try:
            with transaction():
                services.bring_back(services.get_group(pk, even_removed=True), actor=current_actor())
            done(_("The group is there again."))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for(".show", pk=pk))

    # --- inside --------------------------------------------------------------------------------

    def _season(self) -> Season | None:
        if "committee" in request.args:
            return None
        pk = request.args.get("season", type=row_id)
        return services.get_season(pk) if pk else services.current_season()

    def _picture(self, form: GroupForm, group: ClubGroup) -> None:
        upload: Any = form.picture.data
        try:
            if getattr(upload, "filename", ""):
                services.set_picture(group, upload.stream, upload.filename, actor=current_actor())
            elif "picture_clear" in form and form.picture_clear.data:
                services.set_picture(group, None, actor=current_actor())
        except UserMistake as mistake:
            raise UserMistake(mistake.message, field="picture") from None

    def _form(self, form: GroupForm, group: ClubGroup | None, season: Season | None) -> Any:
        has_words = any(terms_of(kind) for kind in ("type", "composition", "category"))
        page = self.render("groups/form.html", form=form, group=group, season=season, has_words=has_words)
        return page, 422 if request.method == "POST" else 200
