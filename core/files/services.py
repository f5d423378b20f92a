"""Keeping files, giving them out, and letting them go. Everything flushes and nothing commits."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from core import clock
from core.access import Actor
from core.db import after_commit, db
from core.errors import NotFound, UserMistake
from core.files import storage
from core.files.inspection import TYPES, clean_filename, extension_of, inspect_file
from core.files.models import StoredFile
from core.files.purposes import is_known, purpose_named
from core.i18n import _
from core.tenancy import unscoped
from core.web.context import current_organisation

__all__ = ["attach", "get", "open_file", "path_of", "purge", "quota", "remove", "remove_of", "store", "sweep", "used_bytes"]

QUOTA_SETTING = "files.quota_mb"
DEFAULT_QUOTA_MB = 2_048
#: a file nobody saved a form for
DRAFT_LIFE = timedelta(days=1)
#: files without a row are left alone for this long: their transaction may still be running
ORPHAN_AGE = timedelta(days=1)
LARGEST_ID = 2**31 - 1


def store(
    source: IO[bytes] | bytes,
    *,
    filename: str,
    purpose: str,
    actor: Actor,
    expires_on: date | None = None,
    expires_at: datetime | None = None,
    content_type: str | None = None,
    subject: Any = None,
    part: str | None = None,
) -> StoredFile:
    """Keep a file; inside transaction(). UserMistake when it may not be kept.

    expires_on: the last day it is needed; expires_at: the moment it is gone. content_type is
    only heeded for purposes whose files we make ourselves. subject, part: the row it belongs to.

    Example:
        store(upload, filename="attest.pdf", purpose="field", actor=actor, subject=contact, part="attest")
    """
    rules = purpose_named(purpose)
    limit = rules.max_mb * 1024 * 1024
    name = clean_filename(filename)
    if rules.is_our_own:
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        kind = content_type or TYPES.get(extension_of(name), "application/octet-stream")
    else:
        checked = inspect_file(_read(source, limit, rules.max_mb), name, allowed=rules.extensions)
        stream, name, kind = io.BytesIO(checked.data), checked.filename, checked.content_type
        if rules.counts:
            _check_quota(len(checked.data))
    storage_name, size, digest = storage.write(stream)
    if expires_at is None and expires_on is not None:
        expires_at = datetime.combine(expires_on + timedelta(days=1), time(), ZoneInfo(clock.DEFAULT_ZONE))
    file = StoredFile(
        purpose=purpose,
        filename=name,
        content_type=kind,
        size=size,
        sha256=digest,
        storage_name=storage_name,
        created_by=actor.user_id,
        expires_at=expires_at,
        part=part,
    )
    if subject is not None:
        file.subject_type, file.subject_id = subject.__tablename__, subject.id
    db.session.add(file)
    db.session.flush()
    return file


def _read(source: IO[bytes] | bytes, limit: int, max_mb: int) -> bytes:
    data = source if isinstance(source, bytes) else source.read(limit + 1)
    if len(data) > limit:
        raise UserMistake(_("This file is too large. Choose one of at most %(megabytes)s MB.", megabytes=max_mb))
    return data


def quota() -> int:
    """How many bytes the organisation at hand may keep."""
    return int(current_organisation().setting(QUOTA_SETTING, DEFAULT_QUOTA_MB)) * 1024 * 1024


def used_bytes() -> int:
    return int(db.session.scalar(select(func.coalesce(func.sum(StoredFile.size), 0))) or 0)


def _check_quota(size: int) -> None:
    if used_bytes() + size > quota():
        raise UserMistake(_("There is no room left for files. Remove some that are not needed any more, then try again."))


def get(pk: int) -> StoredFile:
    """A file of the organisation at hand; NotFound for all others. Asks no right: see FileView."""
    found = db.session.scalars(select(StoredFile).where(StoredFile.id == pk)).one_or_none() if 0 < pk <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"file {pk}")
    return found


def path_of(file: StoredFile) -> Path:
    """Where its bytes are, to read them in a job."""
    return storage.path_of_name(file.storage_name)


def open_file(file: StoredFile) -> IO[bytes]:
    return path_of(file).open("rb")


def attach(file: StoredFile, subject: Any, part: str | None = None, *, expires_at: datetime | None = None) -> StoredFile:
    """Say which row a file belongs to, once that row is saved; it is no draft any more."""
    file.subject_type, file.subject_id, file.part, file.expires_at = subject.__tablename__, subject.id, part, expires_at
    db.session.flush()
    return file


def remove(file: StoredFile) -> None:
    """Delete a file: the row now, the bytes once that is certain."""
    name = file.storage_name
    db.session.delete(file)
    db.session.flush()
    after_commit(lambda: storage.delete(name))


def remove_of(subject: Any, *, parts: Iterable[str] | None = None) -> int:
    """Delete all files of a row (or those of some parts of it); returns how many."""
    query = select(StoredFile).where(StoredFile.subject_type == subject.__tablename__, StoredFile.subject_id == subject.id)
    if parts is not None:
        query = query.where(StoredFile.part.in_(list(parts)))
    found: Sequence[StoredFile] = db.session.scalars(query).all()
    for file in found:
        remove(file)
    return len(found)


# --- retention ---------------------------------------------------------------------------------


def purge(*, limit: int = 500, ids: Iterable[int] | None = None) -> int:
    """Delete files past their time (only those of `ids` when given), of all organisations; returns how many. Inside transaction()."""
    with unscoped("delete files that are past their time"):
        query = select(StoredFile).where(StoredFile.expires_at <= clock.now()).order_by(StoredFile.expires_at).limit(limit)
        query = query if ids is None else query.where(StoredFile.id.in_(list(ids)))
        found = db.session.scalars(query).all()
        for file in found:
            forget = purpose_named(file.purpose).forget if is_known(file.purpose) else None
            if forget is not None:
                forget(file)
            remove(file)
    return len(found)


def sweep() -> int:
    """Delete bytes without a row: what a broken-off transaction or a crash left behind."""
    moment = (clock.now() - ORPHAN_AGE).timestamp()
    names, number = list(storage.names_older_than(moment)), 0
    for draft in (name for name in names if name.startswith("tmp/")):
        storage.delete_draft(draft)
        number += 1
    kept = [name for name in names if not name.startswith("tmp/")]
    for start in range(0, len(kept), 500):
        part = kept[start : start + 500]
        with unscoped("which stored files have a row"):
            known = set(db.session.scalars(select(StoredFile.storage_name).where(StoredFile.storage_name.in_(part))))
        for name in set(part) - known:
            storage.delete(name)
            number += 1
    return number
