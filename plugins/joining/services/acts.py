"""Remembering what a click did."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from core.api import Actor, NotFound, StaleVersion, UserMistake, _, db, now, record
from plugins.joining.models import JoiningAct

_BATCH = re.compile(r"[0-9a-f]{32}")


def check_batch(batch: str) -> str:
    """A name that new_batch gave; no other exists."""
    if not _BATCH.fullmatch(batch or ""):
        raise NotFound("batch")
    return batch


def refuse_second_time(batch: str, contact_id: int) -> JoiningAct | None:
    """The same form sent twice does it once; what was put back may be done again."""
    found = act_of(check_batch(batch), contact_id)
    if found is not None and found.undone_at is None:
        raise UserMistake(_("This was done already."))
    return found


def remember(kind: str, batch: str, contact_id: int, done: Mapping[str, Any], *, actor: Actor) -> JoiningAct:
    """Store what was done for a contact."""
    act = act_of(batch, contact_id)
    if act is None:
        act = JoiningAct(batch=batch, kind=kind, contact_id=contact_id, done=dict(done))
        db.session.add(act)
    else:
        act.kind, act.done, act.undone_at = kind, dict(done), None
    _flush(act)
    record(f"joining_act.{kind}", act, actor=actor, changes={"contact_id": (None, contact_id)})
    return act


def put_away(act: JoiningAct, *, actor: Actor) -> None:
    """It was put back."""
    act.undone_at = now()
    _flush(act)
    record("joining_act.undone", act, actor=actor, changes={"contact_id": (None, act.contact_id)})


def act_of(batch: str, contact_id: int) -> JoiningAct | None:
    query = select(JoiningAct).where(JoiningAct.batch == batch, JoiningAct.contact_id == contact_id)
    return db.session.scalars(query).one_or_none()


def standing(batch: str) -> Sequence[JoiningAct]:
    """The acts of a click that were not put back, the last first."""
    query = select(JoiningAct).where(JoiningAct.batch == check_batch(batch), JoiningAct.undone_at.is_(None))
    return db.session.scalars(query.order_by(JoiningAct.id.desc())).all()


def _flush(act: JoiningAct) -> None:
    try:
        db.session.flush()
    except StaleDataError as error:
        raise StaleVersion("act") from error
