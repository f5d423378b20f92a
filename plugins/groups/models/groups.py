"""Groups, who is in them, and the rules that fill them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned
from plugins.groups.models.seasons import Season

#: what a group shows of its members to each other, beside names and functions
OPEN_DETAILS = ("email", "phone")


class ClubGroup(TenantOwned, Base):
    """A group of a season, or (`season_id` empty) a committee that goes on.

    `lineage` is the same for a group and all its copies in other seasons.
    """

    __tablename__ = "group_unit"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "season_id", "lineage"),
        ForeignKeyConstraint(["organisation_id", "season_id"], ["group_season.organisation_id", "group_season.id"]),
        Index("ix_group_unit_season", "organisation_id", "season_id", "name_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    season_id: Mapped[int | None]
    lineage: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(130).with_variant(String(130, collation="C"), "postgresql"))
    abbreviation: Mapped[str | None] = mapped_column(String(20))
    #: keys of terms
    type: Mapped[str | None] = mapped_column(String(40))
    composition: Mapped[str | None] = mapped_column(String(40))
    category: Mapped[str | None] = mapped_column(String(40))
    #: id of a stored file
    picture_id: Mapped[int | None]
    #: do its members see it, and each other, among their own groups?
    is_shown: Mapped[bool] = mapped_column(default=True)
    #: names of OPEN_DETAILS its members see of each other
    opens: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    #: values of extra fields on groups, by field key
    extra: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: the group it was copied from
    copied_from: Mapped[int | None]
    #: put away; shown nowhere, can be brought back
    removed_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    season: Mapped[Season | None] = relationship(lazy="raise", viewonly=True)

    @property
    def is_committee(self) -> bool:
        return self.season_id is None

    def refold(self) -> None:
        self.name_key = fold(self.name)

    def __str__(self) -> str:
        return self.name


class GroupRule(TenantOwned, Base):
    """Contacts that meet a question are members with a function, as long as they do."""

    __tablename__ = "group_rule"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "group_id"], ["group_unit.organisation_id", "group_unit.id"], ondelete="CASCADE"),
        Index("ix_group_rule_group", "organisation_id", "group_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    #: the question to the list of contacts, as its address writes it
    query: Mapped[str] = mapped_column(Text)
    function: Mapped[str] = mapped_column(String(40))
    ran_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class GroupMember(TenantOwned, Base):
    """A contact in a group, with a function, from a day to a day. Several functions are several rows.

    `rule_id` is set while a rule keeps it there; empty: somebody put it there by hand.
    """

    __tablename__ = "group_member"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "group_id"], ["group_unit.organisation_id", "group_unit.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        ForeignKeyConstraint(["organisation_id", "rule_id"], ["group_rule.organisation_id", "group_rule.id"]),
        CheckConstraint("until_on is null or until_on >= from_on", name="period"),
        Index("ix_group_member_contact", "organisation_id", "contact_id", "group_id"),
        Index("ix_group_member_group", "organisation_id", "group_id", "function"),
        Index("ix_group_member_rule", "organisation_id", "rule_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    contact_id: Mapped[int]
    #: key of a term
    function: Mapped[str] = mapped_column(String(40))
    from_on: Mapped[date] = mapped_column(Date)
    #: last day it counts; None: until the season ends or somebody ends it
    until_on: Mapped[date | None] = mapped_column(Date)
    rule_id: Mapped[int | None]
    #: when somebody ended it, and the last day it had before: how that is undone
    left_at: Mapped[datetime | None] = mapped_column(Instant)
    until_before: Mapped[date | None] = mapped_column(Date)
    #: taken back before it counted: as if it never was
    is_void: Mapped[bool] = mapped_column(default=False)
    import_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    group: Mapped[ClubGroup] = relationship(lazy="raise", viewonly=True)

    def counts_on(self, day: date) -> bool:
        return not self.is_void and self.from_on <= day and (self.until_on is None or self.until_on >= day)


class GroupException(TenantOwned, Base):
    """A contact that no rule puts (back) in a group with a function: somebody said so by hand."""

    __tablename__ = "group_exception"
    __table_args__ = (
        UniqueConstraint("organisation_id", "group_id", "contact_id", "function"),
        ForeignKeyConstraint(["organisation_id", "group_id"], ["group_unit.organisation_id", "group_unit.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    contact_id: Mapped[int]
    function: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
