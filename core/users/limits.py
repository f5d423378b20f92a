"""How often something may be done: searches per address, mails per person. Counted over the last minutes, not per clock hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db import db, savepoint
from core.users.models import Tally


@dataclass(frozen=True)
class Limit:
    """At most `most` times in any stretch of `within`."""

    most: int
    within: timedelta


#: looking for people, and asking for links, from one internet address
SEARCHES = (Limit(5, timedelta(minutes=10)),)
#: mails somebody else can have sent to a person
MAILS = (Limit(1, timedelta(minutes=15)), Limit(3, timedelta(days=1)))
#: login links, which some people use every day
LINKS = (Limit(1, timedelta(minutes=1)), Limit(10, timedelta(days=1)))
ONCE_A_DAY = (Limit(1, timedelta(days=1)),)


def allow(key: str, limits: tuple[Limit, ...]) -> bool:
    """Count one more when it is allowed; False when there were too many. Inside transaction()."""
    row = _locked(key)
    now = clock.now().timestamp()
    kept = [entry for entry in row.times if float(entry[0]) > now - max(limit.within for limit in limits).total_seconds()]
    if any(sum(float(entry[0]) > now - limit.within.total_seconds() for entry in kept) >= limit.most for limit in limits):
        return False
    row.times, row.changed_at = [*kept, [now, ""]], clock.now()
    db.session.flush()
    return True


def count_different(key: str, mark: str, *, within: timedelta, most: int) -> int:
    """Note `mark` and tell how many different ones there were; counts no further than `most`. Inside transaction()."""
    row = _locked(key)
    now = clock.now().timestamp()
    kept = [entry for entry in row.times if float(entry[0]) > now - within.total_seconds()]
    if mark not in {entry[1] for entry in kept} and len(kept) < most:
        kept.append([now, mark])
    row.times, row.changed_at = kept, clock.now()
    db.session.flush()
    return len(kept)


def _locked(key: str) -> Tally:
    """The row of a key, for this transaction alone: two requests at once are counted one after the other."""
    query = select(Tally).where(Tally.key == key[:120]).with_for_update()
    row = db.session.scalars(query).one_or_none()
    if row is None:
        try:
            with savepoint():
                db.session.add(Tally(key=key[:120], times=[]))
                db.session.flush()
        except IntegrityError:  # somebody else made it at the same moment
            pass
        row = db.session.scalars(query).one()
    return row
