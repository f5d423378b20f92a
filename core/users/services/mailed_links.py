"""Links mailed to the owner of a login: to log in once, or to choose another password."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, func, or_, select, update

from core import clock
from core.access import system_actor
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.tenancy import scope, unscoped
from core.users import letters
from core.users.limits import LINKS, MAILS, allow
from core.users.models import LoginLink, OrganisationRole, User
from core.users.policy import check_password, names_around, policy_of
from core.users.services.accounts import set_password
from core.users.services.invitations import digest

Purpose = Literal["login", "password"]
LIFE: dict[Purpose, timedelta] = {"login": timedelta(minutes=15), "password": timedelta(hours=1)}
#: members of one family may share an address
MOST_OF_ONE_ADDRESS = 6


def mail_links(name: str, purpose: Purpose, *, address_of: Callable[[str], str], site: str, demo_allowed: bool) -> int:
    """Mail a link to every login with this user name or address, to its own address only; returns how many.

    The caller tells nobody how many. Inside transaction().
    """
    sent = 0
    for user in _logins(name):
        sent += mail_link(user, purpose, address_of=address_of, site=site, demo_allowed=demo_allowed)
    return sent


def _logins(name: str) -> Sequence[User]:
    wanted = name.strip().lower()
    query = select(User).where(or_(func.lower(User.username) == wanted, func.lower(User.email) == wanted, func.lower(User.mail_address) == wanted))
    return db.session.scalars(query.order_by(User.id).limit(MOST_OF_ONE_ADDRESS)).all() if wanted else []


def mail_link(
    user: User, purpose: Purpose, *, address_of: Callable[[str], str], site: str, demo_allowed: bool, organisation: Organisation | None = None
) -> bool:
    """Mail one login a link; False when it is closed or had too many mails lately. A newer link kills the older.

    The mail is sent by the platform, because a login may belong to several clubs.
    """
    if not user.active or (user.is_demo and not demo_allowed):
        return False
    if not allow(f"{purpose}:{user.id}", LINKS if purpose == "login" else MAILS):
        return False
    organisation = organisation or _first_organisation(user)
    sender = sender_for(user, organisation)
    if sender is None:
        return False
    token = _make(user, purpose)
    language = user.language or (organisation or sender).language
    letter = letters.compose(
        letters.in_language(letters.SUBJECT, language),
        letters.in_language(letters.LOGIN if purpose == "login" else letters.PASSWORD, language),
        {"first_name": user.first_name, "username": user.username, "club": (organisation or sender).name},
        link=address_of(token),
        button=letters.LOG_IN if purpose == "login" else letters.CHOOSE_PASSWORD,
        until=letters.QUARTER if purpose == "login" else letters.HOUR,
        site=site,
        language=language,
    )
    with scope(sender):
        actor = system_actor(sender.id)
        key = f"link:{digest(token)}"
        queue_mail(to=user.address, subject=letter.subject, text=letter.text, html=letter.html, unique_key=key, actor=actor, even_if_refused=True)
    return True


def _make(user: User, purpose: Purpose) -> str:
    unused = delete(LoginLink).where(LoginLink.user_id == user.id, LoginLink.purpose == purpose, LoginLink.used_at.is_(None))
    db.session.execute(unused.execution_options(synchronize_session=False))
    token = secrets.token_urlsafe(32)
    db.session.add(LoginLink(purpose=purpose, token_hash=digest(token), user_id=user.id, expires_at=clock.now() + LIFE[purpose]))
    db.session.flush()
    return token


def sender_for(user: User, organisation: Organisation | None = None) -> Organisation | None:
    """Who sends mails about a login: the platform, because a login may belong to several clubs."""
    return _platform() or organisation or _first_organisation(user)


def _platform() -> Organisation | None:
    return db.session.scalars(select(Organisation).where(Organisation.kind == "platform").order_by(Organisation.id)).first()


def _first_organisation(user: User) -> Organisation | None:
    with unscoped("the organisation a mail about a login names"):
        query = select(Organisation).join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
        return db.session.scalars(query.where(OrganisationRole.user_id == user.id).order_by(OrganisationRole.id)).first()


# --- using one ---------------------------------------------------------------------------------------


def owner_of(token: str, purpose: Purpose, *, demo_allowed: bool) -> User:
    """Whose link this is; NotFound when it is wrong, used, too old or for something else. Changes nothing."""
    found = db.session.scalars(
        select(User)
        .join(LoginLink, LoginLink.user_id == User.id)
        .where(
            LoginLink.token_hash == digest(token),
            LoginLink.purpose == purpose,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > clock.now(),
            User.active.is_(True),
        )
    ).one_or_none()
    if found is None or (found.is_demo and not demo_allowed):
        raise NotFound("link")
    return found


def use_login_link(token: str, *, demo_allowed: bool) -> User:
    """The one who may be logged in now; the link is worth nothing afterwards."""
    user = owner_of(token, "login", demo_allowed=demo_allowed)
    _use_up(token, "login")
    return user


def choose_password(token: str, password: str, again: str, *, demo_allowed: bool) -> User:
    """Another password for the owner of a link; ends every open login."""
    user = owner_of(token, "password", demo_allowed=demo_allowed)
    if password != again:
        raise UserMistake(_("The two passwords are not the same. Type them again."), field="again")
    check_password(password, policy_of(user), names=names_around(user))
    _use_up(token, "password")
    set_password(user, password)
    return user


def _use_up(token: str, purpose: Purpose) -> None:
    """One statement decides: two people may have pressed the button of the same link."""
    done = db.session.execute(
        update(LoginLink)
        .where(LoginLink.token_hash == digest(token), LoginLink.purpose == purpose, LoginLink.used_at.is_(None), LoginLink.expires_at > clock.now())
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise NotFound("link")
