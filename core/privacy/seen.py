"""Who opened somebody's profile, and who took somebody along in an export. Kept sparingly: days and ids."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.access import Actor
from core.db import db, savepoint, stream, transaction
from core.privacy.models import ContactView, ExportNote

MOST_VIEWS = 500


def note_view(contact_id: int, *, actor: Actor) -> None:
    """Remember that this person's profile was opened; once a day per viewer. Opens its own transaction."""
    if actor.user_id is None or actor.contact_id == contact_id:
        return
    day = clock.today()
    known = select(ContactView.id).where(ContactView.contact_id == contact_id, ContactView.user_id == actor.user_id, ContactView.seen_on == day)
    if db.session.scalar(known) is not None:
        return
    with transaction():
        try:
            with savepoint():
                db.session.add(ContactView(contact_id=contact_id, user_id=actor.user_id, user_name=actor.name[:120], seen_on=day))
                db.session.flush()
        except IntegrityError:
            return  # in another tab at the same moment


def views_of(contact_id: int) -> Sequence[ContactView]:
    """Who opened this profile, the last one first."""
    query = select(ContactView).where(ContactView.contact_id == contact_id).order_by(ContactView.seen_on.desc(), ContactView.id.desc())
    return db.session.scalars(query.limit(MOST_VIEWS)).all()


# --- exports ------------------------------------------------------------------------------------------


def note_export(list_name: str, contact_ids: Iterable[int], columns: Sequence[str], *, actor: Actor) -> ExportNote | None:
    """Remember whom somebody took out of a list; inside transaction()."""
    ids = sorted(set(contact_ids))
    if not ids:
        return None
    made = ExportNote(
        user_id=actor.user_id,
        user_name=actor.name[:120],
        list_name=list_name,
        columns=", ".join(columns)[:2_000],
        count=len(ids),
        contacts=pack(ids),
    )
    db.session.add(made)
    db.session.flush()
    return made


def pack(ids: Sequence[int]) -> bytes:
    """Ascending ids in one or two bytes each: steps of seven bits, then compressed."""
    found, before = bytearray(), 0
    for number in ids:
        step, before = number - before, number
        while step >= 128:
            found.append(step & 127 | 128)
            step >>= 7
        found.append(step)
    return zlib.compress(bytes(found))


def unpack(packed: bytes) -> Iterator[int]:
    number = step = shift = 0
    for byte in zlib.decompress(packed):
        step |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            number += step
            yield number
            step = shift = 0


@dataclass(frozen=True)
class Taken:
    """An export this person was in."""

    at: datetime
    who: str
    list_name: str
    columns: str


def exports_with(contact_id: int) -> list[Taken]:
    """The exports this person was in, the last one first; read one by one."""
    columns = (ExportNote.at, ExportNote.user_name, ExportNote.list_name, ExportNote.columns, ExportNote.contacts)
    found: list[Any] = []
    for row in stream(select(*columns).order_by(ExportNote.id.desc())):
        if contact_id in set(unpack(row.contacts)):
            found.append(Taken(row.at, row.user_name, row.list_name, row.columns))
    return found
