"""The memberships of the person at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from core.access import current_actor
from core.contacts.services import get_contact
from core.corrections.services import as_member
from core.errors import NotFound
from core.fields.services import may_see
from core.i18n import _
from core.web.context import current_organisation
from core.web.views import CoreView, expose, needs
from plugins.memberships import services
from plugins.memberships.presentation import Shown, present
from plugins.memberships.services.extra import describe_extra, fields_of

#: what is shown at once, in this order; what is over comes behind a link
NOW = {"active": 0, "later": 1, "requested": 2, "refused": 3}


class OwnMemberships(CoreView):
    """Whoever the actor is here, also a parent who acts for a child, sees the memberships of that contact only."""

    on_behalf = "see"
    route_base = "/o/<org>/my/memberships"
    default_view = "list"

    @expose("/")
    @needs("home.read")
    def list(self) -> Any:
        """Current and future ones; expired ones when asked."""
        contact_id = self._contact_id()
        if contact_id is None:
            return self.render("corrections/nobody.html", title=_("Memberships"))
        found = [self._shown(membership) for membership in services.memberships_of(contact_id)]
        now = sorted((shown for shown in found if shown.state in NOW), key=lambda shown: NOW[shown.state])
        over = [shown for shown in found if shown.state == "ended"]
        return self.render("memberships/own.html", title=_("Memberships"), now=now, over=over, shows_over="expired" in request.args)

    @expose("/<int:pk>/")
    @needs("home.read")
    def show(self, pk: int) -> Any:
        """One of them, with its details."""
        membership = services.get_membership(pk)
        if membership.contact_id != self._contact_id() or membership.organisation_id != current_organisation().id:
            raise NotFound(f"membership {pk}")
        return self.render("memberships/own_one.html", shown=self._shown(membership))

    def _contact_id(self) -> int | None:
        """The contact, when it is still there."""
        try:
            return get_contact(current_actor().contact_id or 0).id
        except NotFound:
            return None

    def _shown(self, membership: Any) -> Shown:
        """With the extra fields a member may see."""
        member = as_member(current_actor())
        fields = [field for field in fields_of(membership.kind, current_organisation()) if may_see(field, member)]
        return replace(present(membership), extra=tuple(describe_extra(fields, membership.extra or {})))
