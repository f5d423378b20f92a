"""Telling and forgetting what tables say about a person, as their rooms and plugins declared it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, String, and_, delete, inspect, or_, select

from core.access import Actor
from core.audit.models import AuditEntry
from core.audit.services import Record, record_many, redact
from core.contacts.models import Contact
from core.db import db
from core.extend.contributions import PersonalTable
from core.extend.registry import registry
from core.files.models import StoredFile
from core.privacy.subject import Subject
from core.tenancy import unscoped

#: rows of one table given to one person
MOST_ROWS = 5_000
#: of no interest to a person
_TECHNICAL = frozenset({"id", "organisation_id", "version"})
CHUNK = 500
#: purpose of the file that holds everything about one person
PACKAGE = "privacy"


def tables() -> list[PersonalTable]:
    """Those of the core and of every installed plugin: one that is switched off still holds data."""
    return list(registry().all("personal_tables"))


def told(subject: Subject, *, to_the_person: bool) -> Iterator[tuple[PersonalTable, list[dict[str, Any]]]]:
    """The rows of each table that has some. What is about the login is for the person alone."""
    for table in tables():
        if table.of_login and not to_the_person:
            continue
        rows = _rows(table, subject)
        if rows:
            yield table, rows


def _rows(table: PersonalTable, subject: Subject) -> list[dict[str, Any]]:
    condition = table.mine(subject)
    if condition is None:
        return []
    names = [name for name, column in _columns(table.model).items() if _is_told(table, name, column)]
    query = select(*(getattr(table.model, name) for name in names)).where(condition)
    key = inspect(table.model).primary_key[0]
    if not table.of_login:
        return [dict(row._mapping) for row in db.session.execute(query.order_by(key).limit(MOST_ROWS))]
    with unscoped("what is kept about a login, for its owner"):
        return [dict(row._mapping) for row in db.session.execute(query.order_by(key).limit(MOST_ROWS))]


def _columns(model: Any) -> dict[str, Any]:
    return {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}


def _is_told(table: PersonalTable, name: str, column: Any) -> bool:
    return name not in table.hides and name not in _TECHNICAL and not column.foreign_keys and not isinstance(column.type, LargeBinary)


def forget(subject: Subject, *, actor: Actor) -> None:
    """Forget the person in every table; inside transaction(), before the contact itself is emptied."""
    for table in tables():
        if table.of_login and not subject.homeless:
            continue
        if callable(table.forget):
            table.forget(subject, actor)
        elif table.forget != "keep":
            _forget_rows(table, subject, actor)


def _forget_rows(table: PersonalTable, subject: Subject, actor: Actor) -> None:
    condition = table.mine(subject)
    if condition is None:
        return
    key = getattr(table.model, inspect(table.model).get_property_by_column(inspect(table.model).primary_key[0]).key)
    if table.of_login:
        with unscoped("what is kept about a login that nobody needs any more"):
            _wipe(table, key, list(db.session.scalars(select(key).where(condition))))
        return
    ids = list(db.session.scalars(select(key).where(condition)))
    _wipe(table, key, ids)
    redact_rows(table.name, ids, actor=actor)


def _wipe(table: PersonalTable, key: Any, ids: list[int]) -> None:
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        if table.forget == "delete":
            db.session.execute(delete(table.model).where(key.in_(part)).execution_options(synchronize_session="fetch"))
            continue
        for row in db.session.scalars(select(table.model).where(key.in_(part))):
            empty(row)
    db.session.flush()


def empty(row: Any) -> None:
    """Wipe the texts and JSON of a row; codes of a few letters, days and numbers stay."""
    for name, column in _columns(type(row)).items():
        if isinstance(column.type, JSON):
            value = getattr(row, name)
            setattr(row, name, None if column.nullable else type(value)() if isinstance(value, (dict, list)) else {})
        elif isinstance(column.type, String) and (column.type.length or 1_000) >= 60 and not column.foreign_keys:
            setattr(row, name, None if column.nullable else "")


def redact_rows(kind: str, ids: list[int], *, actor: Actor) -> None:
    """Empty what the log says about these rows, and record that they were erased."""
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        query = select(AuditEntry.subject_id).where(AuditEntry.subject_type == kind, AuditEntry.subject_id.in_(part), AuditEntry.salt != "")
        there = sorted(set(db.session.scalars(query)))
        if there:
            redact(kind, there)
            record_many([Record(f"{kind}.erased", kind, pk) for pk in there], actor=actor, organisation_id=actor.organisation_id)


def plain(value: Any) -> Any:
    """A value as JSON."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def files_about(contact: Contact) -> Iterator[StoredFile]:
    """Files of the contact, and of the rows that are about the person. Not what we made to be downloaded."""
    owners = [and_(StoredFile.subject_type == "contact", StoredFile.subject_id == contact.id)]
    for table in tables():
        column = getattr(table.model, "contact_id", None)
        if column is not None and hasattr(table.model, "organisation_id"):
            mine = select(table.model.id).where(column == contact.id)
            owners.append(and_(StoredFile.subject_type == table.name, StoredFile.subject_id.in_(mine)))
    yield from db.session.scalars(select(StoredFile).where(or_(*owners), StoredFile.purpose != PACKAGE).order_by(StoredFile.id))
