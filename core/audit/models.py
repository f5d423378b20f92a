"""What was done, by whom: entries that are only ever added, sealed in a chain per organisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, UniqueConstraint, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from core import clock
from core.audit.append_only import protect
from core.db import Base, Instant, TenantSession
from core.tenancy import TenantOwned


class AuditEntry(TenantOwned, Base):
    """One act on one thing. Never changed; erasing a person empties `changes`, `note` and `salt`."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "organisation_id", "subject_type", "subject_id", "id"),
        Index("ix_audit_entry_batch", "organisation_id", "batch", "id"),
        Index("ix_audit_entry_recent", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    #: one transaction's entries, sealed together by the AuditSeal of this batch
    batch: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: the user; empty for the platform itself
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(120))
    #: the contact this was done for by somebody else (a parent for a child)
    on_behalf_of_id: Mapped[int | None]
    #: "<noun>.<verb past>", e.g. "contact.changed"
    action: Mapped[str] = mapped_column(String(60))
    #: table name and id of what it was done to
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    #: {attribute: [old, new]}, or {attribute: {"hidden": true}} where the value is nobody's business
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"))
    note: Mapped[str] = mapped_column(String(500), default="")
    #: makes the digest useless for guessing what an erased entry said
    salt: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    redacted_at: Mapped[datetime | None] = mapped_column(Instant)


class AuditSeal(TenantOwned, Base):
    """One link of the chain: the digest of a batch of entries, and the hash of the link before."""

    __tablename__ = "audit_seal"
    __table_args__ = (UniqueConstraint("organisation_id", "number"), UniqueConstraint("organisation_id", "batch"))

    id: Mapped[int] = mapped_column(primary_key=True)
    #: 1, 2, 3 ... per organisation
    number: Mapped[int]
    batch: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AppendOnly(RuntimeError):
    """Somebody tried to change or remove what was recorded. Always a bug, or worse."""


_redacting: ContextVar[bool] = ContextVar("koepel_redacting", default=False)


@contextmanager
def redacting() -> Iterator[None]:
    """Only the erasure of a person empties entries; the trigger lets nothing else through."""
    token = _redacting.set(True)
    try:
        yield
    finally:
        _redacting.reset(token)


@event.listens_for(TenantSession, "before_flush")
def _refuse_changed_objects(session: Session, _context: Any, _instances: Any) -> None:
    touched = [*session.deleted, *(row for row in session.dirty if session.is_modified(row))]
    if any(isinstance(row, (AuditEntry, AuditSeal)) for row in touched):
        raise AppendOnly("audit entries are only ever added")


@event.listens_for(TenantSession, "do_orm_execute")
def _refuse_changing_statements(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    target = state.bind_mapper.class_
    if target is AuditSeal or (target is AuditEntry and not _redacting.get()):
        raise AppendOnly("audit entries are only ever added")


protect(AuditEntry.__table__, keeps_redaction=True)
protect(AuditSeal.__table__)
