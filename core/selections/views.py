"""From a selection to the job that does something with it."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.jobs.services import visible_job
from core.lists.actions import BulkAction
from core.lists.definition import definition_named, list_endpoint
from core.lists.listing import listing_for
from core.selections.bulk import consequence, find_action, start, start_undo
from core.selections.models import Selection
from core.selections.services import get_selection
from core.web.flashes import warn
from core.web.forms import Form
from core.web.views import CoreView, expose, needs


class SelectionView(CoreView):
    """What to do with chosen rows, what it will do, and doing it. Each action asks its own right."""

    route_base = "/o/<org>/selections"
    default_view = "begin"
    part_of = "ContactList"

    @expose("/<int:pk>")
    @needs("login")
    def begin(self, pk: int) -> Any:
        """Go to the chosen action, or offer all of them."""
        actor = current_actor()
        selection = get_selection(pk, actor=actor)
        name = request.args.get("action")
        if not name:
            definition = definition_named(selection.list_name)
            return self.render("lists/selection.html", selection=selection, definition=definition, actions=listing_for(definition, actor=actor).actions)
        action = find_action(selection.list_name, name, actor=actor)
        if action.exactly and selection.count != action.exactly:
            warn(_("Choose exactly %(number)s rows for this.", number=action.exactly))
            return redirect(url_for("SelectionView.begin", pk=pk))
        if action.endpoint:
            return redirect(url_for(action.endpoint, selection=pk, **action.arguments))
        return redirect(url_for("SelectionView.confirm", pk=pk, name=name))

    @expose("/<int:pk>/<name>", methods=["GET", "POST"])
    @needs("login")
    def confirm(self, pk: int, name: str) -> Any:
        """Ask what the action needs, say what it will do, and start it."""
        actor = current_actor()
        selection = get_selection(pk, actor=actor)
        action = find_action(selection.list_name, name, actor=actor)
        if action.endpoint:
            return redirect(url_for("SelectionView.begin", pk=pk, action=name))
        form = (action.form or Form)()
        if form.validate_on_submit() and "preview" not in request.form:
            try:
                with transaction():
                    job_id = start(selection, name, values_of(form), actor=actor).id
                return redirect(url_for("JobView.show", pk=job_id))
            except UserMistake as mistake:
                form.blame(mistake)
        return self._page(selection, action, form), 422 if form.errors and "preview" not in request.form else 200

    def _page(self, selection: Selection, action: BulkAction, form: Any) -> str:
        context = {"selection": selection, "action": action, "form": form, "definition": definition_named(selection.list_name)}
        context["list_url"] = url_for(list_endpoint(selection.list_name))
        context["sentence"] = consequence(action, selection, values_of(form))
        if request.headers.get("HX-Target") == "consequence":
            return self.render("lists/_consequence.html", **context)
        return self.render("lists/confirm.html", **context)

    @expose("/undo/<int:job>", methods=["POST"])
    @needs("login")
    def undo(self, job: int) -> Any:
        """Put back everything a bulk action did."""
        actor = current_actor()
        with transaction():
            undoing = start_undo(visible_job(job, actor=actor), actor=actor)
            job_id = undoing.id
        return redirect(url_for("JobView.show", pk=job_id))


def values_of(form: Any) -> dict[str, Any]:
    """What was filled in, without the CSRF token."""
    return {name: value for name, value in form.data.items() if name != "csrf_token"}
