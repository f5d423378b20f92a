"""Calls that are sent twice: the second one gets what the first one made."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.access import Actor
from core.db import db, savepoint
from core.i18n import _
from core.rest.errors import refuse
from core.rest.models import RestCall

HEADER = "Idempotency-Key"
LONGEST = 100


def take_call(actor: Actor) -> tuple[RestCall | None, int | None]:
    """(a note of this call, None), or (the note of an earlier one, the row it made).

    Inside transaction(): the note is stored with the effect, or not at all. Two at the same
    moment wait for each other on the unique key.
    """
    key = request.headers.get(HEADER)
    if not key:
        return None, None
    if len(key) > LONGEST or not key.isascii() or not key.isprintable():
        refuse(400, _("An Idempotency-Key has at most %(number)s plain characters.", number=LONGEST))
    fingerprint = hashlib.sha256(b"\0".join((request.method.encode(), request.path.encode(), request.get_data()))).hexdigest()
    found = _find(key, actor)
    if found is None:
        call = RestCall(user_id=actor.user_id, key=key, fingerprint=fingerprint)
        try:
            with savepoint():
                db.session.add(call)
                db.session.flush()
            return call, None
        except IntegrityError:
            found = _find(key, actor)  # the same call, a moment earlier
            if found is None:
                raise
    if found.fingerprint != fingerprint:
        refuse(422, _("This Idempotency-Key was used for something else. Use a new one."))
    return found, found.row_id


def _find(key: str, actor: Actor) -> RestCall | None:
    return db.session.scalars(select(RestCall).where(RestCall.user_id == actor.user_id, RestCall.key == key)).one_or_none()


def replayed(answer: Any) -> Any:
    answer.headers["Idempotent-Replayed"] = "true"
    return answer
