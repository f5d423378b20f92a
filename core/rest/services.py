"""Making, finding and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.rest.models import ApiKey
from core.rest.scopes import held_scopes
from core.tenancy import unscoped
from core.users.models import User

PREFIX = "koepel_"
#: days a key works, as offered
LIVES = (30, 90, 365)
MOST_KEYS = 50
#: calls a key may make in a minute
MOST_CALLS = 120
MINUTE = timedelta(minutes=1)


def make_key(name: str, scopes: Iterable[str], *, days: int, actor: Actor) -> tuple[ApiKey, str]:
    """A new key, and the text of it, which is not kept. It has no right its maker lacks."""
    require(actor, "api_keys.manage")
    clean = " ".join(name.split())[:80]
    wanted = sorted(set(scopes))
    if not clean:
        raise UserMistake(_("Say what the key is for."), field="name")
    if not wanted or not set(wanted) <= set(held_scopes(actor)):
        raise UserMistake(_("Choose what the key may do."), field="scopes")
    if days not in LIVES:
        raise UserMistake(_("Choose how long the key works."), field="days")
    if actor.user_id is None:
        raise UserMistake(_("A key needs a person who makes it."))
    if sum(key.works for key in all_keys(actor=actor)) >= MOST_KEYS:
        raise UserMistake(_("There are %(number)s keys already. Revoke those that are not used any more.", number=MOST_KEYS))
    prefix = PREFIX + secrets.token_hex(4)
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        name=clean, prefix=prefix, key_hash=digest(text), scopes=wanted, user_id=actor.user_id, expires_at=clock.now() + timedelta(days=days)
    )
    db.session.add(key)
    db.session.flush()
    record("api_key.created", key, actor=actor, changes={"name": (None, clean), "scopes": (None, wanted)})
    return key, text


def digest(text: str) -> str:
    """A key is 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def all_keys(*, actor: Actor) -> Sequence[ApiKey]:
    """The keys of this organisation, the newest first."""
    require(actor, "api_keys.manage")
    return db.session.scalars(select(ApiKey).options(joinedload(ApiKey.user)).order_by(ApiKey.id.desc()).limit(500)).all()


def get_key(pk: int, *, actor: Actor) -> ApiKey:
    """A key of this organisation; NotFound otherwise."""
    require(actor, "api_keys.manage")
    found = db.session.scalars(select(ApiKey).where(ApiKey.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"key {pk}")
    return found


def revoke_key(key: ApiKey, *, actor: Actor) -> ApiKey:
    """From now on this key opens nothing; twice is the same as once."""
    require(actor, "api_keys.manage")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        db.session.flush()
        record("api_key.revoked", key, actor=actor)
    return key


def key_of(text: str) -> ApiKey | None:
    """The key that works with this text, with its user; None for all others."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    with unscoped("which API key a request carries"):
        found = db.session.scalars(
            select(ApiKey).options(joinedload(ApiKey.user)).join(User, User.id == ApiKey.user_id).where(ApiKey.key_hash == digest(text), User.active.is_(True))
        ).one_or_none()
    return found if found is not None and found.works else None


def count_call(key_id: int) -> int:
    """Note that a key is used; returns how many calls it made in this minute. Inside transaction()."""
    now = clock.now()
    with unscoped("count the calls of an API key"):
        calls = db.session.scalar(
            update(ApiKey)
            .where(ApiKey.id == key_id, ApiKey.window_at > now - MINUTE)
            .values(window_calls=ApiKey.window_calls + 1, last_used_at=now)
            .returning(ApiKey.window_calls)
            .execution_options(synchronize_session=False)
        )
        if calls is None:
            db.session.execute(
                update(ApiKey).where(ApiKey.id == key_id).values(window_at=now, window_calls=1, last_used_at=now).execution_options(synchronize_session=False)
            )
            calls = 1
    return int(calls)
