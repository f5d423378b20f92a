"""What a federation reads of the groups of its clubs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn, signature
from core.tenancy import FederationReadable


class GroupLink(FederationReadable, Base):
    """A group linked to a federation: a copy of what the federation may read of it, and what was ordered.

    The club writes it, also when a member or the group itself changes; the federation only reads.
    """

    __tablename__ = "group_link"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "federation_id", "group_id"),
        ForeignKeyConstraint(["organisation_id", "group_id"], ["group_unit.organisation_id", "group_unit.id"]),
        Index("ix_group_link_season", "federation_id", "season_start", "organisation_id"),
        Index("ix_group_link_lineage", "federation_id", "organisation_id", "lineage"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    #: the same for a group and its copies in other seasons
    lineage: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(130).with_variant(String(130, collation="C"), "postgresql"))
    abbreviation: Mapped[str | None] = mapped_column(String(20))
    type: Mapped[str | None] = mapped_column(String(40))
    composition: Mapped[str | None] = mapped_column(String(40))
    category: Mapped[str | None] = mapped_column(String(40))
    #: names per language of the three above, for words of the club's own: {"type": {"nl": ...}}
    words: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONColumn, default=dict)
    #: empty for a committee
    season_name: Mapped[str | None] = mapped_column(String(20))
    season_start: Mapped[date | None] = mapped_column(Date)
    season_end: Mapped[date | None] = mapped_column(Date)
    #: values of the fields the federation asks, by field key
    shared: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: keys of what was ordered
    options: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    #: who holds a function the federation requires: [{"contact_id", "function", "name", "email", "phone"}]
    holders: Mapped[list[dict[str, Any]]] = mapped_column(JSONColumn, default=list)
    #: people per function key
    functions: Mapped[dict[str, int]] = mapped_column(JSONColumn, default=dict)
    member_count: Mapped[int] = mapped_column(default=0)
    linked_on: Mapped[date] = mapped_column(Date)
    #: last day it was linked; None: it is
    unlinked_on: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class GroupLinkEvent(FederationReadable, Base):
    """Something that changed of a linked group; club and federation read the same history."""

    __tablename__ = "group_link_event"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "link_id"], ["group_link.organisation_id", "group_link.id"], ondelete="CASCADE"),
        Index("ix_group_link_event_link", "organisation_id", "link_id", "id"),
        Index("ix_group_link_event_at", "federation_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int]
    #: linked, changed, unlinked
    act: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    actor_name: Mapped[str] = signature("actor_id")
    actor_id: Mapped[int | None]
    #: [old, new] per attribute; extra fields as "shared.<key>"
    changes: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
