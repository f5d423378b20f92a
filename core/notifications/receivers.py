"""Whom a notification is for: contacts or logins, each with language, addresses and choice. A fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from core.access import Actor
from core.contacts.models import Contact
from core.db import db, is_one_of
from core.extend.contributions import NotificationKind
from core.extend.registry import registry
from core.i18n import DEFAULT_LANGUAGE, LANGUAGES
from core.notifications.models import NotificationChoice
from core.organisations.models import Organisation
from core.users.models import OrganisationRole, User
from core.users.permissions import permissions_of
from core.web.context import active_plugins

EMAILS = ("email_1", "email_2", "email_3")
#: the address of a login, which a club cannot change
LOGIN = "login"


@dataclass
class Receiver:
    """One contact or login, and how it wants to be told."""

    key: str
    language: str
    contact_id: int | None = None
    user_id: int | None = None
    #: what there is: {"email_1": "an@example.org"}
    addresses: dict[str, str] = field(default_factory=dict)
    in_app: bool = True
    #: names of the addresses that get it
    chosen: tuple[str, ...] = ()
    #: the contact it was meant for, when this one is told too (a parent); with several, the first and all names
    for_id: int | None = None
    for_name: str = ""

    def mails(self) -> list[str]:
        """The addresses that get a mail, each once. A chosen one that was removed gives way to the first there is."""
        there = [self.addresses[name] for name in self.chosen if name in self.addresses]
        if self.chosen and not there:
            there = list(self.addresses.values())[:1]
        return list({address.lower(): address for address in there}.values())


def of_contacts(ids: Sequence[int], organisation: Organisation) -> list[Receiver]:
    """Contacts of the organisation at hand; those in the bin and those that are none of ours are left out.

    Whoever has a login reads in the language chosen there, the others in the one the club knows.
    """
    c, wanted = Contact, sorted(set(ids))
    logins = select(OrganisationRole.contact_id, User.language).join(User, User.id == OrganisationRole.user_id)
    chosen = {row[0]: row[1] for row in db.session.execute(logins.where(is_one_of(OrganisationRole.contact_id, wanted), User.active.is_(True)))}
    query = select(c.id, c.language, c.email_1, c.email_2, c.email_3).where(is_one_of(c.id, wanted), c.deleted_at.is_(None), c.erased_at.is_(None))
    return [
        Receiver(
            contact_key(row.id),
            _known(chosen.get(row.id) or row.language, organisation),
            contact_id=row.id,
            addresses={name: value for name, value in zip(EMAILS, row[2:], strict=True) if value},
        )
        for row in db.session.execute(query.order_by(c.id))
    ]


def language_of(contact: Contact, organisation: Organisation) -> str:
    """In which language to write to one contact of the organisation at hand, also when it is in the bin."""
    logins = select(User.language).join(OrganisationRole, OrganisationRole.user_id == User.id)
    chosen = db.session.scalars(logins.where(OrganisationRole.contact_id == contact.id, User.active.is_(True), User.language.is_not(None)).limit(1)).first()
    return _known(chosen or contact.language, organisation)


def with_others(found: list[Receiver], organisation: Organisation) -> list[Receiver]:
    """The same contacts, and those who are told what they are told (their parents), each once."""
    ids = [receiver.contact_id for receiver in found if receiver.contact_id is not None]
    also: dict[int, list[int]] = {}
    for answer in registry().plugins.ask("also_told", active_plugins(organisation), contact_ids=ids) if ids else ():
        for contact_id, others in answer.items():
            for other in others:
                if other not in ids and contact_id not in also.setdefault(other, []):
                    also[other].append(contact_id)
    if not also:
        return found
    children = sorted({pk for several in also.values() for pk in several})
    names = {row.id: f"{row.first_name} {row.last_name}" for row in db.session.execute(
        select(Contact.id, Contact.first_name, Contact.last_name).where(is_one_of(Contact.id, children))
    )}  # fmt: skip
    taken = {pk: {address.lower() for one in found if one.contact_id == pk for address in one.addresses.values()} for pk in children}
    told = of_contacts(sorted(also), organisation)
    for other in told:
        mine = sorted(also[other.contact_id or 0])
        other.for_id, other.for_name = mine[0], ", ".join(names[pk] for pk in mine if pk in names)
        # whoever shares an address with every one of the children has the mail already
        shared = set.intersection(*(taken[pk] for pk in mine))
        other.addresses = {name: address for name, address in other.addresses.items() if address.lower() not in shared}
    return [*found, *told]


def of_users(ids: Sequence[int], organisation: Organisation) -> list[Receiver]:
    """Open logins with a role in the organisation at hand."""
    return _logins(organisation, OrganisationRole.user_id.in_(set(ids)))


def of_managers(permission: str, organisation: Organisation, *, but: int | None) -> list[Receiver]:
    """Everybody who holds a right in the organisation at hand, but the one who did it."""
    role_ids = set(db.session.scalars(select(OrganisationRole.role_id).distinct()))
    holding = [role_id for role_id in role_ids if permission in permissions_of(frozenset({role_id}), organisation.kind)]
    return [receiver for receiver in _logins(organisation, OrganisationRole.role_id.in_(holding)) if receiver.user_id != but]


def _logins(organisation: Organisation, condition: Any) -> list[Receiver]:
    address = func.coalesce(User.mail_address, User.email)
    query = select(User.id, User.language, address).join(OrganisationRole, OrganisationRole.user_id == User.id)
    rows = {row[0]: row for row in db.session.execute(query.where(condition, User.active.is_(True)).order_by(User.id))}
    return [Receiver(user_key(pk), _known(language, organisation), user_id=pk, addresses={LOGIN: mail}) for pk, language, mail in rows.values()]


def with_choices(receivers: list[Receiver], kind: NotificationKind) -> list[Receiver]:
    """The same receivers, with what they chose for this kind; one query."""
    query = select(NotificationChoice.receiver, NotificationChoice.in_app, NotificationChoice.addresses)
    query = query.where(NotificationChoice.kind == kind.key, is_one_of(NotificationChoice.receiver, [receiver.key for receiver in receivers]))
    chosen = {row.receiver: row for row in db.session.execute(query)} if receivers else {}
    for receiver in receivers:
        choice = chosen.get(receiver.key)
        receiver.in_app = choice.in_app if choice else kind.in_app
        receiver.chosen = tuple(choice.addresses) if choice else default_addresses(kind, receiver.addresses)
    return receivers


def default_addresses(kind: NotificationKind, addresses: Iterable[str]) -> tuple[str, ...]:
    """By mail to the first address there is, unless the kind says otherwise."""
    return tuple(addresses)[:1] if kind.by_mail else ()


def contact_key(pk: int) -> str:
    return f"c{pk}"


def user_key(pk: int) -> str:
    return f"u{pk}"


def keys_of(actor: Actor) -> list[str]:
    """As whom somebody reads: the contact she is here, and her login; only the contact while she acts for somebody."""
    found = [contact_key(actor.contact_id)] if actor.contact_id else []
    return [*found, user_key(actor.user_id)] if actor.user_id and actor.on_behalf_of_id is None else found


def _known(language: str | None, organisation: Organisation) -> str:
    return next((code for code in (language, organisation.language) if code in LANGUAGES), DEFAULT_LANGUAGE)
