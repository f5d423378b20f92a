"""Logins that are half done: between the right password and the code, between the question to a device and its answer."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, select

from core import clock
from core.db import db
from core.factors.models import LoginStep
from core.users.models import User
from core.users.services.invitations import digest

Purpose = Literal["second", "passkey", "new_passkey"]
LIFE: dict[Purpose, timedelta] = {"second": timedelta(minutes=10), "passkey": timedelta(minutes=5), "new_passkey": timedelta(minutes=5)}


def begin(purpose: Purpose, user: User | None, *, challenge: str | None = None, name: str = "") -> str:
    """Note a step; returns the secret for the cookie. Inside transaction()."""
    token = secrets.token_urlsafe(32)
    row = LoginStep(
        purpose=purpose, token_hash=digest(token), user_id=user.id if user else None, challenge=challenge, name=name, expires_at=clock.now() + LIFE[purpose]
    )
    db.session.add(row)
    db.session.flush()
    return token


def user_of_step(token: str) -> User | None:
    """Whose code is still to come: the password was right a moment ago. Changes nothing."""
    query = select(User).join(LoginStep, LoginStep.user_id == User.id)
    query = query.where(LoginStep.token_hash == digest(token), LoginStep.purpose == "second", LoginStep.expires_at > clock.now(), User.active.is_(True))
    return db.session.scalars(query).one_or_none()


def use_up(token: str, purpose: Purpose) -> LoginStep | None:
    """The step, once: whoever asks a second time gets nothing."""
    row = db.session.scalars(select(LoginStep).where(LoginStep.token_hash == digest(token), LoginStep.purpose == purpose)).one_or_none()
    if row is None:
        return None
    db.session.expunge(row)
    done = db.session.execute(delete(LoginStep).where(LoginStep.id == row.id).execution_options(synchronize_session=False))
    return row if done.rowcount and row.expires_at > clock.now() else None  # type: ignore[attr-defined]


def forget_steps(user: User) -> None:
    """Nothing half done of this user can be finished."""
    db.session.execute(delete(LoginStep).where(LoginStep.user_id == user.id).execution_options(synchronize_session=False))
