"""People who log in, what they may do where, and their open sessions."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.sqla.models import User as FabUser
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned

__all__ = ["CoreUser", "Invitation", "LoginAttempt", "LoginLink", "OrganisationRole", "Role", "Tally", "User", "UserLink", "UserLinkRequest", "UserSession"]


class CoreUser(FabUser):
    """A login. A person in a club is a Contact; a user may be linked to several."""

    __tablename__ = "ab_user"
    __table_args__ = {"extend_existing": True}

    language: Mapped[str | None] = mapped_column(String(2))
    theme: Mapped[str] = mapped_column(String(5), default="auto", server_default="auto")
    last_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    is_demo: Mapped[bool] = mapped_column(default=False, server_default="0")
    #: where this person gets mail about the login, proven by the link that went there; a family may
    #: share it, so it is not the unique `email`. Empty: `email`
    mail_address: Mapped[str | None] = mapped_column(String(254), index=True)
    #: since when a password alone does not open this login (core.factors)
    second_factor_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def has_second_factor(self) -> bool:
        return self.second_factor_at is not None

    @property
    def address(self) -> str:
        """The only address that may ever open this login; clubs cannot change it."""
        return self.mail_address or self.email

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
        Index("ix_organisation_role_contact", "organisation_id", "contact_id"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    role_id: Mapped[int] = mapped_column(ForeignKey("ab_role.id"))
    contact_id: Mapped[int | None]
    #: the contact it was, when that person was erased while running things here: the name goes with the role
    erased_contact_id: Mapped[int | None]
    since_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    user: Mapped[CoreUser] = relationship(lazy="raise")
    role: Mapped[Role] = relationship(lazy="raise")


class Invitation(TenantOwned, Base):
    """A role offered to whoever holds a link. The link has a secret, here is only its hash.

    It is used once, by somebody who logs in or makes a login; a club can never hand out the
    account somebody has elsewhere.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        Index("ix_invitation_contact", "organisation_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("ab_role.id"))
    contact_id: Mapped[int | None]
    email: Mapped[str] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(60))
    last_name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class UserSession(Base):
    """An open login. The cookie carries a random id; here is only its hash."""

    __tablename__ = "user_session"
    __table_args__ = (ForeignKeyConstraint(["on_behalf_organisation_id", "on_behalf_contact_id"], ["contact.organisation_id", "contact.id"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    #: the login that proved itself in this browser, when this one was reached by switching; empty: `user_id`
    home_user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    #: the contact this person acts for in one organisation (a child), as itself everywhere else
    on_behalf_organisation_id: Mapped[int | None]
    on_behalf_contact_id: Mapped[int | None]


class UserLink(Base):
    """Two logins of one person, who may switch between them. Neither knows the password of the other."""

    __tablename__ = "user_link"
    __table_args__ = (UniqueConstraint("low_id", "high_id"), Index("ix_user_link_high", "high_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    #: the two logins, the one with the lower number first
    low_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    high_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    #: "password" or "mail": how it was proven that both are one person's
    proof: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class UserLinkRequest(Base):
    """A link that was mailed to a login that somebody wants to link; works once."""

    __tablename__ = "user_link_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: who asked, and the only one who can use it
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    #: the login the mail went to
    other_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginAttempt(Base):
    """Failed logins per account, per address and over all, so that guessing slows down."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: "account:<name>", "address:<ip>" or "all"
    key: Mapped[str] = mapped_column(String(200), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    blocked_until: Mapped[datetime | None] = mapped_column(Instant)


class LoginLink(Base):
    """A link that was mailed to the owner of a login: to get in once, or to choose another password."""

    __tablename__ = "login_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: "login" or "password"; a link for one does not open the other
    purpose: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Tally(Base):
    """When something was done lately, so that it cannot be done too often."""

    __tablename__ = "tally"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: what is counted and for whom: "search:<ip>", "contact:<id>"
    key: Mapped[str] = mapped_column(String(120), unique=True)
    #: [seconds since 1970, mark]; the mark tells different things apart
    times: Mapped[list[list[str | float]]] = mapped_column(JSONColumn, default=list)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now, index=True)
