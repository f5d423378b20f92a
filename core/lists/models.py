"""What somebody chose for a list."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, JSONColumn
from core.tenancy import TenantOwned


class ListPreference(TenantOwned, Base):
    """The columns a user wants to see in one list of one organisation, in order."""

    __tablename__ = "list_preference"
    __table_args__ = (UniqueConstraint("organisation_id", "user_id", "list_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    list_name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
