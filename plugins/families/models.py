"""Families, their members in time, and what each parent may do for each child."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.api import Base, Contact, Instant, JSONColumn, TenantOwned, in_own_language, now


class FamilyFunction(TenantOwned, Base):
    """What somebody is in a family: mother, guardian, child. A club changes them and adds its own."""

    __tablename__ = "family_function"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), UniqueConstraint("organisation_id", "key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    #: stable name of those a club starts with; empty for its own
    key: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[dict[str, str]] = mapped_column(JSONColumn)
    #: may act for the children of the family
    opens_account: Mapped[bool] = mapped_column(default=False)
    #: is one of those children
    is_child: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def title(self) -> str:
        return in_own_language(self.name)


class Family(TenantOwned, Base):
    """People who belong together, as one club sees it. Somebody may be in several (after a separation, a new partner)."""

    __tablename__ = "family"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), Index("ix_family_name", "organisation_id", "name_key", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    #: folded, for search and order; plain byte order on both databases
    name_key: Mapped[str] = mapped_column(String(130).with_variant(String(130, collation="C"), "postgresql"))
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return self.name


class FamilyMember(TenantOwned, Base):
    """Somebody in a family, from a day to a day."""

    __tablename__ = "family_member"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "family_id"], ["family.organisation_id", "family.id"]),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        ForeignKeyConstraint(["organisation_id", "function_id"], ["family_function.organisation_id", "family_function.id"]),
        Index("ix_family_member_contact", "organisation_id", "contact_id"),
        Index("ix_family_member_family", "organisation_id", "family_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    family_id: Mapped[int]
    contact_id: Mapped[int]
    function_id: Mapped[int]
    from_on: Mapped[date] = mapped_column(Date)
    #: the last day it counts; empty: still so
    until_on: Mapped[date | None] = mapped_column(Date)

    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    function: Mapped[FamilyFunction] = relationship(lazy="raise", viewonly=True)


class ParentRight(TenantOwned, Base):
    """What one parent may do for one child; there is no row as long as everything is as usual."""

    __tablename__ = "family_right"
    __table_args__ = (
        UniqueConstraint("organisation_id", "parent_id", "child_id"),
        ForeignKeyConstraint(["organisation_id", "parent_id"], ["contact.organisation_id", "contact.id"]),
        ForeignKeyConstraint(["organisation_id", "child_id"], ["contact.organisation_id", "contact.id"]),
        Index("ix_family_right_child", "organisation_id", "child_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int]
    child_id: Mapped[int]
    sees: Mapped[bool] = mapped_column(default=True)
    corrects: Mapped[bool] = mapped_column(default=True)
    answers: Mapped[bool] = mapped_column(default=True)
    gets_mails: Mapped[bool] = mapped_column(default=True)
    #: goes on after the 18th birthday (a person who is looked after for longer)
    after_18: Mapped[bool] = mapped_column(default=False)
