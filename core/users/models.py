"""People who log in, what they may do where, and their open sessions."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.sqla.models import User as FabUser
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Base, Instant
from core.tenancy import TenantOwned

__all__ = ["CoreUser", "LoginAttempt", "OrganisationRole", "Role", "User", "UserSession"]


class CoreUser(FabUser):
    """A login. A person in a club is a Contact; a user may be linked to several."""

    __tablename__ = "ab_user"
    __table_args__ = {"extend_existing": True}

    language: Mapped[str | None] = mapped_column(String(2))
    theme: Mapped[str] = mapped_column(String(5), default="auto", server_default="auto")
    last_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="0")

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def __str__(self) -> str:
        return self.full_name


User = CoreUser  # another class named "User" would collide with FAB's in its own relations


class OrganisationRole(TenantOwned, Base):
    """The role a user holds in one organisation, and the contact the user is there."""

    __tablename__ = "organisation_role"
    __table_args__ = (
        UniqueConstraint("organisation_id", "user_id", "role_id"),
        Index("ix_organisation_role_user", "user_id"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    role_id: Mapped[int] = mapped_column(ForeignKey("ab_role.id"))
    contact_id: Mapped[int | None]
    since_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    user: Mapped[CoreUser] = relationship(lazy="raise")
    role: Mapped[Role] = relationship(lazy="raise")


class UserSession(Base):
    """An open login. The cookie carries a random id; here is only its hash."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    user_agent: Mapped[str] = mapped_column(String(200), default="")


class LoginAttempt(Base):
    """Failed logins per account, per address and over all, so that guessing slows down."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: "account:<name>", "address:<ip>" or "all"
    key: Mapped[str] = mapped_column(String(200), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    blocked_until: Mapped[datetime | None] = mapped_column(Instant)
