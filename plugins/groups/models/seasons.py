"""The years a club counts in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant
from core.tenancy import TenantOwned


class Season(TenantOwned, Base):
    """A year of groups ("2026-2027"). Groups belong to one, so that who was where when is kept."""

    __tablename__ = "group_season"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "name"),
        CheckConstraint("end_on > start_on", name="period"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    start_on: Mapped[date] = mapped_column(Date)
    end_on: Mapped[date] = mapped_column(Date)
    #: shown first; at most one
    is_current: Mapped[bool] = mapped_column(default=False)
    #: only then its groups can be changed
    is_active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return self.name

    def holds(self, day: date) -> bool:
        return self.start_on <= day <= self.end_on

    def nearest(self, day: date) -> date:
        """The day itself, or the first or last day of the season when it lies outside."""
        return min(max(day, self.start_on), self.end_on)
