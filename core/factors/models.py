"""What proves who somebody is, beside a password or instead of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn

__all__ = ["AuthenticatorApp", "LoginStep", "Passkey", "RecoveryCode"]


class AuthenticatorApp(Base):
    """The app on somebody's phone that makes six digits every half minute."""

    __tablename__ = "authenticator_app"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), unique=True)
    #: sealed, see core.fields.secrets
    secret: Mapped[dict[str, str]] = mapped_column(JSONColumn)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: empty until a first code of it was right; before that it counts for nothing
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    #: half minutes since 1970 of the last code that was used: no code works twice
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """One of ten codes on paper, for when the phone is lost; here is only its hash."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Passkey(Base):
    """A key in a phone, computer or security key; the device keeps the secret half."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    #: base64url, as are the two below
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(String(2000))
    #: what a device knows this person by; says nothing to anybody else
    handle: Mapped[str] = mapped_column(String(90))
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginStep(Base):
    """A login, or a new passkey, that is half done. The cookie has the secret, here is its hash."""

    __tablename__ = "login_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: "second": the password was right, the code is still to come; "passkey": a device was asked; "new_passkey"
    purpose: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    #: what the device has to sign, base64url
    challenge: Mapped[str | None] = mapped_column(String(120))
    #: of a new passkey
    name: Mapped[str] = mapped_column(String(60), default="")
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
