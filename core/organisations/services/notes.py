"""What a federation or region writes down about a club, for itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from core.access import Actor, require
from core.audit.services import record
from core.contacts.parsing import parse_paragraphs
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import ClubNote
from core.organisations.services.clubs import Club

LONGEST = 2_000


def notes_about(club: Club) -> Sequence[ClubNote]:
    """The newest first."""
    return db.session.scalars(select(ClubNote).where(ClubNote.club_id == club.organisation.id).order_by(ClubNote.id.desc()).limit(100)).all()


def add_note(club: Club, text: str | None, *, actor: Actor) -> ClubNote:
    require(actor, "clubs.read")
    clean = parse_paragraphs(text, longest=LONGEST)
    if clean is None:
        raise UserMistake(_("Write something first."), field="text")
    note = ClubNote(club_id=club.organisation.id, text=clean, written_by=actor.name[:160], written_by_id=actor.user_id)
    db.session.add(note)
    db.session.flush()
    record("club_note.created", note, actor=actor, note=club.organisation.name)
    return note


def remove_note(club: Club, pk: int, *, actor: Actor) -> None:
    require(actor, "clubs.read")
    note = db.session.scalars(select(ClubNote).where(ClubNote.id == pk, ClubNote.club_id == club.organisation.id)).one_or_none()
    if note is None:
        raise NotFound(f"note {pk}")
    record("club_note.deleted", note, actor=actor, note=club.organisation.name)
    db.session.delete(note)
    db.session.flush()
