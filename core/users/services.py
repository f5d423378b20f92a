"""Users: making them, logging them in and out, giving them roles in organisations."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import delete, func, or_, select, update

from core import clock
from core.access import Actor, require
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.users import throttle
from core.users.models import OrganisationRole, User, UserSession
from core.users.passwords import hash_password, verify_password


def create_user(
    *, username: str, email: str, first_name: str, last_name: str, password: str | None = None, language: str | None = None, is_demo: bool = False
) -> User:
    """Make a login; without `password` it cannot be used until one is chosen."""
    taken = db.session.scalar(
        select(func.count()).select_from(User).where(or_(func.lower(User.username) == username.lower(), func.lower(User.email) == email.lower()))
    )
    if taken:
        raise UserMistake(_("This user name or e-mail address is already in use."), field="username")
    user = User(
        username=username,
        email=email,
        first_name=first_name,
        last_name=last_name,
        active=True,
        password=hash_password(password) if password else None,
        language=language,
        is_demo=is_demo,
    )
    db.session.add(user)
    db.session.flush()
    return user


def give_role(user: User, organisation: Organisation, role_name: str, *, contact_id: int | None = None) -> OrganisationRole:
    """Let a user hold a role in one organisation; twice is the same as once."""
    role = db.session.scalars(select(Role).where(Role.name == role_name)).one()
    with scope(organisation):
        held = db.session.scalars(
            select(OrganisationRole).where(OrganisationRole.user_id == user.id, OrganisationRole.role_id == role.id)
        ).one_or_none()
        if held is None:
            held = OrganisationRole(user_id=user.id, role_id=role.id, contact_id=contact_id)
            db.session.add(held)
            db.session.flush()
    return held


def check_credentials(name: str, password: str, address: str, *, demo_allowed: bool) -> User | None:
    """The active user with this name (or e-mail address) and password, or None.

    Takes the same time whether the account exists or not. The caller has checked the throttle
    and is inside transaction().
    """
    user = db.session.scalars(
        select(User).where(or_(func.lower(User.username) == name.lower(), func.lower(User.email) == name.lower())).limit(1)
    ).one_or_none()
    right, new_hash = verify_password(user.password if user else None, password)
    if user is None or not right or not user.active or (user.is_demo and not demo_allowed):
        throttle.record_failure(name, address)
        return None
    if new_hash:
        user.password = new_hash
    throttle.record_success(name, address)
    return user


def set_password(user: User, password: str) -> None:
    """Store a new password and end every open login of this user."""
    user.password = hash_password(password)
    end_sessions(user)
    db.session.flush()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(user: User, *, hours: int, user_agent: str) -> str:
    """Start a login; returns the secret that goes into the cookie."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        token_hash=_digest(token),
        user_id=user.id,
        expires_at=clock.now() + timedelta(hours=hours),
        user_agent=user_agent[:200],
    )
    db.session.add(row)
    user.last_login = clock.now().replace(tzinfo=None)
    user.login_count = (user.login_count or 0) + 1
    db.session.flush()
    return token


def user_of_session(token: str, *, idle_hours: int) -> User | None:
    """The active user behind an open, unexpired login; one query."""
    now = clock.now()
    found = db.session.execute(
        select(User, UserSession.last_seen_at)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == _digest(token),
            UserSession.expires_at > now,
            UserSession.last_seen_at > now - timedelta(hours=idle_hours),
            User.active.is_(True),
        )
    ).first()
    return found[0] if found else None


def touch_session(token: str, *, every: timedelta = timedelta(minutes=10)) -> None:
    """Note that a login is in use, at most once per `every`."""
    now = clock.now()
    db.session.execute(
        update(UserSession).where(UserSession.token_hash == _digest(token), UserSession.last_seen_at < now - every).values(last_seen_at=now)
    )


def close_session(token: str) -> None:
    """End one login on the server, so that a copied cookie is worth nothing."""
    db.session.execute(delete(UserSession).where(UserSession.token_hash == _digest(token)))


def end_sessions(user: User) -> None:
    """End all logins of a user."""
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id))


def organisations_of(user_id: int) -> list[tuple[Organisation, str]]:
    """(organisation, role name) for every role a user holds, by name."""
    with unscoped("the organisations a user may switch to"):
        rows = db.session.execute(
            select(Organisation, Role.name)
            .join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(OrganisationRole.user_id == user_id)
            .order_by(Organisation.name, Organisation.id)
        ).all()
    return [(row[0], row[1]) for row in rows]


def set_language(user: User, language: str, *, actor: Actor) -> None:
    """Remember the language a user reads."""
    user.language = language
    db.session.flush()


def deactivate(user: User, *, actor: Actor) -> None:
    """Close an account and end its logins."""
    require(actor, "users.manage")
    user.active = False
    end_sessions(user)
    db.session.flush()
