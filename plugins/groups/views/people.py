"""Putting people in a group and taking them out, on the page of the group."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts.parsing import parse_date
from core.contacts.services import find_choices, get_contact
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _, _n
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs, row_ids
from plugins.groups import services
from plugins.groups.forms import DaysForm, LeaveForm, PeopleForm
from plugins.groups.models import ClubGroup, GroupMember
from plugins.groups.services.catalogue import title_of
from plugins.groups.services.joining import Joined


class GroupPeople(CoreView):
    """Who is in a group."""

    route_base = "/o/<org>/groups"
    default_view = "add"
    part_of = "GroupList"

    @expose("/<int:pk>/people", methods=["GET", "POST"])
    @needs("groups.write")
    def add(self, pk: int) -> Any:
        """Choose one or more contacts and their function."""
        group = services.get_group(pk)
        form = PeopleForm(data={"function": request.args.get("function", "")})
        if form.validate_on_submit():
            try:
                if not form.ids():
                    raise UserMistake(_("Choose at least one contact."), field="contacts")
                with transaction():
                    outcome = services.join_many(services.get_group(pk), form.ids(), form.function.data or "", from_on=form.first(), actor=current_actor())
                    text, made = _n("%(num)s person was added.", "%(num)s people were added.", len(outcome.made)), [row.id for row in outcome.made]
                self._tell(outcome, text, made)
                return redirect(url_for("GroupPage.show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
            except NotFound:
                form.blame(UserMistake(_("Choose contacts from the list."), field="contacts"))
        return self.render("groups/people_form.html", form=form, group=group, some=_some(form)), 422 if request.method == "POST" else 200

    def _tell(self, outcome: Joined, text: str, made: list[int]) -> None:
        for sentence in outcome.mistakes.values():
            warn(sentence)
        if made:
            done(text, undo_url=url_for(".undo_add", rows="-".join(map(str, made[:200]))))

    @expose("/people/undo-add", methods=["POST"])
    @needs("groups.write")
    def undo_add(self) -> Any:
        """Take back the lines that were just made."""
        ids = row_ids(request.args.get("rows", "").split("-"))
        if not ids:
            raise NotFound("lines")
        with transaction():
            rows = [services.get_member(pk) for pk in ids]
            for row in rows:
                services.take_back(row, actor=current_actor())
            group_id, contact_id = rows[0].group_id, rows[0].contact_id
        done(_("Taken back."))
        return redirect(self._back(group_id, contact_id))

    @expose("/people/<int:pk>/leave", methods=["POST"])
    @needs("groups.write")
    def leave(self, pk: int) -> Any:
        """Out of the group at once: the red link."""
        return self._do(pk, lambda row: services.leave(row, actor=current_actor()), undo=".undo_leave", text=self._left)

    @expose("/people/<int:pk>/leave-on", methods=["GET", "POST"])
    @needs("groups.write")
    def leave_on(self, pk: int) -> Any:
        """The same, with a last day."""
        row, group, name = self._of(pk)
        form = LeaveForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    services.leave(services.get_member(pk), last_day=parse_date(form.last_day.data), actor=current_actor())
                done(_("%(name)s left this group.", name=name), undo_url=url_for(".undo_leave", pk=pk))
                return redirect(self._back(group.id, row.contact_id))
            except UserMistake as mistake:
                form.blame(mistake)
        page = self.render("groups/leave.html", form=form, group=group, name=name, row=row, function=title_of("function", row.function))
        return page, 422 if request.method == "POST" else 200

    @expose("/people/<int:pk>/days", methods=["GET", "POST"])
    @needs("groups.write")
    def days(self, pk: int) -> Any:
        row, group, name = self._of(pk)
        form = DaysForm(data={"from_on": row.from_on, "until_on": row.until_on})
        if form.validate_on_submit():
            try:
                first, last = parse_date(form.from_on.data), parse_date(form.until_on.data)
                if first is None:
                    raise UserMistake(_("Fill in the first day."), field="from_on")
                with transaction():
                    services.change_days(services.get_member(pk), from_on=first, until_on=last, actor=current_actor())
                done(_("The changes were saved."))
                return redirect(self._back(group.id, row.contact_id))
            except UserMistake as mistake:
                form.blame(mistake)
        page = self.render("groups/days.html", form=form, group=group, name=name, function=title_of("function", row.function))
        return page, 422 if request.method == "POST" else 200

    @expose("/people/<int:pk>/undo-leave", methods=["POST"])
    @needs("groups.write")
    def undo_leave(self, pk: int) -> Any:
        return self._do(
            pk, lambda row: services.undo_leave(row, actor=current_actor()), text=lambda _row, name: _("%(name)s is in the group again.", name=name)
        )

    @expose("/people/<int:pk>/pin", methods=["POST"])
    @needs("groups.write")
    def pin(self, pk: int) -> Any:
        """Stays, also when the rule no longer finds this person."""
        return self._do(
            pk, lambda row: services.pin(row, actor=current_actor()), text=lambda _row, name: _("%(name)s stays, whatever the rule finds.", name=name)
        )

    # --- inside --------------------------------------------------------------------------------

    def _do(self, pk: int, act: Any, *, text: Any, undo: str | None = None) -> Any:
        row, group, name = self._of(pk)
        try:
            with transaction():
                fresh = services.get_member(pk)
                act(fresh)
                said = text(fresh, name)
            done(said, undo_url=url_for(undo, pk=pk, **{"from": request.values.get("from")}) if undo else None)  # type: ignore[arg-type]
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(self._back(group.id, row.contact_id))

    def _of(self, pk: int) -> tuple[GroupMember, ClubGroup, str]:
        row = services.get_member(pk)
        return row, services.get_group(row.group_id, even_removed=True), get_contact(row.contact_id, even_in_bin=True).full_name

    def _left(self, row: GroupMember, name: str) -> str:
        """What somebody who leaves leaves behind: a function the federation requires."""
        text = _("%(name)s left this group.", name=name)
        if row.rule_id is not None:
            text += " " + _("The rule does not put this person back.")
        for federation, term in services.missing_functions(services.get_group(row.group_id, even_removed=True)):
            if term.key == row.function:
                text += " " + _(
                    "%(federation)s asks for a %(function)s here: put somebody else in that function.", federation=federation.name, function=term.title.lower()
                )
        return text

    def _back(self, group_id: int, contact_id: int) -> str:
        """To the contact when the button stood there, else to the group."""
        if request.values.get("from") == "contact":
            return url_for("ContactGroups.show", pk=contact_id)
        return url_for("GroupPage.show", pk=group_id)


def _some(form: PeopleForm) -> list[Any]:
    """Contacts to choose from without a script; those that were chosen are among them."""
    found = {contact.id: contact for contact in find_choices("", limit=200)}
    for pk in form.ids():
        if pk not in found:
            try:
                found[pk] = get_contact(pk)
            except NotFound:
                continue
    return sorted(found.values(), key=lambda contact: contact.name_key)
