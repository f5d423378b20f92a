"""What people were told, and how they want to be told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned


class Notification(TenantOwned, Base):
    """Something one receiver was told once: a contact, or a login.

    `receiver` is "c<contact>" or "u<user>", so that one unique key serves both.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("organisation_id", "unique_key", "receiver"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        ForeignKeyConstraint(["organisation_id", "about_id"], ["contact.organisation_id", "contact.id"]),
        Index("ix_notification_about", "organisation_id", "about_id"),
        Index("ix_notification_list", "organisation_id", "receiver", "is_shown", "id"),
        Index("ix_notification_unseen", "organisation_id", "receiver", "is_shown", "seen_at"),
        Index("ix_notification_contact", "organisation_id", "contact_id"),
        Index("ix_notification_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: key of a registered NotificationKind
    kind: Mapped[str] = mapped_column(String(60))
    unique_key: Mapped[str] = mapped_column(String(160))
    receiver: Mapped[str] = mapped_column(String(20))
    contact_id: Mapped[int | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    #: the contact whose name is in the text, when that is somebody else
    about_id: Mapped[int | None]
    #: in the language of the receiver at that moment
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    #: path of the page it is about
    url: Mapped[str] = mapped_column(String(500), default="")
    #: False: by mail only, as the receiver wants it
    is_shown: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)


class NotificationChoice(TenantOwned, Base):
    """How one receiver wants to be told of one kind. No row: as the kind says."""

    __tablename__ = "notification_choice"
    __table_args__ = (
        UniqueConstraint("organisation_id", "receiver", "kind"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        Index("ix_notification_choice_contact", "organisation_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    receiver: Mapped[str] = mapped_column(String(20))
    contact_id: Mapped[int | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    in_app: Mapped[bool] = mapped_column(default=True)
    #: which addresses get it: "email_1" ... of a contact, "login" of a login; none: no mail
    addresses: Mapped[list[str]] = mapped_column(JSONColumn, default=list)


class PushSubscription(Base):
    """A browser on which somebody wants to see notifications, also when Koepel is not open."""

    __tablename__ = "push_subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    #: SHA-256 of the endpoint: one browser is one row
    endpoint_hash: Mapped[str] = mapped_column(String(64), unique=True)
    endpoint: Mapped[str] = mapped_column(String(1_000))
    p256dh: Mapped[str] = mapped_column(String(120))
    auth: Mapped[str] = mapped_column(String(60))
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
