"""What people asked for and agreed to, and who looked at whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.contacts.models import Contact
from core.db import Base, Instant, JSONColumn, signature
from core.i18n import in_own_language
from core.tenancy import TenantOwned

#: OPEN: the club has to decide; WAITING: it is being erased, and can still be undone
OPEN, WAITING, DONE, REFUSED, WITHDRAWN = "open", "waiting", "done", "refused", "withdrawn"
#: who gave or withdrew a consent
PERSON, GUARDIAN, PAPER = "person", "guardian", "paper"


class ErasureRequest(TenantOwned, Base):
    """Somebody wants to be forgotten, or the club wants to forget somebody. After it, only the ids stay."""

    __tablename__ = "privacy_erasure"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        CheckConstraint("state in ('open','waiting','done','refused','withdrawn')", name="state"),
        Index("ix_privacy_erasure_state", "organisation_id", "state", "id"),
        Index("ix_privacy_erasure_contact", "organisation_id", "contact_id"),
        Index("ix_privacy_erasure_due", "state", "erase_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default=OPEN)
    #: the person asked (or a guardian), not the club
    is_by_person: Mapped[bool] = mapped_column(default=True)
    asked_by: Mapped[str] = signature("asked_by_id")
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    reason: Mapped[str] = mapped_column(String(1_000), default="")
    #: the last day on which the law wants an answer
    answer_by: Mapped[date] = mapped_column(Date)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str] = signature("decided_by_id")
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    #: what the club says when it refuses
    answer: Mapped[str] = mapped_column(String(1_000), default="")
    #: from this moment on the job does it
    erase_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the contact was in the bin already before this
    was_in_bin: Mapped[bool] = mapped_column(default=False)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    contact: Mapped[Contact] = relationship(lazy="raise")


class ConsentPurpose(TenantOwned, Base):
    """Something people are asked whether they agree to: photos on the website, the newsletter."""

    __tablename__ = "consent_purpose"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), UniqueConstraint("organisation_id", "key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    #: stable name for filters and programs; never changes
    key: Mapped[str] = mapped_column(String(40))
    title: Mapped[dict[str, str]] = mapped_column(JSONColumn)
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    #: number of the text in force
    text_number: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return in_own_language(dict(self.title), self.key)


class ConsentText(TenantOwned, Base):
    """What people agreed to, word for word. Never changed: another text gets the next number."""

    __tablename__ = "consent_text"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "purpose_id"], ["consent_purpose.organisation_id", "consent_purpose.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "purpose_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose_id: Mapped[int]
    number: Mapped[int]
    #: {"nl": ..., "fr": ...}
    text: Mapped[dict[str, str]] = mapped_column(JSONColumn)
    made_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)

    def __str__(self) -> str:
        return in_own_language(dict(self.text), "")


class Consent(TenantOwned, Base):
    """One yes or no of one person to one text. Never changed: a change of mind is another row."""

    __tablename__ = "consent"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        ForeignKeyConstraint(["organisation_id", "purpose_id"], ["consent_purpose.organisation_id", "consent_purpose.id"]),
        CheckConstraint("given_by in ('person','guardian','paper')", name="given_by"),
        Index("ix_consent_contact", "organisation_id", "contact_id", "id"),
        Index("ix_consent_latest", "organisation_id", "purpose_id", "is_latest", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    purpose_id: Mapped[int]
    #: the text that was shown, and in which language
    text_number: Mapped[int]
    language: Mapped[str] = mapped_column(String(2))
    agrees: Mapped[bool]
    given_by: Mapped[str] = mapped_column(String(10))
    #: name of who clicked: the person, the guardian or who typed over the paper
    recorded_by: Mapped[str] = signature("recorded_by_id")
    recorded_by_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: what is on the paper, where it is kept
    note: Mapped[str] = mapped_column(String(300), default="")
    #: no later row says something else
    is_latest: Mapped[bool] = mapped_column(default=True)


class ContactView(TenantOwned, Base):
    """Somebody opened the profile of a person on this day; once, however often."""

    __tablename__ = "contact_view"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        UniqueConstraint("organisation_id", "contact_id", "user_id", "seen_on"),
        Index("ix_contact_view_user", "user_id", "seen_on"),
        Index("ix_contact_view_seen_on", "seen_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    user_id: Mapped[int]
    user_name: Mapped[str] = signature("user_id", 120)
    seen_on: Mapped[date] = mapped_column(Date, default=clock.today)


class ExportNote(TenantOwned, Base):
    """Who took which people out of a list, so that it can be told to each of them. Ids only."""

    __tablename__ = "export_note"
    __table_args__ = (Index("ix_export_note_at", "organisation_id", "at"), Index("ix_export_note_user", "user_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    user_id: Mapped[int | None]
    user_name: Mapped[str] = signature("user_id", 120)
    list_name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[str] = mapped_column(String(2_000), default="")
    count: Mapped[int]
    #: ids of contacts, ascending: the steps between them, packed
    contacts: Mapped[bytes] = mapped_column(LargeBinary)
