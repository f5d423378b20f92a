"""One membership as the federation sees it, and the numbers of all clubs."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts.parsing import parse_date
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs
from plugins.memberships import services
from plugins.memberships.forms import RefuseForm
from plugins.memberships.lists.federation import may_decide
from plugins.memberships.models import Membership
from plugins.memberships.presentation import event_lines, present
from plugins.memberships.services.acceptance import missing_details
from plugins.memberships.services.federation import earlier_of, elsewhere, known_of, next_waiting, numbers_by_club, numbers_by_type
from plugins.memberships.services.reading import title_of, today

#: status of a membership -> the list it stands in; all others stand among the members
LIST_OF = {"requested": "FederationRequestList", "refused": "FederationRefusalList"}


class FederationMembership(CoreView):
    """What is known of a member or a request, and the decision."""

    route_base = "/o/<org>/federation/memberships"
    default_view = "show"

    @expose("/<int:pk>")
    @needs("memberships.read")
    def show(self, pk: int) -> Any:
        return self._page(pk, RefuseForm(formdata=None))

    @expose("/<int:pk>/accept", methods=["POST"])
    @needs("memberships.decide")
    def accept(self, pk: int) -> Any:
        known = known_of(pk)
        name = known.person.full_name if known.person else ""
        try:
            with transaction():
                services.accept_membership(pk, actor=current_actor())
            done(_("%(name)s was accepted.", name=name), undo_url=url_for(".undo", pk=pk))
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".show", pk=pk))
        return self._onwards(pk)

    @expose("/<int:pk>/refuse", methods=["POST"])
    @needs("memberships.decide")
    def refuse(self, pk: int) -> Any:
        known, form = known_of(pk), RefuseForm()
        if not form.validate_on_submit():
            return self._page(pk, form), 422
        name = known.person.full_name if known.person else ""
        try:
            with transaction():
                services.refuse_membership(pk, reason=form.reason.data, actor=current_actor())
            done(_("The request of %(name)s was refused. The club reads why.", name=name), undo_url=url_for(".undo", pk=pk))
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".show", pk=pk))
        return self._onwards(pk)

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs("memberships.decide")
    def undo(self, pk: int) -> Any:
        try:
            with transaction():
                services.undo_decision(pk, actor=current_actor())
            done(_("The request waits for a decision again."))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for(".show", pk=pk))

    def _onwards(self, pk: int) -> Any:
        """To the next request when somebody goes through them one by one, else to the list."""
        following = next_waiting(pk) if "next" in request.form else None
        return redirect(url_for(".show", pk=following) if following else url_for("FederationRequestList.list"))

    def _page(self, pk: int, form: Any) -> str:
        known = known_of(pk)
        membership = known.membership
        self.belongs_to(LIST_OF.get(membership.status, "FederationMemberList"))
        return self.render(
            "memberships/federation_show.html",
            known=known,
            shown=present(membership),
            missing=missing_details(membership.kind, known.person) if known.person is not None else [],
            earlier=[present(row) for row in earlier_of(known)],
            elsewhere=[(other, present(other.membership)) for other in elsewhere(known)],
            history=event_lines(services.history_of(membership)),
            form=form,
            can_decide=membership.status == "requested" and may_decide(),
            can_undo=membership.status in ("refused", "accepted") and _was_decided_by_somebody(membership) and may_decide(),
        )


class FederationNumbers(CoreView):
    """How many members, by type and by club, on a day and a year before."""

    route_base = "/o/<org>/federation/numbers"
    default_view = "show"

    @expose("/")
    @needs("memberships.read")
    def show(self) -> Any:
        if current_organisation().kind not in ("federation", "region"):
            raise NotFound("numbers")
        day, mistake = self._day()
        before = _year_before(day)
        types = [(title_of(kind), *counts) for kind, counts in numbers_by_type([day, before])]
        clubs = numbers_by_club(day)
        return self.render("memberships/numbers.html", day=day, before=before, types=types, clubs=clubs, mistake=mistake)

    def _day(self) -> tuple[date, str]:
        try:
            return parse_date(request.args.get("day")) or today(), ""
        except UserMistake as mistake:
            return today(), str(mistake)


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def _was_decided_by_somebody(membership: Membership) -> bool:
    """Not by a rule; the name may be gone, because that person was erased."""
    return membership.decided_by_id is not None or membership.decided_by != ""
