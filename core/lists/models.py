"""What somebody chose for a list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned


class ListPreference(TenantOwned, Base):
    """The columns a user wants to see in one list of one organisation, in order."""

    __tablename__ = "list_preference"
    __table_args__ = (UniqueConstraint("organisation_id", "user_id", "list_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    list_name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[list[str]] = mapped_column(JSONColumn, default=list)


class SavedFilter(TenantOwned, Base):
    """A question to a list that somebody keeps under a name, for herself or for all who see the list."""

    __tablename__ = "list_saved_filter"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), Index("ix_list_saved_filter_list", "organisation_id", "list_name", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    list_name: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(80))
    #: the question as the address writes it, see FilterSet
    query: Mapped[str] = mapped_column(Text)
    sort: Mapped[str] = mapped_column(String(80), default="")
    is_shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: it can be brought back until it is purged
    removed_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
