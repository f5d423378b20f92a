"""Rows somebody chose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned


class Selection(TenantOwned, Base):
    """Rows of a list, frozen: the list may change, what was chosen does not."""

    __tablename__ = "selection"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), Index("ix_selection_expires", "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    list_name: Mapped[str] = mapped_column(String(60))
    #: what was asked, when all results were chosen; empty when rows were ticked
    query: Mapped[str] = mapped_column(String(20_000), default="")
    count: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)

    parts: Mapped[list[SelectionPart]] = relationship(
        back_populates="selection", order_by="SelectionPart.position", lazy="selectin", cascade="all, delete-orphan"
    )

    def ids(self) -> Iterator[int]:
        """The chosen ids, in the order of the list."""
        for part in self.parts:
            yield from part.ids


class SelectionPart(TenantOwned, Base):
    """Up to a thousand ids of a selection."""

    __tablename__ = "selection_part"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "selection_id"], ["selection.organisation_id", "selection.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "selection_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    selection_id: Mapped[int]
    position: Mapped[int]
    ids: Mapped[list[int]] = mapped_column(JSONColumn)

    selection: Mapped[Selection] = relationship(back_populates="parts")
