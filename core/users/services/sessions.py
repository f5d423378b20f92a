"""Open logins: starting, finding and ending them. The cookie has a secret, the database its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update

from core import clock
from core.db import db
from core.errors import NotFound
from core.users.models import User, UserSession


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


@dataclass(frozen=True)
class Login:
    """Who is there. `home_user_id` proved itself in this browser; `on_behalf` is (organisation, contact) or None."""

    user: User
    home_user_id: int
    on_behalf: tuple[int, int] | None = None


def user_of_session(token: str, *, idle_hours: int) -> User | None:
    """The active user behind an open, unexpired login; one query."""
    found = login_of_session(token, idle_hours=idle_hours)
    return found.user if found else None


@cache
def _login_query() -> Any:
    """Made once: every request asks it."""
    return (
        select(User, UserSession.home_user_id, UserSession.on_behalf_organisation_id, UserSession.on_behalf_contact_id)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == bindparam("token_hash"),
            UserSession.expires_at > bindparam("now"),
            UserSession.last_seen_at > bindparam("seen_after"),
            User.active.is_(True),
        )
    )


def login_of_session(token: str, *, idle_hours: int) -> Login | None:
    """The open, unexpired login of an active user; one query."""
    now = clock.now()
    found = db.session.execute(_login_query(), {"token_hash": _digest(token), "now": now, "seen_after": now - timedelta(hours=idle_hours)}).first()
    if found is None:
        return None
    user, home, organisation_id, contact_id = found
    return Login(user, home or user.id, (organisation_id, contact_id) if contact_id else None)


def turn_session(token: str, user: User, *, home_user_id: int, on_behalf: tuple[int, int] | None = None) -> str:
    """Go on as another login, or for another contact, under a new secret; the old one is worth nothing.

    How long it lasts was decided when somebody logged in. NotFound when the login was ended meanwhile.
    """
    row = db.session.scalars(select(UserSession).where(UserSession.token_hash == _digest(token)).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("session")
    new = secrets.token_urlsafe(32)
    row.token_hash, row.user_id, row.last_seen_at = _digest(new), user.id, clock.now()
    row.home_user_id = home_user_id if home_user_id != user.id else None
    row.on_behalf_organisation_id, row.on_behalf_contact_id = on_behalf or (None, None)
    db.session.flush()
    return new


def touch_session(token: str, *, every: timedelta = timedelta(minutes=10)) -> None:
    """Note that a login is in use, at most once per `every`."""
    now = clock.now()
    db.session.execute(update(UserSession).where(UserSession.token_hash == _digest(token), UserSession.last_seen_at < now - every).values(last_seen_at=now))


def close_session(token: str) -> None:
    """End one login on the server, so that a copied cookie is worth nothing."""
    db.session.execute(delete(UserSession).where(UserSession.token_hash == _digest(token)))


def end_sessions(user: User) -> None:
    """End all logins of a user, also those that went on as a linked one."""
    db.session.execute(delete(UserSession).where(or_(UserSession.user_id == user.id, UserSession.home_user_id == user.id)))


@dataclass(frozen=True)
class OpenSession:
    """A login as its owner sees it."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    is_this: bool


def sessions_of(user_id: int, *, token: str, idle_hours: int) -> list[OpenSession]:
    """The logins of a user that still hold, the one of `token` first, then the last used."""
    now = clock.now()
    rows = db.session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.expires_at > now, UserSession.last_seen_at > now - timedelta(hours=idle_hours))
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    ).all()
    mine = _digest(token)
    found = [OpenSession(row.id, row.created_at, row.last_seen_at, row.user_agent, row.token_hash == mine) for row in rows]
    return sorted(found, key=lambda session: not session.is_this)


def end_session(user_id: int, session_id: int) -> None:
    """End one login of this user; NotFound for those of others."""
    done = db.session.execute(delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise NotFound(f"session {session_id}")


def end_other_sessions(user_id: int, *, token: str) -> int:
    """End all logins of this user but the one of `token`; returns how many."""
    done = db.session.execute(delete(UserSession).where(UserSession.user_id == user_id, UserSession.token_hash != _digest(token)))
    return int(done.rowcount)  # type: ignore[attr-defined]
