"""What members ask to have corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, column
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.contacts.models import Contact
from core.db import Base, Instant, JSONColumn, signature
from core.tenancy import TenantOwned

WAITING, ACCEPTED, REFUSED, WITHDRAWN = "waiting", "accepted", "refused", "withdrawn"


class ContactCorrection(TenantOwned, Base):
    """Values a person wants stored about itself; one at a time waits, and is changed until somebody decides.

    `was` and `wanted` are parts of a version of core.contacts.versions: attributes by name,
    "whose.<name>", "extra.<key>".
    """

    __tablename__ = "contact_correction"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        CheckConstraint("state in ('waiting','accepted','refused','withdrawn')", name="state"),
        Index("ix_contact_correction_state", "organisation_id", "state", "id"),
        Index("ix_contact_correction_contact", "organisation_id", "contact_id"),
        Index(
            "uq_contact_correction_waiting",
            "organisation_id",
            "contact_id",
            unique=True,
            sqlite_where=column("state") == WAITING,
            postgresql_where=column("state") == WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    #: what was stored when it was asked, and what is wanted instead
    was: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    asked_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: the login it was asked with: of the person, or of a parent
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    asked_by: Mapped[str] = signature("asked_by_id")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str] = signature("decided_by_id")
    decided_by_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
