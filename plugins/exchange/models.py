"""Exchanges with another member system, who is who in it, what came and went, and what clubs are asked.

An exchange and all about it belongs to the federation. A proposal belongs to the club it is made
to: what comes from elsewhere changes a contact only when its club says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.api import Base, FederationReadable, Instant, JSONColumn, TenantOwned, now, signature

IN, OUT = "in", "out"
#: of a run. CHECKING, APPLYING, SENDING and UNDOING are in the hands of a job; the others are at rest
CHECKING, READY, APPLYING, SENDING, DONE, UNDOING, UNDONE, FAILED = "checking", "ready", "applying", "sending", "done", "undoing", "undone", "failed"
#: of a row: what a dry run makes of it
NEW, CHANGED, UNCHANGED, CONFLICT, UNKNOWN_CLUB, PROBLEM, SENT = "new", "changed", "unchanged", "conflict", "unknown_club", "problem", "sent"
OUTCOMES = (CONFLICT, CHANGED, NEW, UNKNOWN_CLUB, PROBLEM, UNCHANGED, SENT)
#: of a proposal
WAITING, ACCEPTED, REFUSED, WITHDRAWN = "waiting", "accepted", "refused", "withdrawn"
BASES = ("contract", "legitimate_interest", "legal_obligation", "consent", "public_task")


class Exchange(TenantOwned, Base):
    """An agreed exchange: with whom, why, which fields, in which direction."""

    __tablename__ = "exchange"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), UniqueConstraint("organisation_id", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    #: the other organisation, and its system
    partner: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(300))
    legal_basis: Mapped[str] = mapped_column(String(20))
    sends: Mapped[bool] = mapped_column(default=True)
    receives: Mapped[bool] = mapped_column(default=True)
    #: [{"field": "gender", "column": "Geslacht", "send": true, "receive": true, "values": {"F": "V"}}]
    mapping: Mapped[list[dict[str, Any]]] = mapped_column(JSONColumn, default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ExchangeLink(TenantOwned, Base):
    """Who a person is in the other system. `number` is theirs, and stays."""

    __tablename__ = "exchange_link"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "exchange_id"], ["exchange.organisation_id", "exchange.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "exchange_id", "club_id", "contact_id"),
        UniqueConstraint("organisation_id", "exchange_id", "number"),
        Index("ix_exchange_link_contact", "club_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int]
    club_id: Mapped[int]
    contact_id: Mapped[int]
    number: Mapped[str | None] = mapped_column(String(60))
    #: per field a digest of the value on which both sides last agreed: no value is kept twice
    base: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: digest of all that was sent last
    sent_digest: Mapped[str | None] = mapped_column(String(32))
    #: of a run that is not complete yet
    pending_run: Mapped[int | None]
    pending_digest: Mapped[str | None] = mapped_column(String(32))
    #: the run that made it, and the one that touched it last
    made_by: Mapped[int | None]
    touched_by: Mapped[int | None]


class ExchangeRun(TenantOwned, Base):
    """One time that data came in or went out: the log of the exchange."""

    __tablename__ = "exchange_run"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "exchange_id"], ["exchange.organisation_id", "exchange.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint("direction in ('in','out')", name="direction"),
        Index("ix_exchange_run_exchange", "organisation_id", "exchange_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int]
    direction: Mapped[str] = mapped_column(String(3))
    #: of what goes out: everybody, or what changed since the last time
    only_changed: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10))
    filename: Mapped[str] = mapped_column(String(200), default="")
    #: what was received, until it was checked; what was sent, for a day
    file_id: Mapped[int | None]
    #: how to read the file, see core.imports.table
    reading: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: the titles of the columns that were exchanged
    columns: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    #: outcome -> number of rows
    counts: Mapped[dict[str, int]] = mapped_column(JSONColumn, default=dict)
    #: purpose, basis and partner as they were then
    purpose: Mapped[str] = mapped_column(String(300), default="")
    legal_basis: Mapped[str] = mapped_column(String(20), default="")
    partner: Mapped[str] = mapped_column(String(120), default="")
    error: Mapped[str] = mapped_column(String(500), default="")
    job_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    created_by: Mapped[str] = signature("created_by_id")
    created_by_id: Mapped[int | None]
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    rows_forgotten_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_busy(self) -> bool:
        return self.state in (CHECKING, APPLYING, SENDING, UNDOING)


class ExchangeRow(TenantOwned, Base):
    """A row of a run. Kept for some weeks; only values that differ are written down."""

    __tablename__ = "exchange_row"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "run_id"], ["exchange_run.organisation_id", "exchange_run.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "run_id", "row_no"),
        Index("ix_exchange_row_outcome", "organisation_id", "run_id", "outcome", "row_no"),
        Index("ix_exchange_row_contact", "club_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int]
    row_no: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(60), default="")
    #: of whom it is, as people read it
    label: Mapped[str] = mapped_column(String(200), default="")
    club_id: Mapped[int | None]
    contact_id: Mapped[int | None]
    membership_id: Mapped[int | None]
    #: {field: [ours, theirs, "theirs" | "ours" | "conflict"]}
    fields: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: what was decided: {field: "ours" | "theirs"}
    choice: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: fields whose values are equal: {field: digest}
    agreed: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: what is wrong with it
    problem: Mapped[str] = mapped_column(String(300), default="")
    is_applied: Mapped[bool] = mapped_column(default=False)

    @property
    def open_fields(self) -> list[str]:
        """Fields on which somebody still has to decide."""
        return [name for name, (_ours, _theirs, verdict) in (self.fields or {}).items() if verdict == "conflict" and name not in (self.choice or {})]


class Proposal(FederationReadable, Base):
    """What another system says of somebody, for the club to accept or refuse."""

    __tablename__ = "exchange_proposal"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"]),
        CheckConstraint("kind in ('change','end','new')", name="kind"),
        CheckConstraint("state in ('waiting','accepted','refused','withdrawn')", name="state"),
        Index("ix_exchange_proposal_state", "organisation_id", "state", "id"),
        Index("ix_exchange_proposal_run", "federation_id", "run_id"),
    )
    federation_writes = frozenset({"state", "decided_at", "decided_by", "decided_by_id"})  # it may take back what it proposed

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int]
    run_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(6))
    partner: Mapped[str] = mapped_column(String(120))
    contact_id: Mapped[int | None]
    number: Mapped[str] = mapped_column(String(60), default="")
    #: who it is about, to search and show
    label: Mapped[str] = mapped_column(String(200), default="")
    #: {field: [ours then, theirs]}
    fields: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    #: the values before it was accepted, to put back
    before: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    membership_id: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(Instant, default=now)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str] = signature("decided_by_id")
    decided_by_id: Mapped[int | None]
