"""Mails that wait, were sent, or were refused. One row is one mail to one person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn
from core.jobs.models import Claimable
from core.tenancy import TenantOwned


class OutboxMessage(Claimable, TenantOwned, Base):
    """A mail, stored with the change it tells about. Its text is wiped once it is sent."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("organisation_id", "unique_key"),
        CheckConstraint("state in ('waiting','running','done','failed')", name="state"),
        Index("ix_outbox_message_next", "state", "priority", "run_at", "id"),
        Index("ix_outbox_message_recent", "organisation_id", "id"),
        Index("ix_outbox_message_finished", "finished_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unique_key: Mapped[str] = mapped_column(String(200))
    #: first half of the Message-ID; the same in every try, so that a receiver recognises a duplicate
    message_id: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254))
    sender_name: Mapped[str] = mapped_column(String(120), default="")
    reply_to: Mapped[str | None] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(250))
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str | None] = mapped_column(Text)
    file_ids: Mapped[list[int]] = mapped_column(JSONColumn, default=list)
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    #: tries of which nobody knows whether the mail arrived
    unsure: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class AddressRefusal(TenantOwned, Base):
    """An address that does not work: a mail server refused it, or a mail came back from it."""

    __tablename__ = "address_refusal"
    __table_args__ = (UniqueConstraint("organisation_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: in small letters
    address: Mapped[str] = mapped_column(String(254))
    #: what the mail server said
    said: Mapped[str] = mapped_column(String(500), default="")
    #: "refused" while sending, or "returned" afterwards
    how: Mapped[str] = mapped_column(String(10))
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    last_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
