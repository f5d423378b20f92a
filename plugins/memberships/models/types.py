"""What kinds of membership a federation or club has, and how long each lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeDecorator

from core import clock
from core.db import Base, Instant, JSONColumn
from core.organisations.models import Affiliation
from core.tenancy import Scope, Shared
from plugins.memberships.durations import DURATIONS, MonthDay

#: how a federation answers a request: by hand, at once when nothing is missing, the same for
#: somebody it knew as a member, or always at once
ACCEPTANCES = ("ask", "complete", "known", "always")
#: what may be needed of a person before a request is complete
DETAILS = ("birth_date", "gender", "address", "email")


class MonthDayText(TypeDecorator[MonthDay]):
    """A day of every year, stored as "09-01"."""

    impl = String(5)
    cache_ok = True

    def process_bind_param(self, value: MonthDay | None, dialect: Any) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> MonthDay | None:
        return None if value is None else MonthDay.parse(value)


class MembershipType(Shared, Base):
    """A kind of membership of a federation or club.

    One of a federation is seen by its regions and by every club that is or was affiliated, so
    that old memberships keep their name.
    """

    wall_for_readers = "{low} = {high} AND organisation_id IN (SELECT a.federation_id FROM affiliation a WHERE a.organisation_id = {low})"

    __tablename__ = "membership_type"
    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint(f"duration in {DURATIONS}", name="duration"),
        CheckConstraint(f"acceptance in {ACCEPTANCES}", name="acceptance"),
        Index("ix_membership_type_order", "organisation_id", "position", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: stable; a plugin knows a type it declared by this
    key: Mapped[str] = mapped_column(String(40))
    #: per language
    name: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    duration: Mapped[str] = mapped_column(String(16), default="continuous")
    #: season_bound: first and last day of the season; fixed_end: the last day is `period_end`
    period_start: Mapped[MonthDay | None] = mapped_column(MonthDayText)
    period_end: Mapped[MonthDay | None] = mapped_column(MonthDayText)
    #: fixed_end: who begins after this day belongs to the year that follows
    transfer_on: Mapped[MonthDay | None] = mapped_column(MonthDayText)
    #: fixed_duration: so many `length_unit` ("days" or "months")
    length: Mapped[int | None]
    length_unit: Mapped[str | None] = mapped_column(String(6))
    acceptance: Mapped[str] = mapped_column(String(10), default="ask")
    #: names of DETAILS that must be known of the person before a request is complete
    needs: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    #: False: no new memberships; those that exist go on
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def visible_in(cls, scope: Scope) -> ColumnElement[bool]:
        owner: Any = cls.organisation_id
        if scope.kind == "region":
            return owner == scope.federation_id  # type: ignore[no-any-return]
        if scope.kind == "club":
            federations = select(Affiliation.federation_id).where(Affiliation.organisation_id == scope.organisation_id)
            return or_(owner == scope.organisation_id, owner.in_(federations))
        return owner == scope.organisation_id  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return self.key
