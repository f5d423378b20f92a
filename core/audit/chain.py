"""The chain that shows whether the audit log was tampered with.

Each transaction's entries form a batch. Right before the commit the batch is sealed: a row
with the digest of its entries and the hash of the seal before. So writers of one organisation
wait for each other only during the commit itself, and a batch of 100,000 entries costs one seal.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from core import clock
from core.audit.models import AuditEntry, AuditSeal
from core.db import TenantSession, db, is_postgres, stream
from core.tenancy import Scope, current_scope, enter
from core.tenancy import scope as scope_of

_PENDING = "audit_batches"
_LOCK = 271  # first half of the advisory lock; the second is the organisation
_START = bytes(32)
#: after so long what an entry says may be forgotten; what has to do with invoices is kept longer
KEPT_DAYS, KEPT_FINANCE_DAYS = 730, 3_653


def heading_of(row: Mapping[str, Any]) -> str:
    """What all entries of one call of record_many have in common."""
    said = [row["organisation_id"], row["batch"], row["at"].isoformat(), row["actor_id"], row["actor_name"]]
    return json.dumps([*said, row["on_behalf_of_id"]] if row["on_behalf_of_id"] is not None else said)


def digest_of(row: Mapping[str, Any], heading: str | None = None) -> bytes:
    """Digest of what an entry says."""
    changes = json.dumps(row["changes"], sort_keys=True) if row["changes"] else ""
    parts = (heading or heading_of(row), row["salt"], row["action"], row["subject_type"], str(row["subject_id"]), str(len(row["note"])), row["note"], changes)
    return hashlib.sha256("|".join(parts).encode()).digest()


def link(before: bytes, *, organisation_id: int, number: int, batch: int, entries: int, digest: bytes, sealed_at: Any) -> bytes:
    """Hash of a seal on top of the one before."""
    text = f"{organisation_id}|{number}|{batch}|{entries}|{digest.hex()}|{sealed_at.isoformat()}"
    return hashlib.sha256(before + text.encode()).digest()


def batch_of(organisation_id: int) -> int:
    """The batch of this transaction for an organisation; the commit will seal it."""
    session = db.session()
    pending: dict[int, tuple[int, Scope]] = session.info.setdefault(_PENDING, {})
    if organisation_id not in pending:
        pending[organisation_id] = (secrets.randbits(62), current_scope())
    return pending[organisation_id][0]


@event.listens_for(TenantSession, "before_commit")
def _seal(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get(_PENDING):
        return
    session.flush()
    pending: dict[int, tuple[int, Scope]] = session.info.pop(_PENDING)
    for organisation_id in sorted(pending):  # one order for all, so that no two wait for each other
        batch, scope = pending[organisation_id]
        with enter(scope):
            _seal_batch(session, organisation_id, batch)


@event.listens_for(TenantSession, "after_soft_rollback")
def _forget(session: Session, previous: Any) -> None:
    if not previous.nested:
        session.info.pop(_PENDING, None)


def _seal_batch(session: Session, organisation_id: int, batch: int) -> None:
    mine = (AuditEntry.organisation_id == organisation_id, AuditEntry.batch == batch)
    digests = session.scalars(select(AuditEntry.digest).where(*mine).order_by(AuditEntry.id)).all()
    if not digests:  # recorded in a savepoint that was undone
        return
    if is_postgres():
        session.execute(select(func.pg_advisory_xact_lock(_LOCK, organisation_id)))
    last = session.execute(
        select(AuditSeal.number, AuditSeal.hash).where(AuditSeal.organisation_id == organisation_id).order_by(AuditSeal.number.desc()).limit(1)
    ).one_or_none()
    number, before = (last.number + 1, last.hash) if last else (1, _START)
    digest = hashlib.sha256(b"".join(digests)).digest()
    seal: dict[str, Any] = {"number": number, "batch": batch, "entries": len(digests), "digest": digest, "sealed_at": clock.now()}
    session.add(AuditSeal(organisation_id=organisation_id, **seal, hash=link(before, organisation_id=organisation_id, **seal)))
    session.flush()


# --- checking --------------------------------------------------------------------------------


@dataclass
class ChainReport:
    """Outcome of checking one organisation's log. `head` can be kept elsewhere, to prove later
    that nothing was cut off at the end."""

    organisation_id: int
    entries: int = 0
    seals: int = 0
    head: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        return not self.problems


@dataclass
class _Batch:
    """What is found of a batch; `number` is that of its seal, None when it has none."""

    number: int | None = None
    promised: int = 0
    digest: bytes = b""
    found: int = 0
    running: Any = field(default_factory=hashlib.sha256)


def verify_chain(organisation: Any) -> ChainReport:
    """Read the whole log of an organisation and say what does not fit."""
    report = ChainReport(organisation.id)
    with scope_of(organisation):
        batches = _read_seals(report)
        _read_entries(report, batches)
        late = _sealed_since(report)
    for batch, state in batches.items():
        if state.number is None:
            if batch not in late:
                report.problems.append(f"batch {batch}: {state.found} entries without a seal")
        elif state.found != state.promised:
            report.problems.append(f"seal {state.number}: has {state.found} entries instead of {state.promised}")
        elif state.running.digest() != state.digest:
            report.problems.append(f"seal {state.number}: its entries were replaced")
    return report


def _read_seals(report: ChainReport) -> dict[int, _Batch]:
    """Walk the chain from its start."""
    batches: dict[int, _Batch] = {}
    before, expected = _START, 1
    query = select(AuditSeal.number, AuditSeal.batch, AuditSeal.entries, AuditSeal.digest, AuditSeal.sealed_at, AuditSeal.hash)
    for seal in stream(query.where(AuditSeal.organisation_id == report.organisation_id).order_by(AuditSeal.number)):
        content = {name: getattr(seal, name) for name in ("number", "batch", "entries", "digest", "sealed_at")}
        if seal.number != expected:
            report.problems.append(f"seal {seal.number}: {seal.number - expected} seals before it are missing")
        if link(before, organisation_id=report.organisation_id, **content) != seal.hash:
            report.problems.append(f"seal {seal.number}: does not follow from the one before")
        batches[seal.batch] = _Batch(seal.number, seal.entries, seal.digest)
        report.seals += 1
        before, expected = seal.hash, seal.number + 1
    report.head = before.hex()
    return batches


def _read_entries(report: ChainReport, batches: dict[int, _Batch]) -> None:
    emptied: dict[tuple[str, int], set[int | None]] = {}
    erased: set[tuple[str, int]] = set()
    columns = [getattr(AuditEntry, column.key) for column in AuditEntry.__table__.columns]
    query = select(*columns).where(AuditEntry.organisation_id == report.organisation_id)
    for entry in stream(query.order_by(AuditEntry.batch, AuditEntry.id)):
        report.entries += 1
        if entry.redacted_at is not None and _is_past_term(entry):
            pass  # emptied by the clock: whoever may empty it does no harm any more
        elif entry.redacted_at is not None:
            is_unnamed = entry.actor_name == "" and entry.salt != ""
            emptied.setdefault((entry.subject_type, entry.subject_id), set()).add(entry.actor_id if is_unnamed else None)
        elif digest_of(entry._mapping) != entry.digest:
            report.problems.append(f"entry {entry.id}: changed after it was recorded")
        if entry.action.endswith(".erased"):
            erased.add((entry.subject_type, entry.subject_id))
        state = batches.setdefault(entry.batch, _Batch())
        state.found += 1
        state.running.update(entry.digest)
    for kind, number in sorted(emptied.keys() - erased):
        if any(("ab_user", actor) not in erased for actor in emptied[kind, number]):
            report.problems.append(f"{kind} {number}: emptied without an erasure")


def _is_past_term(entry: Any) -> bool:
    days = KEPT_FINANCE_DAYS if entry.subject_type.startswith("invoice") else KEPT_DAYS
    return bool(clock.now() - entry.at >= timedelta(days=days))


def _sealed_since(report: ChainReport) -> set[int]:
    """Batches stored while we were reading."""
    query = select(AuditSeal.batch).where(AuditSeal.organisation_id == report.organisation_id, AuditSeal.number > report.seals)
    return set(db.session.scalars(query))
