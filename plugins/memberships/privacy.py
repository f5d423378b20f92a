"""All that is stored about a person here, for the export of personal data."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import exists, or_, select

from core.access import current_actor
from core.contacts.models import Contact
from core.extend.contributions import PersonalTable
from core.fields import services as fields
from core.i18n import _l
from plugins.memberships import services
from plugins.memberships.models import FederationMember, Membership
from plugins.memberships.presentation import event_lines, owner_name
from plugins.memberships.services.reading import title_of


def data_of(contact: Contact) -> dict[str, Any]:
    return {"memberships": [_one(membership) for membership in services.memberships_of(contact.id)]}


def _one(membership: Any) -> dict[str, Any]:
    return {
        "type": title_of(membership.kind),
        "organisation": owner_name(membership),
        "from": membership.from_on,
        "until": membership.until_on,
        "season": membership.season,
        "status": membership.status,
        "extra": fields.personal_values("membership", membership.extra, actor=current_actor()),
        "requested_by": membership.requested_by,
        "decided_by": membership.decided_by,
        "reason": membership.reason,
        "why_it_ended": membership.end_reason,
        "history": [
            {"at": line.at, "who": line.who, "what": line.what, "note": line.note, "changes": event.changes}
            for event in services.history_of(membership)
            for line in event_lines([event])
        ],
    }


def is_member_since(day: date) -> Any:
    """SQL condition on Contact: a member, or asking to be one, on or after this day."""
    open_end = or_(Membership.until_on.is_(None), Membership.until_on >= day)
    return exists(select(Membership.id).where(Membership.contact_id == Contact.id, Membership.status.in_(("accepted", "requested")), open_end))


TABLES = [
    PersonalTable(
        FederationMember, _l("What your federation knows of you"), lambda subject: FederationMember.contact_id == subject.contact.id, hides=("name_key",)
    ),
]
