"""Choosing what goes into an export."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_login import current_user

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.exports.services import columns_named, needs_password, require_export, start_export
from core.lists.definition import definition_named, list_endpoint
from core.lists.listing import listing_for
from core.lists.services import chosen_columns
from core.selections.models import Selection
from core.selections.services import get_selection
from core.users.services import password_problem
from core.web.forms import Form
from core.web.views import CoreView, expose, needs


class ExportView(CoreView):
    """Tick the information, then a job makes the file. The right is that of the list."""

    route_base = "/o/<org>/exports"
    default_view = "choose"
    part_of = "ContactList"

    @expose("/<int:selection>", methods=["GET", "POST"])
    @needs("login")
    def choose(self, selection: int) -> Any:
        """Which columns, and (for many people or private data) the password."""
        actor = current_actor()
        chosen = get_selection(selection, actor=actor)
        definition = definition_named(chosen.list_name)
        require_export(definition, actor)
        form, mistake = Form(), None
        if form.validate_on_submit():
            try:
                mistake = self._password_problem(chosen)
                if mistake is None:
                    with transaction():
                        job_id = start_export(chosen, request.form.getlist("columns"), request.form.get("format", ""), actor=actor).id
                    return redirect(url_for("JobView.show", pk=job_id))
            except UserMistake as found:
                mistake = found
        return self._page(chosen, form, mistake), 422 if mistake else 200

    def _password_problem(self, chosen: Selection) -> UserMistake | None:
        """Why the password is asked again, in a transaction of its own so that a wrong one counts."""
        listing = listing_for(definition_named(chosen.list_name), actor=current_actor())
        if not needs_password(chosen, columns_named(listing, request.form.getlist("columns"))):
            return None
        with transaction():
            return password_problem(current_user, request.form.get("password", ""), request.remote_addr or "")

    def _page(self, chosen: Selection, form: Form, mistake: UserMistake | None) -> str:
        actor = current_actor()
        listing = listing_for(definition_named(chosen.list_name), actor=actor)
        ticked = request.form.getlist("columns") if request.method == "POST" else [c.name for c in chosen_columns(listing, actor=actor)]
        groups: dict[str, list[Any]] = {}
        for column in listing.columns.values():
            groups.setdefault(str(column.group), []).append(column)
        return self.render(
            "exports/choose.html",
            selection=chosen,
            definition=listing.definition,
            groups=groups,
            ticked=ticked,
            format=request.values.get("format") if request.values.get("format") in ("xlsx", "csv") else "xlsx",
            asks_password=needs_password(chosen, ()),
            has_sensitive=any(c.sensitive for c in listing.columns.values()),
            form=form,
            list_url=url_for(list_endpoint(listing.definition.name)),
            mistake=mistake,
        )
