"""Files people gave us or we made for them. The bytes are on disk, the row says whose they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant
from core.tenancy import TenantOwned


class StoredFile(TenantOwned, Base):
    """One file of one organisation. Its content never changes; a new one replaces it."""

    __tablename__ = "stored_file"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index("ix_stored_file_subject", "organisation_id", "subject_type", "subject_id"),
        Index("ix_stored_file_expiry", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: name of a FilePurpose: what it is for, and so who may read it
    purpose: Mapped[str] = mapped_column(String(40))
    #: what it is called for people
    filename: Mapped[str] = mapped_column(String(160))
    content_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    #: random name in the store
    storage_name: Mapped[str] = mapped_column(String(32), unique=True)
    #: table and id of the row it belongs to, and which part of it; empty while that is not saved yet
    subject_type: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    part: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: the user; empty for the platform itself
    created_by: Mapped[int | None]
    #: after this moment it is not given out any more, and soon deleted
    expires_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= clock.now()

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    def __str__(self) -> str:
        return self.filename
