"""Recording what was done, and telling it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select, update

from core import clock
from core.access import Actor
from core.audit.chain import batch_of, digest_of, heading_of
from core.audit.models import AuditEntry, redacting
from core.db import db, insert_rows, without_signatures
from core.errors import OutOfScope
from core.tenancy import current_scope

__all__ = ["HIDDEN", "Record", "entries_about", "forget_details", "record", "record_many", "redact", "redact_names"]


class _Hidden:
    """Stands for a pair of values that may not be kept."""

    def __repr__(self) -> str:
        return "HIDDEN"


#: use instead of (old, new) when a field is sensitive: that it changed is kept, not how
HIDDEN: Final = _Hidden()

Changes = Mapping[str, tuple[Any, Any] | _Hidden]


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a bulk recording; `subject_type` is a table name."""

    action: str
    subject_type: str
    subject_id: int
    changes: Changes | None = None
    note: str = ""


def record(action: str, subject: Any, *, actor: Actor, changes: Changes | None = None, note: str = "") -> None:
    """Note an act on `subject` (a model object); inside transaction().

    Example:
        record("contact.changed", contact, actor=actor, changes={"town": ("Herent", "Leuven")})
    """
    if subject.id is None:
        db.session.flush()
    owner = getattr(subject, "organisation_id", None) or subject.id
    told = without_signatures(type(subject), changes) if changes else None
    record_many([Record(action, subject.__tablename__, subject.id, told, note)], actor=actor, organisation_id=owner)


def record_many(records: Sequence[Record], *, actor: Actor, organisation_id: int | None = None) -> int:
    """Note many acts at once, as cheaply as inserting the rows; inside transaction().

    `organisation_id` is only needed outside every scope; inside one it is the scope's.
    """
    if not records:
        return 0
    scope = current_scope()
    owner = organisation_id if scope.is_unscoped else scope.organisation_id
    if owner is None:
        raise OutOfScope("an audit entry belongs to an organisation: name it")
    salts = secrets.token_hex(8 * len(records))
    common = {
        "organisation_id": owner,
        "batch": batch_of(owner),
        "at": clock.now(),
        "actor_id": actor.user_id,
        "actor_name": actor.name[:120],
        "on_behalf_of_id": actor.on_behalf_of_id,
    }
    heading = heading_of(common)
    rows = []
    for number, item in enumerate(records):
        row = {
            **common,
            "action": item.action,
            "subject_type": item.subject_type,
            "subject_id": item.subject_id,
            "changes": _plain_changes(item.changes),
            "note": item.note[:500],
            "salt": salts[number * 16 : number * 16 + 16],
        }
        row["digest"] = digest_of(row, heading)
        rows.append(row)
    return insert_rows(AuditEntry, rows)


def _plain_changes(changes: Changes | None) -> dict[str, Any] | None:
    if not changes:
        return None
    return {
        name: {"hidden": True} if isinstance(pair, _Hidden) else [_plain(pair[0]), _plain(pair[1])]  # type: ignore[index]
        for name, pair in changes.items()
    }


def _plain(value: Any) -> Any:
    """A value as JSON that reads back the same from both databases (which disagree on floats)."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value)


def entries_about(subject_type: str, subject_id: int, *, limit: int = 50, before: int | None = None) -> Sequence[AuditEntry]:
    """Entries about one thing, newest first; `before` is the id of the last one already shown."""
    query = select(AuditEntry).where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()


def redact(subject_type: str, subject_ids: Iterable[int]) -> int:
    """Empty what entries say about these subjects; that and when things happened stays.

    Only for erasing a person, which must itself be recorded as "<noun>.erased": the check of
    the chain counts an emptied entry without that as tampering. Inside transaction().
    """
    ids = list(subject_ids)
    with redacting():
        done: Any = db.session.execute(
            update(AuditEntry)
            .where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id.in_(ids), AuditEntry.salt != "")
            .values(changes=None, note="", salt="", redacted_at=func.coalesce(AuditEntry.redacted_at, clock.now()))
            .execution_options(synchronize_session=False)
        )
    return int(done.rowcount)


def forget_details(ids: Iterable[int]) -> int:
    """Empty entries past their term: who and what from what to what; that it happened stays. Inside transaction()."""
    with redacting():
        done: Any = db.session.execute(
            update(AuditEntry)
            .where(AuditEntry.id.in_(list(ids)), AuditEntry.salt != "")
            .values(changes=None, note="", salt="", actor_name="", redacted_at=func.coalesce(AuditEntry.redacted_at, clock.now()))
            .execution_options(synchronize_session=False)
        )
    return int(done.rowcount)


def redact_names(user_ids: Iterable[int]) -> int:
    """Empty the name of who did something, for logins that were erased; what was done, and by which number, stays.

    The erasure of the login must be recorded in each of these logs as "ab_user.erased".
    Inside transaction().
    """
    with redacting():
        done: Any = db.session.execute(
            update(AuditEntry)
            .where(AuditEntry.actor_id.in_(list(user_ids)), AuditEntry.actor_name != "")
            .values(actor_name="", redacted_at=func.coalesce(AuditEntry.redacted_at, clock.now()))
            .execution_options(synchronize_session=False)
        )
    return int(done.rowcount)
