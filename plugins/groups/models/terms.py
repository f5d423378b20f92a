"""The words people choose from, and what can be ordered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ColumnElement

from core import clock
from core.db import Base, Instant, JSONColumn
from core.organisations.models import Affiliation
from core.tenancy import Scope, Shared

KINDS = ("type", "composition", "category", "function", "option")


class OfFederation(Shared):
    """Owned by a federation or club; what a federation owns is read by every club that is or was affiliated."""

    wall_for_readers = "{low} = {high} AND organisation_id IN (SELECT a.federation_id FROM affiliation a WHERE a.organisation_id = {low})"

    @classmethod
    def visible_in(cls, scope: Scope) -> ColumnElement[bool]:
        owner: Any = cls.organisation_id
        if scope.kind == "region":
            return owner == scope.federation_id  # type: ignore[no-any-return]
        if scope.kind == "club":
            federations = select(Affiliation.federation_id).where(Affiliation.organisation_id == scope.organisation_id)
            return or_(owner == scope.organisation_id, owner.in_(federations))
        return owner == scope.organisation_id  # type: ignore[no-any-return]


class GroupTerm(OfFederation, Base):
    """A type, composition, category, function or option that was made in the browser.

    With `declared_by` it says what is different of one that a plugin declares; the declaration
    itself is never copied, so that a new version of the plugin brings its new words.
    """

    __tablename__ = "group_term"
    __table_args__ = (
        UniqueConstraint("organisation_id", "kind", "key"),
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("per in ('group', 'club', 'each')", name="per"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    #: stable; groups and members keep it
    key: Mapped[str] = mapped_column(String(40))
    #: per language
    name: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    help: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: a function: somebody must hold it in a linked group
    is_required: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    #: an option: charged per "group" that ordered it, once per "club", or for "each" linked group without being ordered
    per: Mapped[str] = mapped_column(String(5), default="group")
    #: an option: only with more than one linked group
    families_only: Mapped[bool] = mapped_column(default=False)
    declared_by: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class GroupPrice(OfFederation, Base):
    """What an option costs from a day to a day; there is at most one price on a day."""

    __tablename__ = "group_price"
    __table_args__ = (Index("ix_group_price_option", "organisation_id", "option", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: key of the option
    option: Mapped[str] = mapped_column(String(40))
    amount_cents: Mapped[int]
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
