"""The part of a list page that keeps filters under a name and runs them again."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.datastructures import MultiDict

from core.access import can, current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.lists import saved as filters
from core.lists.filterset import FilterSet, pairs_of
from core.lists.models import SavedFilter
from core.web.flashes import done
from core.web.views import expose, needs


class SavedFilterPages:
    """Mixed into ListPage, which guards every method with the right of its list."""

    @expose("/saved")
    @needs("login")
    def saved(self: Any) -> Any:
        """The saved filters: the menu of the search bar, or the page where they are kept in order."""
        state = self._state()
        if request.headers.get("HX-Target") == "saved-menu":
            return self.render("lists/_saved.html", **self._saved_context(state))
        return self.render("lists/saved.html", **self._saved_context(state))

    @expose("/saved/new")
    @needs("login")
    def new_filter(self: Any) -> Any:
        """Ask for a name; for browsers without script."""
        return self._save_page(self._state())

    @expose("/saved", methods=["POST"])
    @needs("login")
    def save_filter(self: Any) -> Any:
        state = self._state(_question(request.form))
        try:
            with transaction():
                filters.save_filter(state.asked, request.form.get("name", ""), shared="shared" in request.form, sort=state.sort_text, actor=current_actor())
        except UserMistake as mistake:
            return self._save_page(state, mistake), 422
        done(_("The filter is saved. You find it under Saved filters, beside the search box."))
        return redirect(state.url())

    @expose("/saved/<int:pk>", methods=["POST"])
    @needs("login")
    def rename_filter(self: Any, pk: int) -> Any:
        kept = self._saved(pk)
        try:
            with transaction():
                filters.rename_filter(self._saved(pk), request.form.get("name", ""), shared="shared" in request.form, actor=current_actor())
        except UserMistake as mistake:
            return self.render("lists/saved.html", **self._saved_context(self._state(), kept.id, mistake)), 422
        done(_("Saved."))
        return redirect(self.address("saved"))

    @expose("/saved/<int:pk>/remove", methods=["POST"])
    @needs("login")
    def remove_filter(self: Any, pk: int) -> Any:
        with transaction():
            kept = self._saved(pk)
            filters.remove_filter(kept)
            name = kept.name
        done(_("The filter “%(name)s” was removed.", name=name), undo_url=self.address("restore_filter", pk=pk))
        return redirect(self.address("saved"))

    @expose("/saved/<int:pk>/restore", methods=["POST"])
    @needs("login")
    def restore_filter(self: Any, pk: int) -> Any:
        with transaction():
            filters.restore_filter(self._saved(pk))
        done(_("The filter is back."))
        return redirect(self.address("saved"))

    # --- inside ------------------------------------------------------------------------------

    def _saved(self: Any, pk: int) -> SavedFilter:
        return filters.get_filter(pk, self.definition.name, actor=current_actor())

    def _saved_context(self: Any, state: Any, wrong: int | None = None, mistake: UserMistake | None = None) -> dict[str, Any]:
        actor = current_actor()
        found = filters.saved_filters(self.definition.name, actor=actor)
        return {
            "view": self,
            "state": state,
            "filters": found,
            "changeable": {each.id for each in found if filters.may_change(each, actor=actor)},
            "questions": {each.id: FilterSet.parse(each.query, state.listing) for each in found},
            "may_share": can(actor, filters.SHARE),
            "own_id": actor.user_id,
            "wrong": wrong,
            "mistake": mistake,
        }

    def _save_page(self: Any, state: Any, mistake: UserMistake | None = None) -> Any:
        return self.render("lists/save_filter.html", view=self, state=state, mistake=mistake, may_share=can(current_actor(), filters.SHARE))

    def filter_url(self: Any, kept: SavedFilter) -> str:
        """The address that runs a saved filter."""
        query = kept.query + (f"&sort={kept.sort}" if kept.sort else "")
        return f"{url_for(f'{self.endpoint}.list')}?{query}"


def _question(form: Any) -> MultiDict[str, str]:
    """A posted question and sort, as the arguments of an address."""
    return MultiDict([*pairs_of(form.get("query", "")), ("sort", form.get("sort", ""))])
