"""What joining and leaving did, so that it can be put back, and what is right as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.api import Base, Contact, Instant, JSONColumn, TenantOwned, now

KINDS = ("joined", "left", "repaired")


class JoiningAct(TenantOwned, Base):
    """What one click did for one contact. All acts of a click have the same `batch`.

    `done` has the numbers of what was made and ended, and what was there before: see services/undoing.py.
    """

    __tablename__ = "joining_act"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "batch", "contact_id"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        Index("ix_joining_act_contact", "organisation_id", "contact_id"),
        Index("ix_joining_act_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(10))
    contact_id: Mapped[int]
    done: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    #: when it was put back; None: it stands
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)


class JoiningException(TenantOwned, Base):
    """Somebody said that a point is right as it is for this contact: a supporter who sings nowhere."""

    __tablename__ = "joining_exception"
    __table_args__ = (
        UniqueConstraint("organisation_id", "point", "contact_id"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        Index("ix_joining_exception_contact", "organisation_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: name of a point of the page
    point: Mapped[str] = mapped_column(String(20))
    contact_id: Mapped[int]
    batch: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
