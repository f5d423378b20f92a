"""The person it is about: the contact here, the logins that stand for it, and their addresses."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db
from core.tenancy import unscoped
from core.users.models import OrganisationRole, Role, User

MEMBER = "member"
#: stands in a list of ids when there is none, because an empty IN is asked all the same
NONE = (-1,)


@dataclass(frozen=True)
class Subject:
    """One person in one organisation.

    user_ids: logins that are this person here.
    leaving: of those, the ones that hold no other role here, so that what they did here goes too.
    homeless: of those, the ones that hold no role anywhere else: the login itself goes.
    user_names: what those logins are called; addresses: everywhere the person gets mail.
    """

    contact: Contact
    user_ids: tuple[int, ...]
    leaving: tuple[int, ...]
    homeless: tuple[int, ...]
    user_names: tuple[str, ...]
    addresses: tuple[str, ...]
    names: tuple[str, ...]


def subject_of(contact: Contact, user_id: int | None = None) -> Subject:
    """Whom a contact stands for; before its links to logins are cut, or with the login it was."""
    linked = select(OrganisationRole.user_id).where(OrganisationRole.contact_id == contact.id, OrganisationRole.organisation_id == contact.organisation_id)
    with unscoped("which roles the logins of a person hold, here and elsewhere"):
        users = db.session.scalars(select(User).where(User.id.in_(linked) if user_id is None else User.id == user_id).order_by(User.id)).all()
        held = db.session.execute(
            select(OrganisationRole.user_id, OrganisationRole.organisation_id, OrganisationRole.contact_id, Role.name)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(OrganisationRole.user_id.in_([user.id for user in users] or NONE))
        ).all()
    here, elsewhere = contact.organisation_id, set()
    managing = set()
    for row in held:
        is_its_own = row.organisation_id == here and row.contact_id == contact.id and row.name == MEMBER
        if row.organisation_id != here:
            elsewhere.add(row.user_id)
        elif not is_its_own:
            managing.add(row.user_id)
    ids = tuple(dict.fromkeys(user.id for user in users))
    names = (contact.full_name, contact.list_name) if contact.erased_at is None else ()
    mails = (contact.email_1, contact.email_2, contact.email_3, *(user.email for user in users), *(user.mail_address for user in users))
    return Subject(
        contact=contact,
        user_ids=ids,
        leaving=tuple(pk for pk in ids if pk not in managing),
        homeless=tuple(pk for pk in ids if pk not in managing | elsewhere),
        user_names=tuple(dict.fromkeys(user.username for user in users)),
        addresses=tuple(dict.fromkeys(mail for mail in mails if mail)),
        names=tuple(dict.fromkeys(name for name in (*names, *(user.full_name for user in users)) if name)),
    )
