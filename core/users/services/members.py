"""Links with which a contact gets a login as member: mailed to e-mail address 1, used once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from core import clock
from core.access import Actor, require, system_actor
from core.audit.services import record
from core.contacts.models import Contact
from core.db import db, is_one_of
from core.errors import NotFound, UserMistake
from core.i18n import Words, _
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.tenancy import scope
from core.users import letters
from core.users.models import Invitation, OrganisationRole, User
from core.users.policy import check_password, names_in, policy_of_organisation
from core.users.services.accounts import create_user
from core.users.services.invitations import LIFE, Offer, digest, offer_of

MEMBER = "member"
INVITE = "contacts.invite"
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}", re.IGNORECASE | re.ASCII)
#: the end of addresses that stand for "shares an address with somebody else"; it never gets mail
NO_ADDRESS = "login.invalid"


def invite_member(
    contact: Contact, organisation: Organisation, *, subject: str | None, text: str | None, address_of: Callable[[str], str], site: str, actor: Actor
) -> Invitation:
    """Mail a contact a link to choose a user name and a password with; an older link stops working.

    subject, text: as somebody wrote them; left as they were, in the language of the contact.
    """
    require(actor, INVITE)
    logins = logins_of(contact)
    if any(user.active for user in logins):
        raise UserMistake(_("%(name)s has a login already.", name=contact.full_name))
    if logins:
        raise UserMistake(_("The login of %(name)s was closed.", name=contact.full_name))
    if not contact.email_1:
        raise UserMistake(_("%(name)s has no e-mail address 1. Fill it in and invite again.", name=contact.full_name))
    return _send(contact, organisation, subject or "", text or "", letters.INVITATION, address_of, site, actor)


def send_requested(contact: Contact, organisation: Organisation, *, address_of: Callable[[str], str], site: str, actor: Actor) -> Invitation:
    """The same link, because somebody asked for a login on the login page."""
    return _send(contact, organisation, "", "", letters.REQUESTED, address_of, site, actor)


def _send(
    contact: Contact, organisation: Organisation, subject: str, text: str, default: Words, address_of: Callable[[str], str], site: str, actor: Actor
) -> Invitation:
    if contact.email_1 is None:
        raise ValueError("a link needs an address")
    role_id = member_role().id
    _withdraw_older(contact, role_id)
    token = secrets.token_urlsafe(32)
    made = Invitation(
        token_hash=digest(token),
        role_id=role_id,
        contact_id=contact.id,
        email=contact.email_1,
        first_name=contact.first_name[:60],
        last_name=contact.last_name[:80],
        expires_at=clock.now() + LIFE,
    )
    db.session.add(made)
    db.session.flush()
    language = contact.language or organisation.language
    letter = letters.compose(
        letters.chosen(subject, letters.SUBJECT, language),
        letters.chosen(text, default, language),
        values_of(contact, organisation),
        link=address_of(token),
        button=letters.CHOOSE,
        until=letters.DAYS,
        site=site,
        language=language,
    )
    queue_mail(to=contact.email_1, subject=letter.subject, text=letter.text, html=letter.html, unique_key=f"invitation:{made.token_hash}", actor=actor)
    record("contact.invited", contact, actor=actor)
    return made


def _withdraw_older(contact: Contact, role_id: int) -> None:
    db.session.execute(
        delete(Invitation)
        .where(Invitation.contact_id == contact.id, Invitation.role_id == role_id, Invitation.used_at.is_(None))
        .execution_options(synchronize_session=False)
    )


def values_of(contact: Contact, organisation: Organisation) -> dict[str, str]:
    """What the placeholders of a letter stand for."""
    return {"first_name": contact.first_name, "last_name": contact.last_name, "name": contact.full_name, "club": organisation.name}


def member_role() -> Role:
    return db.session.scalars(select(Role).where(Role.name == MEMBER)).one()


def logins_of(contact: Contact) -> Sequence[User]:
    """Every login linked to a contact, also those that are closed."""
    query = select(User).join(OrganisationRole, OrganisationRole.user_id == User.id).where(OrganisationRole.contact_id == contact.id)
    return db.session.scalars(query.order_by(User.id)).unique().all()


# --- taking it ---------------------------------------------------------------------------------------


def person_of(offer: Offer) -> Contact:
    """The contact a link is about; NotFound when it is gone from the club."""
    with scope(offer.organisation):
        found = db.session.scalars(select(Contact).where(Contact.id == offer.invitation.contact_id, Contact.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise NotFound("contact")
    return found


def membership_offer(token: str) -> Offer:
    """What a link for a member offers; NotFound for a link for an administrator too."""
    offer = offer_of(token)
    if offer.role_name != MEMBER:
        raise NotFound("invitation")
    return offer


def suggest_username(offer: Offer) -> str:
    """The invited address, unless somebody logs in with it."""
    email = offer.invitation.email
    return "" if len(email) > 64 or _is_taken(email) else email


def join_with_new_login(token: str, username: str, password: str, again: str) -> User:
    """Make a login and link it to the contact. The link came by mail, so its address is proven."""
    offer = membership_offer(token)
    person = person_of(offer)
    address = offer.invitation.email
    name = _clean_username(username, address)
    if password != again:
        raise UserMistake(_("The two passwords are not the same. Type them again."), field="again")
    names = names_in(offer.organisation, name, person.first_name, person.last_name, address)
    check_password(password, policy_of_organisation(offer.organisation), names=names)
    user = create_user(
        username=name,
        email=f"{secrets.token_hex(12)}@{NO_ADDRESS}" if _is_taken(address) else address,
        first_name=person.first_name[:60],
        last_name=person.last_name[:60],
        password=password,
        language=person.language or offer.organisation.language,
    )
    user.mail_address = address
    _join(offer, person, user)
    return user


def join_with_login(token: str, user: User) -> Organisation:
    """Link the login of whoever is logged in to the contact."""
    offer = membership_offer(token)
    _join(offer, person_of(offer), user)
    return offer.organisation


def _clean_username(typed: str, address: str) -> str:
    name = typed.strip()
    if not name:
        raise UserMistake(_("Choose a user name."), field="username")
    if name.casefold() != address.casefold() and not _USERNAME.fullmatch(name):
        raise UserMistake(_("Use at least 3 letters or digits, without spaces. Of other signs only . _ and - can be used."), field="username")
    if len(name) > 64 or _is_taken(name):
        raise UserMistake(_("Somebody else has this user name. Choose another one."), field="username")
    return name


def _is_taken(name: str) -> bool:
    """Does somebody log in with this name or address?"""
    wanted = name.lower()
    return bool(db.session.scalar(select(func.count(User.id)).where(or_(func.lower(User.username) == wanted, func.lower(User.email) == wanted))))


def _join(offer: Offer, person: Contact, user: User) -> None:
    invited, organisation = offer.invitation, offer.organisation
    with scope(organisation):
        # one statement decides: two people may have pressed the button of the same link
        taken = db.session.execute(
            update(Invitation)
            .where(Invitation.id == invited.id, Invitation.used_at.is_(None))
            .values(used_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            raise NotFound("invitation")
        if any(one.id != user.id for one in logins_of(person)):
            raise NotFound("invitation")  # somebody took another link for this contact meanwhile
        row = db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user.id, OrganisationRole.role_id == invited.role_id)).one_or_none()
        if row is not None and row.contact_id not in (None, person.id):
            raise UserMistake(
                _("Your login already belongs to somebody else of %(club)s. Log out and choose a user name of its own for %(name)s.",
                  club=organisation.name, name=person.full_name)
            )
        if row is None:
            row = OrganisationRole(user_id=user.id, role_id=invited.role_id)
            db.session.add(row)
        row.contact_id = person.id
        db.session.flush()
        record("contact.login_linked", person, actor=system_actor(organisation.id, name=user.full_name))


# --- on the list of contacts -------------------------------------------------------------------------


def has_login_condition() -> ColumnElement[bool]:
    """Contacts somebody logs in as."""
    return exists().where(OrganisationRole.contact_id == Contact.id, OrganisationRole.user_id == User.id, User.active.is_(True)).correlate(Contact)


def is_invited_condition() -> ColumnElement[bool]:
    """Contacts with a link that still works."""
    return exists().where(Invitation.contact_id == Contact.id, Invitation.used_at.is_(None), Invitation.expires_at > clock.now()).correlate(Contact)


def login_states(ids: Sequence[int]) -> Mapping[int, str]:
    """Of each contact: "active", "invited" or "none"; two queries for a whole page."""
    if not ids:
        return {}
    logins = select(OrganisationRole.contact_id).join(User, User.id == OrganisationRole.user_id).where(User.active.is_(True))
    active = set(db.session.scalars(logins.where(is_one_of(OrganisationRole.contact_id, ids))))
    links = select(Invitation.contact_id).where(Invitation.used_at.is_(None), Invitation.expires_at > clock.now())
    invited = set(db.session.scalars(links.where(is_one_of(Invitation.contact_id, ids))))
    return {pk: "active" if pk in active else "invited" if pk in invited else "none" for pk in ids}
