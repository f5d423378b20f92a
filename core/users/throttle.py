"""Slows guessing down, per account, per address and over all, on every door alike.

Nobody is locked out for good, since that would let a stranger lock out others.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from core import clock
from core.db import db
from core.users.models import LoginAttempt

#: failures before waiting starts, per kind of key
FREE_FAILURES = {"account": 4, "address": 20, "all": 500}
LONGEST = timedelta(seconds=32)
FORGET_AFTER = timedelta(minutes=30)


def keys_for(account: str, address: str) -> list[str]:
    return [f"account:{account.casefold()[:150]}", f"address:{address[:45]}", "all"]


def wait_until(account: str, address: str) -> datetime | None:
    """When the next attempt is allowed, or None when it is now."""
    now = clock.now()
    blocked = db.session.scalars(
        select(LoginAttempt.blocked_until).where(
            LoginAttempt.key.in_(keys_for(account, address)), LoginAttempt.blocked_until > now
        )
    ).all()
    return max((b for b in blocked if b), default=None)


def record_failure(account: str, address: str) -> None:
    """Count a failed login; from some number on each one doubles the wait, 1 to 32 seconds."""
    now = clock.now()
    rows = {r.key: r for r in db.session.scalars(select(LoginAttempt).where(LoginAttempt.key.in_(keys_for(account, address))))}
    for key in keys_for(account, address):
        row = rows.get(key)
        if row is None:
            row = LoginAttempt(key=key, failures=0)
            db.session.add(row)
        elif now - row.last_failed_at > FORGET_AFTER:
            row.failures = 0
        row.failures += 1
        row.last_failed_at = now
        over = row.failures - FREE_FAILURES[key.partition(":")[0]]
        row.blocked_until = now + min(timedelta(seconds=2 ** min(over - 1, 5)), LONGEST) if over > 0 else None
    db.session.flush()


def record_success(account: str, address: str) -> None:
    """Forget the failures of this account; those of the address stay."""
    row = db.session.scalars(select(LoginAttempt).where(LoginAttempt.key == keys_for(account, address)[0])).one_or_none()
    if row is not None:
        db.session.delete(row)
        db.session.flush()
