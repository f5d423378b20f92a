"""What the database knows of its own schema."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant


class SchemaState(Base):
    """One row: which walls, triggers and search indexes were made last, and by which version."""

    __tablename__ = "schema_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    koepel_version: Mapped[str] = mapped_column(String(40))
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
