"""People in snapshots: what is told to them, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from core.api import Actor, Contact, Organisation, Record, RetentionRule, _l, db, now, record_many, today, unscoped
from plugins.statistics.models import FORGOTTEN, Snapshot, SnapshotMember


def data_about(contact: Contact) -> dict[str, Any]:
    """Snapshots of federations in which this person stands, with what they hold."""
    m, s = SnapshotMember, Snapshot
    with unscoped("snapshots that name a person, for the person"):
        rows = db.session.execute(
            select(m, s.name, s.reference_on, s.names_until, Organisation.name.label("federation"))
            .join(s, s.id == m.snapshot_id)
            .join(Organisation, Organisation.id == s.organisation_id)
            .where(m.club_id == contact.organisation_id, m.contact_id == contact.id)
            .order_by(s.reference_on)
        ).all()
    if not rows:
        return {}
    names = ("first_name", "last_name", "birth_date", "postcode", "town", "gender", "type_title", "answers")
    return {
        "snapshots": [
            {"federation": row.federation, "snapshot": row.name, "date": row.reference_on, "kept_until": row.names_until}
            | {name: getattr(row[0], name) for name in names}
            for row in rows
        ]
    }


def forget(contact: Contact, *, actor: Actor) -> None:
    """A person is erased: of every snapshot stay the numbers, and a line without anybody's name."""
    m = SnapshotMember
    with unscoped("a person is erased: snapshots of federations that name her"):
        rows = db.session.execute(select(m.id, m.organisation_id).where(m.club_id == contact.organisation_id, m.contact_id == contact.id)).all()
        _empty([row.id for row in rows])
        for owner in sorted({row.organisation_id for row in rows}):
            records = [Record("snapshot_member.forgotten", "statistics_member", row.id) for row in rows if row.organisation_id == owner]
            record_many(records, actor=actor, organisation_id=owner)


def _empty(ids: Sequence[int]) -> None:
    if ids:
        db.session.execute(update(SnapshotMember).where(SnapshotMember.id.in_(ids)).values(**FORGOTTEN).execution_options(synchronize_session=False))


def past_time() -> Any:
    """Lines with names of snapshots past their time."""
    m = SnapshotMember
    return select(m.id).where(m.contact_id.is_not(None), m.snapshot_id.in_(select(Snapshot.id).where(Snapshot.names_until < today()))).order_by(m.id)


def forget_names(ids: list[int]) -> None:
    """Empty some of these lines; a snapshot in which none is left says since when."""
    _empty(ids)
    named = select(SnapshotMember.id).where(SnapshotMember.snapshot_id == Snapshot.id, SnapshotMember.contact_id.is_not(None))
    over = (Snapshot.names_until < today(), Snapshot.names_forgotten_at.is_(None), ~named.exists())
    db.session.execute(update(Snapshot).where(*over).values(names_forgotten_at=now()).execution_options(synchronize_session=False))


RULES = [
    RetentionRule(
        "snapshot_names", _l("Names in snapshots"), _l("5 years after the year of the reference date, or what was chosen"), past_time, SnapshotMember,
        forget=forget_names, position=85,
    ),
]  # fmt: skip
