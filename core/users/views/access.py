"""Who can see and change the data of a person: for that person, and for whoever administers."""

from __future__ import annotations

from typing import Any

from core.access import current_actor
from core.contacts import profile
from core.contacts.services import get_contact
from core.errors import NotFound
from core.users.services.access import who_has_access
from core.web.context import current_organisation
from core.web.views import CoreView, expose, needs


class AccessPage(CoreView):
    """In the own area; the page about privacy leads here."""

    route_base = "/o/<org>/my/access"
    default_view = "show"

    @expose("/")
    @needs("login")
    def show(self) -> Any:
        contact_id = current_actor().contact_id
        if contact_id is None:
            raise NotFound("the person is no contact here")
        return self.render("users/access.html", places=who_has_access(current_organisation()), contact=get_contact(contact_id))


class ContactAccess(CoreView):
    """The same, on the profile of a contact."""

    route_base = "/o/<org>/crm/contacts"
    default_view = "show"
    part_of = "ContactProfile"

    @expose("/<int:pk>/access")
    @needs("contacts.read")
    def show(self, pk: int) -> Any:
        contact = get_contact(pk, even_in_bin=True)
        return self.render(
            "users/contact_access.html",
            **profile.frame(contact, "ContactAccess.show"),
            places=who_has_access(current_organisation()),
            sections=profile.sections(contact, badges_only=True),
        )
