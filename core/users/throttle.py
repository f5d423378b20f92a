"""Slows guessing down, per account, per address and over all, on every door alike.

Nobody is locked out for good, since that would let a stranger lock out others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db import db, savepoint
from core.users.models import LoginAttempt

Kind = Literal["account", "code"]
#: failures before waiting starts, per kind of key; "code" is the second step of an account, of which the password is known
FREE_FAILURES = {"account": 4, "code": 4, "address": 20, "all": 500}
LONGEST = timedelta(seconds=32)
#: six digits are guessed in the end, unless it takes years
LONGEST_OF_CODES = timedelta(minutes=15)
FORGET_AFTER = {"account": timedelta(minutes=30), "code": timedelta(days=1), "address": timedelta(minutes=30), "all": timedelta(minutes=30)}


def keys_for(account: str | None, address: str, kind: Kind = "account") -> list[str]:
    """What is counted for an attempt; a door without accounts (a key of the API) counts the address only."""
    return [*([f"{kind}:{account.casefold()[:150]}"] if account is not None else []), f"address:{address[:45]}", "all"]


def wait_until(account: str | None, address: str, kind: Kind = "account") -> datetime | None:
    """When the next attempt is allowed, or None when it is now."""
    now = clock.now()
    blocked = db.session.scalars(
        select(LoginAttempt.blocked_until).where(LoginAttempt.key.in_(keys_for(account, address, kind)), LoginAttempt.blocked_until > now)
    ).all()
    return max((b for b in blocked if b), default=None)


def record_failure(account: str | None, address: str, kind: Kind = "account") -> None:
    """Count a failed login; from some number on each one doubles the wait, 1 to 32 seconds (codes: 15 minutes)."""
    now = clock.now()
    for key in sorted(keys_for(account, address, kind)):  # always in this order, or two at once wait for each other
        of_what, row = key.partition(":")[0], _locked(key)
        if now - row.last_failed_at > FORGET_AFTER[of_what]:
            row.failures = 0
        row.failures += 1
        row.last_failed_at = now
        over = row.failures - FREE_FAILURES[of_what]
        longest = LONGEST_OF_CODES if of_what == "code" else LONGEST
        row.blocked_until = now + min(timedelta(seconds=2 ** min(over - 1, 10)), longest) if over > 0 else None
    db.session.flush()


def _locked(key: str) -> LoginAttempt:
    """The count of a key, for this transaction alone: two mistakes at once are two."""
    query = select(LoginAttempt).where(LoginAttempt.key == key).with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(query).one_or_none()
    if row is None:
        try:
            with savepoint():
                db.session.add(LoginAttempt(key=key, failures=0))
                db.session.flush()
        except IntegrityError:  # somebody else made it at the same moment
            pass
        row = db.session.scalars(query).one()
    return row


def record_success(account: str, address: str, kind: Kind = "account") -> None:
    """Forget the failures of this account; those of the address stay."""
    row = db.session.scalars(select(LoginAttempt).where(LoginAttempt.key == keys_for(account, address, kind)[0])).one_or_none()
    if row is not None:
        db.session.delete(row)
        db.session.flush()
