"""One proposal to a club: both sides, and the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, url_for

from core.api import Contact, CoreView, Form, UserMistake, _, current_actor, db, done, expose, needs, transaction, warn
from plugins.exchange.catalogue import DETAILS, TYPE, UNTIL, as_text
from plugins.exchange.lists import READ
from plugins.exchange.models import Proposal
from plugins.exchange.presentation import kind_title, proposal_state, show_value
from plugins.exchange.services import proposals
from plugins.exchange.services.proposals import DECIDE


class ProposalView(CoreView):
    route_base = "/o/<org>/crm/proposals"
    default_view = "show"
    part_of = "ProposalList"

    @expose("/<int:pk>")
    @needs(READ)
    def show(self, pk: int) -> Any:
        """What we have, what they say."""
        proposal = proposals.get_proposal(pk)
        contact = db.session.get(Contact, proposal.contact_id) if proposal.contact_id else None
        return self.render(
            "exchange/proposal.html",
            proposal=proposal,
            contact=contact,
            kind=kind_title(proposal.kind),
            status=proposal_state(proposal.state),
            rows=_rows(proposal, contact),
            form=Form(),
        )

    @expose("/<int:pk>/accept", methods=["POST"])
    @needs(DECIDE)
    def accept(self, pk: int) -> Any:
        return self._answer(pk, proposals.accept_proposal, _("The proposal was accepted."))

    @expose("/<int:pk>/refuse", methods=["POST"])
    @needs(DECIDE)
    def refuse(self, pk: int) -> Any:
        return self._answer(pk, proposals.refuse_proposal, _("The proposal was refused."))

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs(DECIDE)
    def undo(self, pk: int) -> Any:
        try:
            with transaction():
                proposals.undo_answer(pk, actor=current_actor())
            done(_("The proposal waits again."))
        except UserMistake as mistake:
            warn(str(mistake))
        return redirect(url_for(".show", pk=pk))

    def _answer(self, pk: int, deed: Callable[..., Any], text: str) -> Any:
        try:
            with transaction():
                deed(pk, actor=current_actor())
        except UserMistake as mistake:
            warn(str(mistake))
            return redirect(url_for(".show", pk=pk))
        done(text, undo_url=url_for(".undo", pk=pk))
        return redirect(url_for("ProposalList.list"))


def _rows(proposal: Proposal, contact: Contact | None) -> list[tuple[str, str, str]]:
    """(field, what we have now, what they say) in the order people know."""
    titles = {
        "first_name": _("First name"), "last_name": _("Family name"), "birth_date": _("Birth date"), "gender": _("Gender"), "street": _("Street"),
        "house_number": _("House number"), "box": _("Box"), "postcode": _("Postcode"), "town": _("Town"), "country": _("Country"),
        "email_1": _("E-mail address 1"), TYPE: _("Membership type"), UNTIL: _("End date"),
    }  # fmt: skip
    found = []
    for name in (*DETAILS, TYPE, UNTIL):
        if name in (proposal.fields or {}):
            then, theirs = proposal.fields[name]
            now = as_text(getattr(contact, name)) if contact is not None and name in DETAILS else then
            found.append((titles[name], show_value(name, now), show_value(name, theirs)))
    return found
