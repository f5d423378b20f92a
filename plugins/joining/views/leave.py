"""One page on which people leave: everything they have ends on one day."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.api import CoreView, UserMistake, _n, current_actor, done, expose, needs, transaction
from core.contacts.services import today
from plugins.joining import services
from plugins.joining.actions import LEAVE
from plugins.joining.forms import LeaveForm, leave_form
from plugins.joining.views.chosen import check_known, ids_here, is_for_a_job, selection_here, some_contacts, start_job


class LeavePage(CoreView):
    """Leaving as one act, with what it means before it is done."""

    route_base = "/o/<org>/crm/leave"
    default_view = "leave"
    part_of = "ContactList"

    @expose("/", methods=["GET", "POST"])
    @needs("joining.write")
    def leave(self) -> Any:
        """People who are chosen here, or a selection of the list."""
        selection = selection_here()
        form = leave_form(ids_here())
        ids = list(selection.ids()) if selection is not None else form.ids
        if "preview" not in request.form and form.validate_on_submit():
            try:
                return self._leave(form, ids, selection)
            except UserMistake as mistake:
                form.blame(mistake)
        page = {"form": form, "effect": services.foresee_leaving(ids, form.day or today()), "selection": selection}
        if request.headers.get("HX-Target") == "effect":
            return self.render("joining/_effect.html", **page)
        page |= {"some": [] if selection else some_contacts(ids), "chosen": services.people_of(ids[:200]).values() if selection else []}
        failed = request.method == "POST" and "preview" not in request.form
        return self.render("joining/leave.html", **page), 422 if failed else 200

    def _leave(self, form: LeaveForm, ids: list[int], selection: Any) -> Any:
        batch = services.check_batch(form.batch.data or "")
        known = check_known(ids) if selection is None else services.people_of(ids)
        last, reason = form.day or today(), form.reason.data or ""
        if is_for_a_job(ids):
            return redirect(start_job(LEAVE, ids, selection, {"batch": batch, "last_day": last, "reason": reason}))
        with transaction():
            number = services.leave_several(list(known), last_day=last, reason=reason, batch=batch, actor=current_actor())
        text = _n("%(num)s person has left. The contact stays.", "%(num)s people have left. The contacts stay.", number)
        done(text, undo_url=url_for("JoinPage.undo", batch=batch))
        return redirect(url_for("ContactProfile.show", pk=ids[0]) if len(ids) == 1 else url_for("ContactList.list"))
