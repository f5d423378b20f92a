"""One page on which somebody joins: contact, membership, groups and functions."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.api import CoreView, UserMistake, _, _n, current_actor, done, expose, needs, transaction, warn
from core.contacts.services import check_values, find_similar
from plugins.joining import services
from plugins.joining.actions import JOIN
from plugins.joining.forms import PERSON, PLACES, JoinForm, join_form
from plugins.joining.views.chosen import check_known, ids_here, is_for_a_job, selection_here, some_contacts, start_job


class JoinPage(CoreView):
    """Joining as one act, with what it means before it is done."""

    route_base = "/o/<org>/crm/join"
    default_view = "join"
    part_of = "ContactList"

    @expose("/", methods=["GET", "POST"])
    @needs("joining.write")
    def join(self) -> Any:
        """A new person (`?who=new`), people who are chosen here, or a selection of the list."""
        selection = selection_here()
        is_new = selection is None and request.args.get("who") == "new"
        form = join_form(ids_here())
        ids = list(selection.ids()) if selection is not None else ([] if is_new else form.ids)
        similar: list[Any] = []
        if "preview" not in request.form and form.validate_on_submit():
            try:
                if is_new:
                    similar = self._similar(form)
                    if not similar and not form.errors:
                        return self._join_new(form)
                else:
                    return self._join(form, ids, selection)
            except UserMistake as mistake:
                form.blame(mistake)
        return self._page(form, ids, selection, is_new, similar)

    @expose("/undo/<batch>", methods=["POST"])
    @needs("joining.write")
    def undo(self, batch: str) -> Any:
        """Put back everything of one click."""
        try:
            with transaction():
                number = services.undo_batch(batch, actor=current_actor())
            done(_n("Everything is as it was, for %(num)s person.", "Everything is as it was, for %(num)s people.", number))
        except UserMistake as mistake:
            warn(mistake.message)
        if request.args.get("to") == "health":
            return redirect(url_for("HealthPage.show"))
        return redirect(url_for("ContactList.list"))

    # --- inside --------------------------------------------------------------------------------

    def _similar(self, form: JoinForm) -> list[Any]:
        """Mistakes beside their fields; then people who look like the new one, unless that was looked at."""
        _cleaned, mistakes = check_values(None, form.person(), actor=current_actor())
        for mistake in mistakes:
            form.blame(mistake)
        return [] if mistakes or "anyway" in request.form else find_similar(form.person())

    def _join_new(self, form: JoinForm) -> Any:
        batch = services.check_batch(form.batch.data or "")
        with transaction():
            contact = services.join_new(form.person(), form.wish(), batch=batch, actor=current_actor())
            name, pk = contact.full_name, contact.id
        done(_("%(name)s has joined.", name=name), undo_url=url_for(".undo", batch=batch))
        return redirect(url_for("ContactProfile.show", pk=pk))

    def _join(self, form: JoinForm, ids: list[int], selection: Any) -> Any:
        batch = services.check_batch(form.batch.data or "")
        known = check_known(ids) if selection is None else services.people_of(ids)
        if is_for_a_job(ids):
            return redirect(start_job(JOIN, ids, selection, services.values_of(form.wish(), batch)))
        with transaction():
            number = services.join_several(list(known), form.wish(), batch=batch, actor=current_actor())
        text = _n("%(num)s person has joined.", "%(num)s people have joined.", number)
        done(text, undo_url=url_for(".undo", batch=batch))
        return redirect(url_for("ContactProfile.show", pk=ids[0]) if len(ids) == 1 else url_for("ContactList.list"))

    def _page(self, form: JoinForm, ids: list[int], selection: Any, is_new: bool, similar: list[Any]) -> Any:
        new = form.person() if is_new else None
        effect = services.foresee_joining(ids, form.wish(), new=new, actor=current_actor())
        page = {"form": form, "effect": effect, "selection": selection, "is_new": is_new, "similar": similar, "person": PERSON, "places": range(PLACES)}
        if request.headers.get("HX-Target") == "effect":
            return self.render("joining/_effect.html", **page)
        page |= {"some": [] if is_new or selection else some_contacts(ids), "has_groups": services.has_groups()}
        page["chosen"] = services.people_of(ids[:200]).values() if selection else []
        failed = request.method == "POST" and "preview" not in request.form
        return self.render("joining/join.html", **page), 422 if failed else 200
