"""What a federation may know of the members of its clubs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import FederationReadable


class FederationMember(FederationReadable, Base):
    """A copy of those details of a contact its federation may read; the contact itself it never sees.

    Kept in step while the person has a current membership or a request; the club writes it.
    """

    __tablename__ = "membership_member"
    __table_args__ = (
        UniqueConstraint("organisation_id", "federation_id", "contact_id"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        Index("ix_membership_member_name", "federation_id", "name_key", "id"),
        Index("ix_membership_member_match", "federation_id", "name_key", "birth_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(170).with_variant(String(170, collation="C"), "postgresql"))
    birth_date: Mapped[date | None] = mapped_column(Date)
    gender: Mapped[str | None] = mapped_column(String(1))
    street: Mapped[str | None] = mapped_column(String(120))
    house_number: Mapped[str | None] = mapped_column(String(12))
    box: Mapped[str | None] = mapped_column(String(12))
    postcode: Mapped[str | None] = mapped_column(String(12))
    town: Mapped[str | None] = mapped_column(String(80))
    country: Mapped[str | None] = mapped_column(String(2))
    email_1: Mapped[str | None] = mapped_column(String(254))
    #: extra fields of the contact that say `federation_reads`
    extra: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"
