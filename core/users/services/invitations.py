"""Links with which somebody gets a role: shown once, used once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, or_, select

from core import clock
from core.access import Actor, require, system_actor
from core.audit.services import record
from core.contacts import parsing
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.tenancy import scope, unscoped
from core.users import letters
from core.users.models import Invitation, OrganisationRole, User
from core.users.policy import check_password, names_in, policy_of_organisation
from core.users.services.accounts import create_user
from core.users.services.admins import admin_role, admins_of, require_place

LIFE = timedelta(days=14)
LONGEST_USERNAME = 64


@dataclass(frozen=True)
class Offer:
    """What the holder of a link is offered."""

    invitation: Invitation
    organisation: Organisation
    role_name: str


@dataclass(frozen=True)
class Link:
    """A link that was just made, with its secret: to show once."""

    invitation_id: int
    first_name: str
    full_name: str
    email: str
    expires_at: datetime
    token: str


def digest(token: str) -> str:
    """What is stored of the secret of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite_admin(
    organisation: Organisation, *, first_name: str, last_name: str, email: str | None, contact_id: int | None = None, actor: Actor
) -> Link:
    """Offer somebody to become administrator; the secret of the link is stored nowhere.

    An older link for the same address stops working.
    """
    require(actor, "users.manage")
    address = _clean("email", email, parsing.parse_email)
    if address is None:
        raise UserMistake(_("Fill in an e-mail address: it becomes the name to log in with."), field="email")
    names = {"first_name": _clean("first_name", first_name, _name), "last_name": _clean("last_name", last_name, _name)}
    for name, text in names.items():
        if text is None:
            raise UserMistake(_("Fill in the name."), field=name)
    role = admin_role(organisation)
    with scope(organisation):
        older = db.session.scalars(
            select(Invitation).where(func.lower(Invitation.email) == address.lower(), Invitation.role_id == role.id, Invitation.used_at.is_(None))
        ).all()
        for row in older:
            db.session.delete(row)
        db.session.flush()
        require_place(organisation)
        token = secrets.token_urlsafe(32)
        made = Invitation(token_hash=digest(token), role_id=role.id, contact_id=contact_id, email=address, expires_at=clock.now() + LIFE, **names)
        db.session.add(made)
        db.session.flush()
        record("invitation.created", made, actor=actor, note=made.full_name)
    return Link(made.id, made.first_name, made.full_name, address, made.expires_at, token)


def mail_admin_link(link: Link, organisation: Organisation, *, address_of: Callable[[str], str], site: str, actor: Actor) -> None:
    """Mail a link that was just made to the one it is for, in the language of the organisation. Inside transaction()."""
    language = organisation.language
    letter = letters.compose(
        letters.in_language(letters.SUBJECT, language),
        letters.in_language(letters.ADMIN, language),
        {"first_name": link.first_name, "name": link.full_name, "club": organisation.name},
        link=address_of(link.token),
        button=letters.CHOOSE_FIRST,
        until=letters.DAYS,
        site=site,
        language=language,
    )
    with scope(organisation):
        key = f"admin-invitation:{link.invitation_id}"
        queue_mail(to=link.email, subject=letter.subject, text=letter.text, html=letter.html, unique_key=key, actor=actor, even_if_refused=True)


def _name(text: str | None) -> str | None:
    return parsing.parse_line(text, longest=60)


def _clean(field: str, typed: str | None, clean: Callable[[str | None], str | None]) -> str | None:
    try:
        return clean(typed)
    except UserMistake as mistake:
        raise UserMistake(mistake.message, field=field) from None


def withdraw(invitation_id: int, organisation: Organisation, *, actor: Actor) -> Invitation:
    """Make a link worthless."""
    require(actor, "users.manage")
    with scope(organisation):
        found = db.session.scalars(select(Invitation).where(Invitation.id == invitation_id, Invitation.used_at.is_(None))).one_or_none()
        if found is None:
            raise NotFound(f"invitation {invitation_id}")
        record("invitation.withdrawn", found, actor=actor, note=found.full_name)
        db.session.delete(found)
        db.session.flush()
    return found


def offer_of(token: str) -> Offer:
    """What a link offers; NotFound when it is wrong, used, withdrawn or too old. Changes nothing."""
    with unscoped("the invitation behind a link"):
        row = db.session.execute(
            select(Invitation, Organisation, Role.name)
            .join(Organisation, Organisation.id == Invitation.organisation_id)
            .join(Role, Role.id == Invitation.role_id)
            .where(Invitation.token_hash == digest(token), Invitation.used_at.is_(None), Invitation.expires_at > clock.now())
        ).one_or_none()
    if row is None:
        raise NotFound("invitation")
    return Offer(*row)


def accept_with_login(token: str, user: User) -> Organisation:
    """The user who is logged in takes the role."""
    offer = offer_of(token)
    _take(offer, user)
    return offer.organisation


def accept_with_new_login(token: str, password: str) -> User:
    """Make a login with the invited address as its name, and take the role."""
    offer = offer_of(token)
    invited = offer.invitation
    check_password(
        password,
        policy_of_organisation(offer.organisation, role=offer.role_name),
        names=names_in(offer.organisation, invited.first_name, invited.last_name, invited.email),
    )
    if has_login(invited.email):
        raise UserMistake(_("There is a login with this e-mail address already. Log in with it, then open this link again."))
    user = create_user(
        username=invited.email[:LONGEST_USERNAME],
        email=invited.email,
        first_name=invited.first_name,
        last_name=invited.last_name,
        password=password,
        language=offer.organisation.language,
    )
    _take(offer, user)
    return user


def has_login(email: str) -> bool:
    """Does somebody log in with this address?"""
    return bool(db.session.scalar(select(func.count(User.id)).where(or_(func.lower(User.username) == email.lower(), func.lower(User.email) == email.lower()))))


def _take(offer: Offer, user: User) -> None:
    invited, organisation = offer.invitation, offer.organisation
    if offer.role_name != admin_role(organisation).name:
        raise NotFound("invitation")  # a link for a member is taken with join_with_login and join_with_new_login
    with scope(organisation):
        require_place(organisation, without=invited)
        # asked again after the lock: two people may have pressed the button of the same link
        still_open = db.session.scalar(select(func.count(Invitation.id)).where(Invitation.id == invited.id, Invitation.used_at.is_(None)))
        if not still_open:
            raise NotFound("invitation")
        invited.used_at = clock.now()
        if all(admin.user_id != user.id for admin in admins_of(organisation)):
            row = OrganisationRole(user_id=user.id, role_id=invited.role_id, contact_id=invited.contact_id)
            db.session.add(row)
            db.session.flush()
            actor = system_actor(organisation.id, name=user.full_name)
            record("organisation_role.admin_added", row, actor=actor, note=user.full_name)
        db.session.flush()
