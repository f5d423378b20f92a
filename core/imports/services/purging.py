"""Nothing of an import stays longer than it is needed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select

from core import clock
from core.db import db
from core.files import services as files
from core.files.models import StoredFile
from core.imports import kept
from core.imports.models import BUSY, DRAFT, ImportCorrection, ImportRow, ImportRun
from core.imports.services.staging import KEPT_DAYS

_AT_ONCE = 50


def purge_imports() -> int:
    """Delete files, corrections and old values of imports after KEPT_DAYS, a few at a time; in the scope at hand.

    That an import was done, when, by whom and how many contacts it made stays. A list nobody
    imported goes altogether. Returns how many were emptied; inside transaction().
    """
    before = clock.now() - timedelta(days=KEPT_DAYS)
    kept.forget_before(before.timestamp())
    query = select(ImportRun).where(
        ImportRun.created_at < before, ImportRun.state.not_in(BUSY), or_(ImportRun.file_id.is_not(None), ImportRun.state == DRAFT)
    )
    runs = list(db.session.scalars(query.order_by(ImportRun.id).limit(_AT_ONCE)))
    for run in runs:
        kept.forget(run)
        file = db.session.get(StoredFile, run.file_id) if run.file_id else None
        db.session.execute(delete(ImportCorrection).where(ImportCorrection.import_id == run.id))
        db.session.execute(delete(ImportRow).where(ImportRow.import_id == run.id))
        run.file_id, run.states, run.notes, run.kept = None, "", {}, {}
        db.session.flush()
        if run.state == DRAFT:
            db.session.delete(run)
        if file is not None:
            files.remove(file)
    db.session.flush()
    return len(runs)
