"""Linking a group to a federation of the club: the grey box."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.web.context import current_organisation, federations_of
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs
from plugins.groups import services
from plugins.groups.forms import link_form
from plugins.groups.presentation import finder_hint


class GroupLinks(CoreView):
    """What a federation reads of a group, and what the club orders with it."""

    route_base = "/o/<org>/groups"
    default_view = "change"
    part_of = "GroupList"

    @expose("/<int:pk>/link/<int:federation>", methods=["GET", "POST"])
    @needs("groups.write")
    def change(self, pk: int, federation: int) -> Any:
        """Link it, or change what is shared and ordered."""
        group, owner = services.get_group(pk), _federation(federation)
        link = services.link_of(group, owner)
        form = link_form(group, owner, link)
        if form.validate_on_submit():
            try:
                options = list(form.options.data or ()) if "options" in form else list(link.options if link is not None else ())
                version = form.started_from if link is not None else None
                with transaction():
                    services.link_group(services.get_group(pk), owner, extra=form.extra(), options=options, version=version, actor=current_actor())
                done(_("Saved. %(federation)s reads it from now on.", federation=owner.name))
                return redirect(url_for("GroupPage.show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
            except StaleVersion:
                fresh = services.link_of(services.get_group(pk), owner)
                form.version.data = str(fresh.version) if fresh is not None else ""
                form.form_errors.append(_("Something of this link changed meanwhile. Look at what you filled in, and save again."))
        is_linked = link is not None and link.unlinked_on is None
        hint = finder_hint(link, owner) if link is not None else None
        page = self.render("groups/link_form.html", form=form, group=services.get_group(pk), federation=owner, is_linked=is_linked, hint=hint)
        return page, 422 if request.method == "POST" else 200

    @expose("/<int:pk>/link/<int:federation>/end", methods=["POST"])
    @needs("groups.write")
    def end(self, pk: int, federation: int) -> Any:
        owner = _federation(federation)
        return self._do(pk, federation, services.unlink, _("%(federation)s no longer follows this group.", federation=owner.name), undo=".undo_end")

    @expose("/<int:pk>/link/<int:federation>/undo-end", methods=["POST"])
    @needs("groups.write")
    def undo_end(self, pk: int, federation: int) -> Any:
        return self._do(pk, federation, services.undo_unlink, _("The link is there again."))

    def _do(self, pk: int, federation: int, act: Any, text: str, undo: str | None = None) -> Any:
        owner = _federation(federation)
        try:
            with transaction():
                act(services.get_group(pk), owner, actor=current_actor())
            done(text, undo_url=url_for(undo, pk=pk, federation=federation) if undo else None)
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for("GroupPage.show", pk=pk))


def _federation(pk: int) -> Organisation:
    """A federation of this club; any other is not there for it."""
    found = next((f for f in federations_of(current_organisation()) if f.id == pk), None) if current_organisation().kind == "club" else None
    if found is None:
        raise NotFound(f"federation {pk}")
    return found
