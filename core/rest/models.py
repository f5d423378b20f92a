"""API keys, and the calls that must not be done twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned
from core.users.models import User


class ApiKey(TenantOwned, Base):
    """A key with which a program does what its maker may do here, within its scopes.

    Only a hash of the key is kept: it is shown once.
    """

    __tablename__ = "rest_key"
    __table_args__ = (Index("ix_rest_key_organisation", "organisation_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: what it is for
    name: Mapped[str] = mapped_column(String(80))
    #: first characters of the key, so that people can tell keys apart
    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: "<resource>:read" and "<resource>:write"
    scopes: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    #: whose rights it has
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    #: calls in the minute that began at `window_at`
    window_at: Mapped[datetime | None] = mapped_column(Instant)
    window_calls: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship(lazy="raise")

    @property
    def works(self) -> bool:
        return self.revoked_at is None and self.expires_at > clock.now()


class RestCall(TenantOwned, Base):
    """A call that carried an Idempotency-Key, and the row it made: sent again, it is not done again."""

    __tablename__ = "rest_call"
    __table_args__ = (UniqueConstraint("organisation_id", "user_id", "key"), Index("ix_rest_call_created", "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    key: Mapped[str] = mapped_column(String(100))
    #: digest of what was asked, so that a key cannot stand for two things
    fingerprint: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
