"""What requests for correction hold of a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from core.contacts.models import Contact
from core.contacts.versions import label_of, show
from core.corrections.models import ContactCorrection
from core.corrections.services.asking import drafts
from core.db import db
from core.files import services as files


def asked_by(contact: Contact) -> list[dict[str, Any]]:
    """For the export of personal data."""
    rows = db.session.scalars(select(ContactCorrection).where(ContactCorrection.contact_id == contact.id).order_by(ContactCorrection.id))
    return [
        {
            "asked_at": row.asked_at,
            "asked_by": row.asked_by,
            "state": row.state,
            "decided_by": row.decided_by,
            "reason": row.reason,
            "was": {label_of(name) or name: show(name, value) for name, value in row.was.items()},
            "wanted": {label_of(name) or name: show(name, value) for name, value in row.wanted.items()},
        }
        for row in rows
    ]


def forget_contact(contact: Contact) -> None:
    """A person is erased: nothing it asked stays."""
    for row in db.session.scalars(select(ContactCorrection).where(ContactCorrection.contact_id == contact.id)).all():
        for file in drafts(value for name, value in row.wanted.items() if name.startswith("extra.")):
            files.remove(file)
    db.session.execute(delete(ContactCorrection).where(ContactCorrection.contact_id == contact.id).execution_options(synchronize_session=False))
