"""Settings > Contact functions: what people are in a family, and whether they may act for its children."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.api import CoreView, StaleVersion, UserMistake, _, current_actor, done, expose, needs, transaction
from plugins.families import services
from plugins.families.forms import function_form


class FamilyFunctions(CoreView):
    """The family functions of a club."""

    route_base = "/o/<org>/settings/contact-functions"
    default_view = "list"

    @expose("/")
    @needs("families.read")
    def list(self) -> Any:
        return self.render("families/functions.html", functions=services.functions())

    @expose("/add", methods=["GET", "POST"])
    @needs("family_functions.write")
    def add(self) -> Any:
        return self._edit(None)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs("family_functions.write")
    def change(self, pk: int) -> Any:
        return self._edit(services.get_function(pk))

    def _edit(self, function: Any) -> Any:
        form = function_form(function)
        pk = function.id if function else None
        if form.validate_on_submit():
            try:
                with transaction():
                    kept = services.get_function(pk) if pk else None
                    name = services.save_function(kept, form.values(), version=form.started_from if pk else None, actor=current_actor()).title
                done(_("“%(name)s” was saved.", name=name))
                return redirect(url_for(".list"))
            except StaleVersion:
                form.form_errors.append(_("Somebody else changed this meanwhile. Open it again and make your change."))
            except UserMistake as mistake:
                form.blame(mistake)
        title = services.get_function(pk).title if pk else _("New family function")
        return self.render("families/function_form.html", form=form, title=title, is_new=pk is None), 422 if request.method == "POST" else 200
