"""Snapshots: asking for one, finding it, looking whether it is still as it was taken, comparing two."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from core.api import Actor, Job, NotFound, UserMistake, _, current_organisation, db, enqueue, format_date, record, require, stream, today
from plugins.statistics.models import Snapshot, SnapshotClub, SnapshotMember, SnapshotNumber

WRITE = "snapshots.write"
TAKE_JOB = "statistics_snapshot"
#: full years after that of the reference date in which names are kept
KEEP_YEARS, MOST_YEARS = 5, 10
FIRST_YEAR = 2000


def snapshots_here() -> Sequence[Snapshot]:
    """All snapshots of the federation at hand, the newest reference date first."""
    return db.session.scalars(select(Snapshot).order_by(Snapshot.reference_on.desc(), Snapshot.id.desc())).all()


def get_snapshot(pk: int, *, locked: bool = False) -> Snapshot:
    """A snapshot of this federation; NotFound for all others."""
    query = select(Snapshot).where(Snapshot.id == pk)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"snapshot {pk}")
    return found


def start_snapshot(
    *, name: str, reference_on: date | None, keep_years: int = KEEP_YEARS, note: str = "", actor: Actor, with_job: bool = True
) -> Snapshot:
    """Ask for a snapshot; a job takes it. Inside transaction().

    keep_years: full years after that of the reference date in which names are kept.
    with_job: False for a caller that takes it itself.
    """
    require(actor, WRITE)
    title = " ".join(name.split())
    reference_on = _checked(title, reference_on, keep_years, note)
    snapshot = Snapshot(
        name=title, reference_on=reference_on, note=note.strip(), names_until=date(reference_on.year + keep_years, 12, 31), created_by=actor.name[:160],
        created_by_id=actor.user_id,
    )
    db.session.add(snapshot)
    db.session.flush()
    record("snapshot.created", snapshot, actor=actor, changes={"reference_on": (None, reference_on)}, note=title)
    if with_job:
        snapshot.job_id = enqueue(TAKE_JOB, {"snapshot": snapshot.id}, actor=actor, title=_("Take the snapshot “%(name)s”", name=title)).id
        db.session.flush()
    return snapshot


def _checked(name: str, reference_on: date | None, keep_years: int, note: str) -> date:
    """The reference date, when everything is right; UserMistake beside the field that is not."""
    if current_organisation().kind != "federation":
        raise NotFound("snapshots")
    if not name:
        raise UserMistake(_("Give the snapshot a name, such as “Declaration 2026”."), field="name")
    if len(name) > 120:
        raise UserMistake(_("Use at most %(number)s characters.", number=120), field="name")
    if db.session.scalar(select(Snapshot.id).where(Snapshot.name == name)):
        raise UserMistake(_("There is a snapshot of this name already. Choose another name."), field="name")
    if reference_on is None:
        raise UserMistake(_("Fill in the reference date."), field="reference_on")
    if reference_on > today(current_organisation().time_zone):
        raise UserMistake(_("This day is still to come. A snapshot is taken of today or an earlier day."), field="reference_on")
    if reference_on.year < FIRST_YEAR:
        raise UserMistake(_("Check the year of this date."), field="reference_on")
    if not 1 <= keep_years <= MOST_YEARS:
        raise UserMistake(_("Keep names for 1 to %(years)s years.", years=MOST_YEARS), field="keep_years")
    if len(note) > 500:
        raise UserMistake(_("Use at most %(number)s characters.", number=500), field="note")
    return reference_on


def job_of(snapshot: Snapshot) -> Job | None:
    """The job that takes it, or took it."""
    return db.session.scalars(select(Job).where(Job.id == snapshot.job_id)).one_or_none() if snapshot.job_id else None


def remove_snapshot(snapshot: Snapshot, *, actor: Actor) -> None:
    """Throw away what was never taken. One that was taken stays."""
    require(actor, WRITE)
    here = get_snapshot(snapshot.id, locked=True)
    job = job_of(here)
    if here.is_taken:
        raise UserMistake(_("This snapshot was taken and stays as it is. Take another one under another name."))
    if job is not None and not job.has_ended:
        raise UserMistake(_("This snapshot is being taken. Wait until that is done."))
    record("snapshot.removed", here, actor=actor, note=here.name)
    db.session.delete(here)
    db.session.flush()


# --- looking -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """A table of a snapshot: (key, title, number) per kind of member."""

    key: str
    title: str
    adds_up: bool
    rows: list[tuple[str, str, int]]


def sheets_of(snapshot: Snapshot, *, club_id: int | None = None) -> list[Sheet]:
    """The tables of all clubs together, or of one. One statement."""
    n = SnapshotNumber
    of_club = n.club_id.is_(None) if club_id is None else n.club_id == club_id
    found: dict[str, list[tuple[str, str, int]]] = {}
    for sheet, key, title, number in db.session.execute(
        select(n.sheet, n.key, n.title, n.number).where(n.snapshot_id == snapshot.id, of_club).order_by(n.id)
    ):
        found.setdefault(sheet, []).append((key, title, number))
    return [Sheet(s["key"], s["title"], bool(s.get("adds_up", True)), found.get(s["key"], [])) for s in snapshot.sheets]


def clubs_in(snapshot: Snapshot) -> Sequence[SnapshotClub]:
    return db.session.scalars(select(SnapshotClub).where(SnapshotClub.snapshot_id == snapshot.id).order_by(SnapshotClub.name, SnapshotClub.id)).all()


def checksum_of(snapshot: Snapshot) -> str:
    """SHA-256 of name, day, numbers, clubs and what stays of each member; equal to `checksum` as long as nothing changed."""
    found = hashlib.sha256()

    def add(*parts: Any) -> None:
        found.update(("\t".join("" if part is None else str(part) for part in parts) + "\n").encode())

    add("koepel snapshot 1", snapshot.name, snapshot.reference_on)
    n, c, m = SnapshotNumber, SnapshotClub, SnapshotMember
    for row in stream(select(n.club_id, n.sheet, n.key, n.title, n.number).where(n.snapshot_id == snapshot.id).order_by(n.id)):
        add("number", *row)
    for row in stream(select(c.club_id, c.name, c.number, c.region, c.town, c.members).where(c.snapshot_id == snapshot.id).order_by(c.id)):
        add("club", *row)
    for row in stream(select(m.club_id, m.type_title, m.gender, m.band).where(m.snapshot_id == snapshot.id).order_by(m.id)):
        add("member", *row)
    return found.hexdigest()


# --- comparing -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """One row of two snapshots; None where it is not in one of them."""

    title: str
    before: int | None
    after: int | None

    @property
    def difference(self) -> int:
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True)
class ComparedSheet:
    title: str
    rows: list[Compared]


def compare(before: Snapshot, after: Snapshot) -> list[ComparedSheet]:
    """Each table of the newer one beside the older one, then the clubs."""
    older = {sheet.key: sheet for sheet in sheets_of(before)}
    found = []
    newer = sheets_of(after)
    for sheet in [*newer, *(sheet for key, sheet in older.items() if key not in {s.key for s in newer})]:
        now_rows = sheet.rows if sheet in newer else []
        then_rows = older[sheet.key].rows if sheet.key in older else []
        found.append(ComparedSheet(sheet.title, _beside([(k, t, n) for k, t, n in then_rows], now_rows)))
    clubs = [[(str(club.club_id), club.name, club.members) for club in clubs_in(snapshot)] for snapshot in (before, after)]
    found.append(ComparedSheet(_("Members by club"), sorted(_beside(*clubs), key=lambda row: row.title.casefold())))
    return found


def _beside(before: Sequence[tuple[str, str, int]], after: Sequence[tuple[str, str, int]]) -> list[Compared]:
    then = {key: (title, number) for key, title, number in before}
    now = {key: (title, number) for key, title, number in after}
    return [
        Compared((now.get(key) or then[key])[0], then[key][1] if key in then else None, now[key][1] if key in now else None)
        for key in dict.fromkeys([*now, *then])
    ]


def describe(snapshot: Snapshot) -> str:
    return f"{snapshot.name} ({format_date(snapshot.reference_on)})"


