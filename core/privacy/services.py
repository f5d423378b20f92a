"""What we know of a person, and forgetting it. The core asks and tells every installed plugin,
also those that are switched off: they still hold data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.history import history_of
from core.audit.services import record, redact
from core.contacts.attributes import ATTRIBUTES
from core.contacts.models import Contact, ContactFunction
from core.contacts.services.saving import flush
from core.corrections import services as corrections
from core.db import db
from core.extend.contributions import PrivacyHold
from core.extend.registry import registry
from core.fields import services as fields
from core.files import services as files
from core.notifications import services as notifications
from core.outbox.refusals import EMAILS, forget_refusals, refusals_of
from core.privacy import ledger, tables
from core.privacy.seen import exports_with
from core.privacy.signatures import ROLE, forget_signatures, parts_once_held
from core.privacy.subject import MEMBER, Subject, subject_of
from core.privacy.tables import plain
from core.users.models import OrganisationRole, Role

__all__ = ["erase_contact", "holds_of", "personal_data", "plain"]

#: history lines given with the data of one person
MOST_LINES = 5_000


def personal_data(contact: Contact, *, actor: Actor, to_the_person: bool = False) -> dict[str, Any]:
    """All that is stored about one person in this organisation, as JSON: {"core": ..., "kept": ..., "<plugin>": ...}.

    to_the_person: for somebody who asks for the own data (or a guardian), with what is kept about
    the login too; needs no right, the caller checked who it is. The export is recorded. Other
    people's data is not in it, but for the names of those who changed something.
    """
    if not to_the_person:
        require(actor, "contacts.read")
    found: dict[str, Any] = {"core": _core_data(contact, actor, to_the_person)}
    subject = subject_of(contact)
    found["kept"] = [{"table": table.name, "title": str(table.title), "rows": plain(rows)} for table, rows in tables.told(subject, to_the_person=to_the_person)]
    found["exports"] = plain([vars(taken) for taken in exports_with(contact.id)])
    plugins = registry().plugins
    for name in plugins.order:
        answers = plugins.ask("privacy_data", [name], contact=contact)
        if any(answers):
            found[name] = plain({key: value for answer in answers for key, value in answer.items()})
    holds = holds_of(contact)
    if holds:
        found["kept_after_erasing"] = plain([vars(hold) for hold in holds])
    record("contact.exported", contact, actor=actor)
    return found


def holds_of(contact: Contact) -> list[PrivacyHold]:
    """What would stay after erasing this person, and why: asked of every installed plugin."""
    plugins = registry().plugins
    return [hold for name in plugins.order for answer in plugins.ask("privacy_holds", [name], contact=contact) for hold in answer or ()]


def _core_data(contact: Contact, actor: Actor, to_the_person: bool) -> dict[str, Any]:
    rows = db.session.scalars(select(ContactFunction).where(ContactFunction.contact_id == contact.id).order_by(ContactFunction.from_on)).all()
    return plain(
        {
            "contact": {a.name: getattr(contact, a.name) for a in ATTRIBUTES} | {"added_on": contact.created_at, "changed_on": contact.changed_at},
            "whose": contact.whose or {},
            "extra": fields.personal_values("contact", contact.extra, actor=actor, to_the_person=to_the_person),
            "files": [{"name": file.filename, "field": file.part, "kept_since": file.created_at} for file in tables.files_about(contact)],
            "notifications": notifications.told_to(contact),
            "corrections": corrections.asked_by(contact),
            "notification_choices": notifications.choices_of(contact),
            "addresses_that_do_not_work": {name: row.said for name, row in refusals_of(contact).items()},
            "functions": [{"function": row.function, "from": row.from_on, "until": row.until_on} for row in rows],
            "history": [
                {
                    "at": line.at,
                    "who": line.who,
                    "what": line.title,
                    "note": line.note,
                    "changes": [[c.label, c.before, c.after] for c in line.changes if not c.hidden],
                }
                for line in history_of("contact", contact.id, limit=MOST_LINES)
            ],
        }
    )


def erase_contact(contact: Contact, *, actor: Actor) -> Contact:
    """Forget a person: what is left is a row with an id, for the counts and invoices that name it.

    The plugins come first, while they can still see whom it is about; one that must keep
    something (an issued invoice) keeps it, one that cannot let go raises UserMistake. What was
    erased is noted outside the database too, so that a backup does not bring it back.
    """
    require(actor, "contacts.delete")
    if contact.erased_at is not None:
        return contact
    subject = subject_of(contact)
    registry().plugins.tell("contact_erased", contact=contact, actor=actor)
    for row in db.session.scalars(select(ContactFunction).where(ContactFunction.contact_id == contact.id)):
        db.session.delete(row)
    _forget_doings(subject, actor)
    files.remove_of(contact)
    notifications.forget_contact(contact)
    corrections.forget_contact(contact)
    addresses = [getattr(contact, name) for name in EMAILS]
    _unlink_login(contact, actor)
    for attribute in ATTRIBUTES:
        setattr(contact, attribute.name, "" if attribute.required else None)
    contact.name_key, contact.search_text = "", ""
    contact.whose, contact.extra = {}, {}
    contact.deleted_at = contact.deleted_at or clock.now()
    contact.erased_at = contact.changed_at = clock.now()
    flush(contact)
    forget_refusals(addresses)
    redact("contact", [contact.id])
    record("contact.erased", contact, actor=actor)
    ledger.note(contact)
    return contact


def finish_erasing(contact_id: int, user_id: int, *, actor: Actor) -> None:
    """Somebody was erased while running things here, and does not any more: the name goes now. Inside transaction()."""
    contact = db.session.scalars(select(Contact).where(Contact.id == contact_id)).one_or_none()
    if contact is not None and contact.erased_at is not None:
        _forget_doings(subject_of(contact, user_id), actor)


def _forget_doings(subject: Subject, actor: Actor) -> None:
    tables.forget(subject, actor=actor)
    forget_signatures(subject)
    tables.redact_rows(ROLE, parts_once_held(subject), actor=actor)


def _unlink_login(contact: Contact, actor: Actor) -> None:
    """A login that was this person's loses the member's part here; what it manages it keeps."""
    held = select(OrganisationRole, Role.name).join(Role, Role.id == OrganisationRole.role_id).where(OrganisationRole.contact_id == contact.id)
    rows = db.session.execute(held).all()
    tables.redact_rows(OrganisationRole.__tablename__, [row.id for row, _name in rows], actor=actor)
    for row, name in rows:
        if name == MEMBER:
            db.session.delete(row)
        else:
            row.contact_id, row.erased_contact_id = None, contact.id
    db.session.flush()
