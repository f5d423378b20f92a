"""What somebody sees of the club first who does not run it: a greeting, the club, what it knows of them."""

from __future__ import annotations

from typing import Any

from flask_login import current_user

from core import clock
from core.access import current_actor
from core.contacts.profile import extra_facts, facts
from core.contacts.services import get_contact
from core.errors import NotFound
from core.home.club import club_facts
from core.i18n import _, format_day_heading
from core.web.context import current_organisation
from core.web.views import CoreView, expose, needs


class HomeView(CoreView):
    """The page of a member."""

    route_base = "/o/<org>/home"
    default_view = "show"

    @expose("/")
    @needs("home.read")
    def show(self) -> Any:
        """The own page."""
        organisation, contact = current_organisation(), _own_contact()
        return self.render(
            "home/show.html",
            greeting=_("Hello %(name)s", name=contact.first_name if contact and current_actor().on_behalf_of_id else current_user.first_name),
            today=format_day_heading(clock.today(organisation.time_zone)),
            contact=contact,
            facts=facts(contact) if contact else [],
            extra=[fact for group in extra_facts(contact) for fact in group.rows if fact.text] if contact else [],
            club=organisation,
            club_facts=club_facts(organisation),
        )


def _own_contact() -> Any:
    """The contact the person is in this organisation; None when there is none (any more)."""
    contact_id = current_actor().contact_id
    try:
        return get_contact(contact_id) if contact_id else None
    except NotFound:
        return None
