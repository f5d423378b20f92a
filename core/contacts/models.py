"""A person known to an organisation, with or without a membership."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.contacts.names import fold
from core.db import Base, Instant, JSONColumn
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import TenantOwned

GENDERS = ("F", "M", "X")
#: age at which somebody decides alone
ADULT = 18


class Contact(TenantOwned, Base):
    """One person in one organisation. `version` guards against two people editing at once."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index("ix_contact_name", "organisation_id", "name_key", "id"),
        Index("ix_contact_match", "organisation_id", "name_key", "birth_date"),
        Index("ix_contact_created", "organisation_id", "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    #: folded "last first" for matching, search and the order of lists, kept by the services;
    #: plain byte order on both databases, so that a prefix is a range of the index
    name_key: Mapped[str] = mapped_column(String(170).with_variant(String(170, collation="C"), "postgresql"))
    #: folded name, e-mail addresses and town in one text, for "any part of" search
    search_text: Mapped[str] = mapped_column(String(900), default="")
    birth_date: Mapped[date | None] = mapped_column(Date)
    gender: Mapped[str | None] = mapped_column(String(1))
    nationality: Mapped[str | None] = mapped_column(String(2))
    language: Mapped[str | None] = mapped_column(String(2))
    email_1: Mapped[str | None] = mapped_column(String(254))
    email_2: Mapped[str | None] = mapped_column(String(254))
    email_3: Mapped[str | None] = mapped_column(String(254))
    mobile_1: Mapped[str | None] = mapped_column(String(40))
    mobile_2: Mapped[str | None] = mapped_column(String(40))
    mobile_3: Mapped[str | None] = mapped_column(String(40))
    phone: Mapped[str | None] = mapped_column(String(40))
    street: Mapped[str | None] = mapped_column(String(120))
    house_number: Mapped[str | None] = mapped_column(String(12))
    box: Mapped[str | None] = mapped_column(String(12))
    postcode: Mapped[str | None] = mapped_column(String(12))
    town: Mapped[str | None] = mapped_column(String(80))
    country: Mapped[str | None] = mapped_column(String(2), default="BE")
    remarks: Mapped[str | None] = mapped_column(String(2000))
    #: true: never shown to a stranger who looks for an account
    not_findable: Mapped[bool | None]
    #: whose address or number it is when not the contact's own: {"email_2": "daughter"}
    whose: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: values of extra fields, by field key
    extra: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: the import that made this contact, so that the import can be undone
    import_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: put in the bin; shown nowhere, can be brought back
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    #: the person was erased: only this row's id still means something
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    organisation: Mapped[Organisation] = relationship(lazy="raise")

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}" if self.erased_at is None else _("Erased person")

    @property
    def list_name(self) -> str:
        """Family name first, as lists are sorted."""
        return f"{self.last_name} {self.first_name}"

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper()

    @property
    def age(self) -> int | None:
        return clock.age_on(self.birth_date, clock.today()) if self.birth_date else None

    @property
    def is_minor(self) -> bool:
        return self.age is not None and self.age < ADULT

    def refold(self) -> None:
        """Keep the search columns in step with what they are made of."""
        self.name_key = fold(f"{self.last_name} {self.first_name}")
        parts = (self.last_name, self.first_name, self.last_name, self.email_1, self.email_2, self.email_3, self.town)
        self.search_text = fold(" ".join(p for p in parts if p))[:900]

    def __str__(self) -> str:
        return self.full_name


class ContactFunction(TenantOwned, Base):
    """A function a contact holds in its organisation (chair, secretary, trainer), in time."""

    __tablename__ = "contact_function"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"], ondelete="CASCADE"),
        Index("ix_contact_function_contact", "organisation_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]
    #: key of a function declared by the federation plugin, e.g. "chair"
    function: Mapped[str] = mapped_column(String(40))
    from_on: Mapped[date] = mapped_column(Date, default=clock.today)
    until_on: Mapped[date | None] = mapped_column(Date)

    contact: Mapped[Contact] = relationship(lazy="raise")
