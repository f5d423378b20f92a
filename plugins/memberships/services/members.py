"""What a federation knows of members, kept in step with the contacts of the club."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select, update

from core import clock
from core.access import Actor
from core.audit.services import record, redact
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.db import chunks, db, insert_rows, is_one_of
from core.errors import UserMistake
from core.fields import services as fields
from core.files.services import remove_of as remove_files_of
from core.i18n import _
from core.organisations.models import Organisation
from core.web.context import current_organisation, federations_of
from plugins.memberships.models import FederationMember, Membership, MembershipEvent
from plugins.memberships.services.reading import not_over, today

#: attributes of a contact its federation reads
DETAILS = ("first_name", "last_name", "name_key", "birth_date", "gender", "street", "house_number", "box", "postcode", "town", "country", "email_1")
#: how long the name of a former member is kept, for an invoice of the days it counted
KEPT = timedelta(days=730)


def readable_keys(federation: Organisation) -> set[str]:
    """Extra fields of contacts this federation may read."""
    return {
        d.key
        for d in fields.definitions("contact")
        if d.federation_reads and not fields.is_sensitive(d) and (d.owner_id in (None, federation.id)) and d.declared_by in (None, federation.federation_plugin)
    }


def details_of(person: Any, keys: set[str]) -> dict[str, Any]:
    extra = person.extra or {}
    return {name: getattr(person, name) for name in DETAILS} | {"extra": {key: extra[key] for key in sorted(keys) if extra.get(key) is not None}}


def keep_members(people: Sequence[Any], federation: Organisation) -> None:
    """Let the federation know these persons as they are now; two queries and one insert for all."""
    keys, now = readable_keys(federation), clock.now()
    by_id = {person.id: person for person in people}
    known: set[int] = set()
    for part in chunks(sorted(by_id), 5_000):
        query = select(FederationMember).where(FederationMember.federation_id == federation.id, is_one_of(FederationMember.contact_id, part))
        for row in db.session.scalars(query):
            known.add(row.contact_id)
            _copy(row, details_of(by_id[row.contact_id], keys))
    insert_rows(
        FederationMember,
        [{"federation_id": federation.id, "contact_id": pk, "changed_at": now, **details_of(person, keys)} for pk, person in by_id.items() if pk not in known],
    )


def _copy(row: FederationMember, details: Mapping[str, Any]) -> None:
    for name, value in details.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            row.changed_at = clock.now()


def follow_contacts(saved: SavedContacts, *, actor: Actor) -> None:
    """Contacts changed: tell their federations, as long as they are members or want to be.

    Somebody with such a membership cannot be put in the bin: end the membership first.
    """
    moved = [pk for pk, before in saved.before.items() if before.get("deleted_at", "") is None]
    binned = {contact.id: contact for contact in saved.contacts(moved) if contact.deleted_at is not None}
    for contact in binned.values():
        _refuse_while_member(contact)
    told = [pk for pk, before in saved.before.items() if pk not in binned and any(name in DETAILS or name.startswith("extra") for name in before)]
    if not told:
        return
    member = FederationMember
    current = exists().where(
        Membership.contact_id == member.contact_id,
        Membership.organisation_id == member.organisation_id,
        Membership.federation_id == member.federation_id,
        not_over(today()),
    )
    rows = db.session.scalars(select(member).where(is_one_of(member.contact_id, told), current)).all()
    if not rows:
        return
    federations = {f.id: f for f in federations_of(current_organisation())}
    keys = {pk: readable_keys(federation) for pk, federation in federations.items()}
    contacts = {contact.id: contact for contact in saved.contacts({row.contact_id for row in rows})}
    for row in rows:
        if row.federation_id in federations:
            _copy(row, details_of(contacts[row.contact_id], keys[row.federation_id]))
    db.session.flush()


def _refuse_while_member(contact: Contact) -> None:
    query = select(Membership.status, Organisation.name).outerjoin(Organisation, Organisation.id == Membership.federation_id)
    found = db.session.execute(query.where(Membership.contact_id == contact.id, not_over(today())).limit(1)).first()
    if found is None:
        return
    where = found.name or current_organisation().name
    if found.status == "requested":
        raise UserMistake(_("%(person)s has a request at %(name)s. Withdraw it first.", person=contact.full_name, name=where))
    raise UserMistake(_("%(person)s is a member of %(name)s. End the membership first.", person=contact.full_name, name=where))


def erase_memberships(contact: Contact, *, actor: Actor) -> None:
    """A person is erased: nothing stays but the days and the type, which invoices were made of."""
    from plugins.memberships.services.ending import end_membership, withdraw_membership  # noqa: PLC0415 -- circular: ending reads this file's rules

    day = today()
    rows = db.session.scalars(select(Membership).where(Membership.contact_id == contact.id)).all()
    for row in rows:
        if row.status == "requested" or (row.status == "accepted" and row.from_on > day):
            withdraw_membership(row, actor=actor)
        elif row.status == "accepted" and (row.until_on is None or row.until_on > day):
            end_membership(row, last_day=day, actor=actor)
    for row in rows:
        row.extra, row.reason, row.end_reason, row.requested_by, row.decided_by = {}, "", "", "", ""
        remove_files_of(row)
    for event in db.session.scalars(select(MembershipEvent).where(is_one_of(MembershipEvent.membership_id, [row.id for row in rows]))):
        event.changes, event.note, event.actor_name = {}, "", ""
    for member in db.session.scalars(select(FederationMember).where(FederationMember.contact_id == contact.id)):
        db.session.delete(member)
    db.session.flush()
    if rows:
        redact("membership", [row.id for row in rows])
        for row in rows:
            record("membership.erased", row, actor=actor)


def forget_former_members() -> int:
    """Forget the details of people who are no member any more, of all clubs; inside transaction().

    The name stays for two years, because an invoice of the days that counted shows it. Run it
    unscoped. Returns how many rows it changed or removed.
    """
    day = clock.today()
    member = FederationMember
    same = (Membership.contact_id == member.contact_id, Membership.organisation_id == member.organisation_id, Membership.federation_id == member.federation_id)
    is_member = exists().where(*same, not_over(day))
    counted = exists().where(*same, Membership.status == "accepted", Membership.until_on >= day - KEPT)
    removed = 0
    for row in db.session.scalars(select(member).where(~is_member, ~counted).limit(1_000)):
        db.session.delete(row)
        removed += 1
    db.session.flush()
    blank: dict[str, Any] = dict.fromkeys(("gender", "street", "house_number", "box", "postcode", "town", "country", "email_1"))
    trimmed: Any = db.session.execute(
        update(member)
        .where(~is_member, member.country.is_not(None) | member.email_1.is_not(None) | member.street.is_not(None) | member.gender.is_not(None))
        .values(**blank, extra={})
        .execution_options(synchronize_session=False)
    )
    return removed + int(trimmed.rowcount)
