"""Memberships and their history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.contacts.models import Contact
from core.db import Base, Instant, JSONColumn, signature
from core.tenancy import FederationReadable
from plugins.memberships.models.types import MembershipType

STATUSES = ("requested", "accepted", "refused", "withdrawn")
State = Literal["requested", "refused", "withdrawn", "later", "active", "ended"]


def state_on(day: date, status: str, from_on: date, until_on: date | None) -> State:
    """How a membership stands on a day, in one word."""
    if status != "accepted":
        return status  # type: ignore[return-value]
    if from_on > day:
        return "later"
    return "active" if until_on is None or until_on >= day else "ended"


class Membership(FederationReadable, Base):
    """A contact's membership of a federation or (`federation_id` empty) of the club itself.

    It counts on a day when it is accepted and the day lies from `from_on` to `until_on`. The
    federation decides on requests and changes nothing else.
    """

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint("until_on is null or until_on >= from_on", name="period"),
        Index("ix_membership_contact", "organisation_id", "contact_id", "status"),
        Index("ix_membership_status", "organisation_id", "status", "until_on"),
        Index("ix_membership_active", "federation_id", "status", "organisation_id", "from_on", "until_on"),
        Index("ix_membership_import", "organisation_id", "import_id"),
    )
    federation_writes = frozenset({"status", "decided_at", "decided_by", "decided_by_id", "reason", "changed_at", "version"})

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    type_id: Mapped[int] = mapped_column(ForeignKey("membership_type.id"), index=True)
    from_on: Mapped[date] = mapped_column(Date)
    #: last day it counts; None: until somebody ends it
    until_on: Mapped[date | None] = mapped_column(Date)
    season: Mapped[str | None] = mapped_column(String(9))
    status: Mapped[str] = mapped_column(String(10), default="requested")
    #: values of extra fields on memberships, by field key
    extra: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    requested_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    requested_by: Mapped[str] = signature("requested_by_id")
    requested_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    #: empty when a rule decided, and without the name once that person was erased
    decided_by: Mapped[str] = signature("decided_by_id")
    decided_by_id: Mapped[int | None]
    #: why the federation refused
    reason: Mapped[str] = mapped_column(String(500), default="")
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str] = mapped_column(String(500), default="")
    import_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    kind: Mapped[MembershipType] = relationship(lazy="raise")

    def counts_on(self, day: date) -> bool:
        return self.state_on(day) == "active"

    def state_on(self, day: date) -> State:
        return state_on(day, self.status, self.from_on, self.until_on)


class MembershipEvent(FederationReadable, Base):
    """Something that happened to a membership; club and federation read the same history.

    `changes` has [old, new] per attribute, so that the last event can be undone.
    """

    __tablename__ = "membership_event"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["membership.organisation_id", "membership.id"], ondelete="CASCADE"),
        Index("ix_membership_event_membership", "organisation_id", "membership_id", "id"),
    )
    federation_writes = frozenset({"*"})  # it writes its decisions down

    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int]
    #: requested, changed, accepted, refused, withdrawn, ended, or "undo." and one of these
    act: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    actor_name: Mapped[str] = signature("actor_id")
    actor_id: Mapped[int | None]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    note: Mapped[str] = mapped_column(String(500), default="")
