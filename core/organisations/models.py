"""Organisations (federation, region, club) and how they hang together."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Base, Instant, JSONColumn, signature
from core.tenancy import FederationReadable, Scope, TenantOwned

KINDS = ("platform", "federation", "region", "club")


class Organisation(Base):
    """A federation, a region of one, or a club. Every tenant row belongs to one of these."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("kind in ('platform','federation','region','club')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    #: a region's federation; empty for all others (a club is linked by Affiliation)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    #: name of the federation plugin that gives a federation its rules
    federation_plugin: Mapped[str | None] = mapped_column(String(40))
    official_name: Mapped[str] = mapped_column(String(160))
    #: the call name, shown everywhere
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2), default="nl")
    time_zone: Mapped[str] = mapped_column(String(40), default=clock.DEFAULT_ZONE)
    accent: Mapped[str] = mapped_column(String(7), default="#14734a")
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    website: Mapped[str | None] = mapped_column(String(200))
    vat_number: Mapped[str | None] = mapped_column(String(20))
    iban: Mapped[str | None] = mapped_column(String(34))
    bic: Mapped[str | None] = mapped_column(String(11))
    invoice_email: Mapped[str | None] = mapped_column(String(254))
    street: Mapped[str | None] = mapped_column(String(120))
    house_number: Mapped[str | None] = mapped_column(String(12))
    box: Mapped[str | None] = mapped_column(String(12))
    postcode: Mapped[str | None] = mapped_column(String(12))
    town: Mapped[str | None] = mapped_column(String(80))
    country: Mapped[str] = mapped_column(String(2), default="BE")
    #: invoice address, only when it differs: keys street, house_number, box, postcode, town, country
    invoice_address: Mapped[dict[str, Any] | None] = mapped_column(JSONColumn)
    #: values of extra fields on organisations, by field key
    extra: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: settings of the core and of plugins, by "<plugin>.<name>"
    settings: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    closed_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    parent: Mapped[Organisation | None] = relationship(remote_side=[id])

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.replace("-", " ").split()[:2]).upper()

    def setting(self, key: str, default: Any = None) -> Any:
        return (self.settings or {}).get(key, default)


class Affiliation(FederationReadable, Base):
    """A club's membership of a federation, with its number and region, in time.

    The owner (`organisation_id`) is the club; the federation decides about it.
    """

    __tablename__ = "affiliation"
    __table_args__ = (
        Index("ix_affiliation_federation", "federation_id", "organisation_id"),
        Index("ix_affiliation_region", "region_id", "organisation_id"),
        UniqueConstraint("organisation_id", "federation_id", "from_on"),
    )
    federation_writes = frozenset({"*", "number", "region_id", "from_on", "until_on", "status"})

    id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    #: the club's number with the federation (stamnummer)
    number: Mapped[str | None] = mapped_column(String(30))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)

    organisation: Mapped[Organisation] = relationship(foreign_keys="Affiliation.organisation_id", lazy="raise")
    federation: Mapped[Organisation] = relationship(foreign_keys="Affiliation.federation_id", lazy="raise")
    region: Mapped[Organisation | None] = relationship(foreign_keys=[region_id], lazy="raise")

    def counts_on(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or self.until_on >= day)

    def may_be_written_in(self, scope: Scope, changed: set[str]) -> bool:
        """The federation decides, never the club itself."""
        return scope.kind == "federation" and self.federation_id == scope.organisation_id


class PluginActivation(TenantOwned, Base):
    """A plugin switched on or off, by an organisation for itself or by a federation for its clubs."""

    __tablename__ = "plugin_activation"
    __table_args__ = (UniqueConstraint("organisation_id", "plugin", "for_clubs"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plugin: Mapped[str] = mapped_column(String(40))
    active: Mapped[bool]
    #: True: set by a federation, holds for its clubs
    for_clubs: Mapped[bool] = mapped_column(default=False)


class ClubReadiness(FederationReadable, Base):
    """How far a club was with its federation's list of points when last looked at.

    Kept so that a federation sees a thousand clubs in one query; made anew every hour and
    whenever the club changes something the core knows of.
    """

    __tablename__ = "club_readiness"
    __table_args__ = (
        UniqueConstraint("organisation_id", "federation_id"),
        Index("ix_club_readiness_federation", "federation_id", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: the reference day it was made for
    day: Mapped[date] = mapped_column(Date)
    done: Mapped[int]
    total: Mapped[int]
    #: what is missing: [{"name": ..., "title": in the language of the federation, "own_title": in that of the club}]
    missing: Mapped[list[dict[str, str]]] = mapped_column(JSONColumn, default=list)
    checked_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class ClubNote(TenantOwned, Base):
    """What a federation or region wrote down about a club; the club does not see it."""

    __tablename__ = "club_note"
    __table_args__ = (Index("ix_club_note_club", "organisation_id", "club_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    text: Mapped[str] = mapped_column(Text)
    #: the name, empty once that person was erased; and the login
    written_by: Mapped[str] = signature("written_by_id")
    written_by_id: Mapped[int | None] = mapped_column(index=True)
    written_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
