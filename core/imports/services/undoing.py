"""Takes an import back, contact by contact, as far as nobody worked on after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Date, func, inspect, select

from core import clock
from core.access import Actor, require
from core.audit.services import HIDDEN, record
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.contacts.services import put_in_bin
from core.db import db, savepoint, transaction
from core.errors import StaleVersion, UserMistake
from core.extend.registry import registry
from core.fields import services as fields
from core.i18n import _
from core.imports.catalogue import import_writers
from core.imports.models import DONE, UNDOING, UNDONE, ImportRow, ImportRun
from core.imports.services.staging import KEPT_DAYS, PERMISSION, get_import, lock_import
from core.jobs.api import Job, enqueue, failpoint

_BATCH = 100


def start_undo(pk: int, *, actor: Actor) -> Job:
    """Ask for an import to be taken back; inside transaction()."""
    require(actor, PERMISSION)
    require(actor, "contacts.delete")
    run = lock_import(pk)
    if run.state != DONE:
        raise UserMistake(_("This import was not carried out or was undone already."))
    if not run.can_be_undone:
        raise UserMistake(_("An import can be undone for %(days)s days. This one is older.", days=KEPT_DAYS))
    run.state = UNDOING
    db.session.flush()
    job = enqueue("undo_import", {"import_id": pk}, actor=actor, title=_("Undo the import of %(filename)s", filename=run.filename))
    run.job_id = job.id
    return job


def undo_import(pk: int, *, actor: Actor, progress: Callable[[int, int, str], None]) -> ImportRun:
    """Put what the import made in the bin and what it changed back as it was.

    Opens a transaction per hundred contacts and can be run again after a crash. What changed
    since the import stays, and `ImportRun.kept` says why.
    """
    run = get_import(pk)
    if run.state != UNDOING:
        return run
    with transaction():
        run = lock_import(pk)
        run.kept = dict(run.kept) | _undo_writers(run, actor)
    failpoint("undo.after_writers")
    total = db.session.scalar(select(func.count()).select_from(ImportRow).where(ImportRow.import_id == pk)) or 0
    done, last = 0, 2**31 - 1
    while True:
        with transaction():
            run = lock_import(pk)
            query = select(ImportRow).where(ImportRow.import_id == pk, ImportRow.id < last).order_by(ImportRow.id.desc()).limit(_BATCH)
            rows = list(db.session.scalars(query))
            kept = dict(run.kept)
            for row in rows:
                if str(row.contact_id) not in kept:
                    reason = _undo_row(row, actor)
                    if reason:
                        kept[str(row.contact_id)] = reason
                    else:
                        db.session.delete(row)
            run.kept = kept
            if len(rows) < _BATCH:
                run.state, run.finished_at = UNDONE, clock.now()
                record("import.undone", run, actor=actor, note=run.filename)
            db.session.flush()
            if rows:
                last = rows[-1].id
        failpoint(f"undo.after_{done // _BATCH + 1}")
        done += len(rows)
        db.session.expunge_all()
        progress(min(done, total), total, "")
        if len(rows) < _BATCH:
            return get_import(pk)


def _undo_writers(run: ImportRun, actor: Actor) -> dict[str, str]:
    """What plugins made goes first; returns what they had to leave, per contact."""
    kept: dict[str, str] = {}
    for writer in import_writers():
        if writer.name in run.acts.get("writers", ()):
            left = writer.undo(run.id, actor=actor) or {}
            kept |= {str(contact_id): str(sentence) for contact_id, sentence in left.items()}
    return kept


def _undo_row(row: ImportRow, actor: Actor) -> str | None:
    """Take one contact back; a sentence when that is refused."""
    contact = db.session.scalars(select(Contact).where(Contact.id == row.contact_id)).one_or_none()
    if contact is None or contact.deleted_at is not None or contact.erased_at is not None:
        return None
    if contact.version != row.version:
        return _("Changed after the import, so left as it is.")
    try:
        with savepoint():
            if row.before is None:
                put_in_bin(contact, actor=actor)
            else:
                _put_back(contact, row.before, actor)
    except UserMistake as mistake:
        db.session.expire(contact)
        return str(mistake)
    except StaleVersion:
        db.session.expire(contact)
        return _("Changed after the import, so left as it is.")
    return None


def _put_back(contact: Contact, before: dict[str, Any], actor: Actor) -> None:
    """Give a contact its old values; the history shows the step back."""
    columns = inspect(Contact).columns
    secret = {f"extra.{d.key}" for d in fields.definitions("contact") if fields.is_sensitive(d)}
    changes: dict[str, Any] = {}
    extra = dict(contact.extra or {})
    for name, old in before.items():
        key = name.removeprefix("extra.")
        if key != name:
            changes[name] = (extra.get(key), old)
            extra[key] = old
        else:
            value = date.fromisoformat(old) if old is not None and isinstance(columns[name].type, Date) else old
            changes[name] = (getattr(contact, name), value)
            setattr(contact, name, value)
    contact.extra = {key: value for key, value in extra.items() if value is not None}
    contact.changed_at = clock.now()
    contact.refold()
    db.session.flush()
    shown = {name: HIDDEN if name in secret else pair for name, pair in changes.items()}
    record("contact.changed", contact, actor=actor, changes=shown, note=_("Import undone"))
    was = {name: now for name, (now, _old) in changes.items()}
    registry().plugins.tell("contacts_saved", saved=SavedContacts.one(contact, was), actor=actor)


def kept_contacts(run: ImportRun, *, limit: int = 100) -> list[tuple[int, str, str]]:
    """(contact id, name, why) of what an undo left as it was."""
    ids = [int(pk) for pk in list(run.kept)[:limit]]
    if not ids:
        return []
    names = {contact.id: contact.full_name for contact in db.session.scalars(select(Contact).where(Contact.id.in_(ids)))}
    return [(pk, names.get(pk, ""), run.kept[str(pk)]) for pk in ids]
