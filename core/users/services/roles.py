"""Ending a part in running an organisation."""

from __future__ import annotations

from core.access import Actor
from core.db import db
from core.users.models import OrganisationRole


def end_role(row: OrganisationRole, *, actor: Actor) -> None:
    """Take it away, in the scope of its organisation; of somebody who was erased meanwhile the name goes with it."""
    contact_id, user_id = row.erased_contact_id, row.user_id
    db.session.delete(row)
    db.session.flush()
    if contact_id is not None:
        from core.privacy.services import finish_erasing  # noqa: PLC0415 -- circular: what is known of people includes their logins

        finish_erasing(contact_id, user_id, actor=actor)
