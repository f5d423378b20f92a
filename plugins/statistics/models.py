"""Snapshots: what a federation knew of its members on a reference date, frozen for its yearly declaration.

A snapshot that was taken stays as it is: the services have no way to change it, and the database
refuses it. The one exception is forgetting people, which leaves what says nothing of anybody.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.api import Base, Instant, JSONColumn, TenantOwned, now, signature
from plugins.statistics.immutable import keep_frozen


class Snapshot(TenantOwned, Base):
    """The members of one reference date. Being taken as long as `taken_at` is empty."""

    __tablename__ = "statistics_snapshot"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), UniqueConstraint("organisation_id", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    reference_on: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(String(500), default="")
    clubs: Mapped[int] = mapped_column(default=0)
    members: Mapped[int] = mapped_column(default=0)
    #: the tables it has, in order: [{"key": "gender", "title": "Gender", "adds_up": true}]
    sheets: Mapped[list[dict[str, Any]]] = mapped_column(JSONColumn, default=list)
    #: SHA-256 of everything that stays when people are forgotten
    checksum: Mapped[str] = mapped_column(String(64), default="")
    #: last day on which names are kept
    names_until: Mapped[date] = mapped_column(Date)
    names_forgotten_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[str] = signature("created_by_id")
    created_by_id: Mapped[int | None]
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    job_id: Mapped[int | None]

    @property
    def is_taken(self) -> bool:
        return self.taken_at is not None


class SnapshotNumber(TenantOwned, Base):
    """How many members of one kind there were, of all clubs together (`club_id` empty) or of one club."""

    __tablename__ = "statistics_number"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "snapshot_id"], ["statistics_snapshot.organisation_id", "statistics_snapshot.id"], ondelete="CASCADE"),
        Index("ix_statistics_number_sheet", "organisation_id", "snapshot_id", "club_id", "sheet"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int]
    club_id: Mapped[int | None]
    #: "total", "type", "gender", "age", "region", "town", "function", "membership.<field>", "contact.<field>"
    sheet: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(160))
    #: what it was called then
    title: Mapped[str] = mapped_column(String(160))
    number: Mapped[int]


class SnapshotClub(TenantOwned, Base):
    """A club that was affiliated on the reference date, as it was called then."""

    __tablename__ = "statistics_club"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "snapshot_id"], ["statistics_snapshot.organisation_id", "statistics_snapshot.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "snapshot_id", "club_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int]
    club_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    number: Mapped[str] = mapped_column(String(30), default="")
    region: Mapped[str] = mapped_column(String(120), default="")
    town: Mapped[str] = mapped_column(String(80), default="")
    members: Mapped[int] = mapped_column(default=0)


class SnapshotMember(TenantOwned, Base):
    """Somebody who counted, with what a declaration has to be able to show and no more.

    No street, no e-mail address, no telephone. Forgotten: club, type, gender and age band stay.
    """

    __tablename__ = "statistics_member"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "snapshot_id"], ["statistics_snapshot.organisation_id", "statistics_snapshot.id"], ondelete="CASCADE"),
        Index("ix_statistics_member_snapshot", "organisation_id", "snapshot_id", "id"),
        Index("ix_statistics_member_contact", "club_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot_id: Mapped[int]
    club_id: Mapped[int]
    #: empty once the person is forgotten
    contact_id: Mapped[int | None]
    first_name: Mapped[str] = mapped_column(String(80), default="")
    last_name: Mapped[str] = mapped_column(String(80), default="")
    birth_date: Mapped[date | None] = mapped_column(Date)
    postcode: Mapped[str] = mapped_column(String(12), default="")
    town: Mapped[str] = mapped_column(String(80), default="")
    #: choice fields of the federation, as people read them: {"membership.sports": "Badminton, Padel"}
    answers: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    type_title: Mapped[str] = mapped_column(String(120), default="")
    gender: Mapped[str] = mapped_column(String(1), default="")
    band: Mapped[str] = mapped_column(String(3), default="")


#: what is emptied when a person is forgotten, and what it becomes
FORGOTTEN: dict[str, Any] = {"contact_id": None, "first_name": "", "last_name": "", "birth_date": None, "postcode": "", "town": "", "answers": {}}

keep_frozen(Snapshot.__table__, [SnapshotNumber.__table__, SnapshotClub.__table__], SnapshotMember.__table__, FORGOTTEN)
