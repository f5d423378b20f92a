"""Settings > Extra fields: making, ordering and switching off the fields of an organisation."""

from __future__ import annotations

from typing import Any, Literal

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import StaleVersion, UserMistake
from core.fields import services
from core.fields.editor import FieldForm, consequences, field_form, page_context, target_here
from core.fields.extra_field import ExtraField
from core.i18n import _
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs


class ExtraFields(CoreView):
    """The list on the left, the field that is changed on the right."""

    route_base = "/o/<org>/settings/extra-fields"
    default_view = "list"

    @expose("/")
    @needs("fields.read")
    def list(self) -> Any:
        return self.render("fields/list.html", **page_context(target_here(request.args.get("target")), None))

    @expose("/add", methods=["GET", "POST"])
    @needs("fields.write")
    def add(self) -> Any:
        target, form = target_here(request.values.get("target")), field_form()
        if not form.validate_on_submit() or "more" in request.form:
            return self._page(form, target, None)
        try:
            with transaction():
                row = services.create_field(target, form.values(), actor=current_actor(), is_active="later" not in request.form)
                pk, name = row.id, services.field_here(target, row.key).title
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, target, None)
        done(_("The field “%(name)s” was made.", name=name), undo_url=url_for(".delete", pk=pk))
        return redirect(url_for(".edit", pk=pk))

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs("fields.write")
    def edit(self, pk: int) -> Any:
        row = services.get_field(pk)
        field = services.field_here(row.target, row.key)
        form = field_form(field, row)
        if not form.validate_on_submit() or "more" in request.form:
            return self._page(form, field.target, field)
        try:
            with transaction():
                services.change_field(row, form.values(), actor=current_actor(), version=form.started_from)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, field.target, field)
        except StaleVersion:
            return self._stale(pk, form)
        done(_("The field was saved."), undo_url=url_for(".undo", pk=pk))
        return redirect(url_for(".edit", pk=pk))

    def _stale(self, pk: int, form: FieldForm) -> Any:
        """Somebody was first: what was typed stays, and the next save is meant."""
        row = services.get_field(pk)
        field = services.field_here(row.target, row.key)
        form.version.data = str(row.version)
        form.form_errors.append(
            _("Somebody changed this field meanwhile. It is now called “%(name)s”. What you typed is below: save again to keep yours.", name=field.title)
        )
        body, _status = self._page(form, field.target, field)
        return body, 409

    def _page(self, form: FieldForm, target: str, field: ExtraField | None) -> Any:
        said = consequences(field) if field else []
        is_mistake = request.method == "POST" and "more" not in request.form
        return self.render("fields/edit.html", form=form, consequences=said, **page_context(target, field)), 422 if is_mistake else 200

    @expose("/of/<target>/<key>", methods=["GET", "POST"])
    @needs("fields.read")
    def other(self, target: str, key: str) -> Any:
        """A field of a federation or a plugin: to look at, or for a federation to call differently."""
        field = services.field_here(target, key)
        form = field_form(field)
        if services.may_adapt(field) and form.validate_on_submit() and "more" not in request.form:
            try:
                with transaction():
                    row = services.adapt_field(field, form.values(), actor=current_actor())
                    pk = row.id
            except UserMistake as mistake:
                form.blame(mistake)
            else:
                done(_("The field was saved."), undo_url=url_for(".undo", pk=pk))
                return redirect(url_for(".other", target=target, key=key))
        is_mistake = request.method == "POST" and "more" not in request.form
        return self.render("fields/other.html", form=form, **page_context(target, field)), 422 if is_mistake else 200

    @expose("/of/<target>/<key>/switch", methods=["POST"])
    @needs("fields.write")
    def switch_other(self, target: str, key: str) -> Any:
        on = request.form.get("on") == "1"
        with transaction():
            row = services.switch_declared(services.field_here(target, key), on, actor=current_actor())
            pk = row.id
        done(_("The field is in use.") if on else _("The field is switched off. What was filled in stays."), undo_url=url_for(".undo_switch", pk=pk))
        return redirect(url_for(".other", target=target, key=key))

    @expose("/<int:pk>/switch", methods=["POST"])
    @needs("fields.write")
    def switch(self, pk: int) -> Any:
        on = request.form.get("on") == "1"
        try:
            with transaction():
                services.switch(services.get_field(pk), on, actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
        else:
            done(_("The field is in use.") if on else _("The field is switched off. What was filled in stays."), undo_url=url_for(".undo_switch", pk=pk))
        return redirect(url_for(".edit", pk=pk))

    @expose("/<int:pk>/undo-switch", methods=["POST"])
    @needs("fields.write")
    def undo_switch(self, pk: int) -> Any:
        with transaction():
            row = services.get_field(pk)
            services.switch(row, not row.is_active, actor=current_actor())
        done(_("This is undone."))
        return self._back(pk)

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs("fields.write")
    def undo(self, pk: int) -> Any:
        try:
            with transaction():
                services.undo_change(services.get_field(pk), actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
        else:
            done(_("This is undone."))
        return self._back(pk)

    def _back(self, pk: int) -> Any:
        row = services.get_field(pk)
        return redirect(url_for(".other", target=row.target, key=row.key) if row.declared_by else url_for(".edit", pk=pk))

    @expose("/<int:pk>/move", methods=["POST"])
    @needs("fields.write")
    def move(self, pk: int) -> Any:
        """One place up or down; the undo is the other way."""
        direction: Literal["up", "down"] = "up" if request.values.get("direction") == "up" else "down"
        back = "down" if direction == "up" else "up"
        with transaction():
            row = services.get_field(pk)
            moved = services.move(row, direction, actor=current_actor())
            target, name = row.target, services.field_here(row.target, row.key).title
        if moved:
            done(_("“%(name)s” was moved.", name=name), undo_url=url_for(".move", pk=pk, direction=back))
        return redirect(url_for(".list", target=target, _anchor=f"field-{pk}"))

    @expose("/<int:pk>/delete", methods=["POST"])
    @needs("fields.write")
    def delete(self, pk: int) -> Any:
        """Only of a field nobody filled in."""
        target = services.get_field(pk).target
        try:
            with transaction():
                services.delete_field(services.get_field(pk), actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".edit", pk=pk))
        done(_("The field was removed."))
        return redirect(url_for(".list", target=target))
