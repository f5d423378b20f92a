"""Writes an import: everything in one transaction, or nothing."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

from sqlalchemy import inspect, select

from core import clock
from core.access import Actor, require
from core.audit.services import HIDDEN, Record, record, record_many
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.db import db, insert_rows, is_one_of, reserve_ids, transaction, update_rows
from core.errors import UserMistake
from core.extend.registry import registry
from core.fields import services as fields
from core.i18n import _, _l
from core.imports import kept
from core.imports.checking import CheckedRow, Checker
from core.imports.columns import ImportWriter
from core.imports.layout import Layout
from core.imports.models import CHECKING, DONE, FAILED, WAITING, ImportRow, ImportRun
from core.imports.plan import PlannedRow, Planner, changed_columns, new_contact
from core.imports.services.staging import PERMISSION, corrections_of, get_import, layout_of, lock_import, open_table
from core.jobs.api import failpoint
from core.notifications.api import notify
from core.organisations.models import Organisation
from core.web.context import current_organisation

_CHUNK = 1_000
#: NotificationKind for whoever started it
FINISHED = "imports.finished"
Progress = Callable[[int, int, str], None]


def _silent(_done: int, _total: int, _note: str) -> None:
    """Progress nobody looks at."""


def apply_import(pk: int, *, actor: Actor, progress: Progress = _silent, tell: bool = False) -> ImportRun:
    """Import a waiting file. Opens its own transaction; a second call finds it done. tell: let whoever started it know.

    Reading and checking come first, outside the transaction; matching with the known contacts
    is done again inside it, so that nothing that changed since the check is made twice.
    """
    require(actor, PERMISSION)
    run = get_import(pk)
    if run.state == DONE:
        return run
    total, layout, table, corrections = run.row_count, layout_of(run), open_table(run), corrections_of(run)
    failpoint("import.before_reading")
    checker, known = Checker(layout, corrections), kept.find(run, layout, corrections)
    with _spool() as spool:
        rows = checker.check_again(known.rows()) if known else checker.check(table.rows())
        left_out = _read(rows, spool, lambda done: progress(done, total, _("Reading the list")))
        left_out += known.wrong if known else 0
        failpoint("import.before_writing")
        progress(total, total, _("Storing the contacts"))
        with transaction():
            run = lock_import(pk)
            if run.state == DONE:
                return run
            if run.state != WAITING:
                raise UserMistake(_("This import was not started."))
            _one_at_a_time(run)
            counts = _Applying(run, layout, actor).write(_replay(spool))
            counts["problem"] += left_out
            run.state, run.counts, run.finished_at = DONE, dict(counts), clock.now()
            record("import.done", run, actor=actor, note=_summary(run, counts))
            if tell and actor.user_id is not None:
                _tell(run, actor)
            failpoint("import.before_commit")
    kept.forget(run)
    failpoint("import.after_commit")
    return get_import(pk)


def _tell(run: ImportRun, actor: Actor) -> None:
    counts = run.counts
    notify(
        FINISHED,
        user_ids=[actor.user_id or 0],
        subject=_l("Your import is done"),
        text=_l("%(new)s contacts were added, %(update)s changed.", new=counts["new"], update=counts["update"]),
        url=f"/o/{current_organisation().slug}/crm/import/{run.id}",
        unique_key=f"import:{run.id}",
        actor=actor,
    )


def fail_import(pk: int, message: str) -> None:
    """Note why an import could not be read or done; inside transaction(). It can be tried again."""
    run = lock_import(pk)
    if run.state in (CHECKING, WAITING):
        run.state, run.error = FAILED, message[:1000]
        db.session.flush()


def _summary(run: ImportRun, counts: Counter[str]) -> str:
    return _("%(filename)s: %(new)s new, %(update)s changed", filename=run.filename, new=counts["new"], update=counts["update"])


def _one_at_a_time(run: ImportRun) -> None:
    """Two imports of one organisation at the same moment would both make the same person."""
    query = select(Organisation.id).where(Organisation.id == run.organisation_id).with_for_update(key_share=True)
    db.session.execute(query)


# --- rows that were read wait in a nameless file, so that memory does not grow with the list -------


@contextmanager
def _spool() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile(prefix="koepel-import-") as file:
        yield file


def _read(rows: Iterable[CheckedRow], spool: IO[bytes], progress: Callable[[int], None]) -> int:
    """Put the sound rows away; returns how many have a problem."""
    waiting, done, wrong = iter(rows), 0, 0
    while batch := list(islice(waiting, _CHUNK)):
        sound = [(row.row_no, row.values) for row in batch if not row.problems]
        pickle.dump(sound, spool, protocol=pickle.HIGHEST_PROTOCOL)
        done += len(batch)
        wrong += len(batch) - len(sound)
        progress(done)
    return wrong


def _replay(spool: IO[bytes]) -> Iterator[CheckedRow]:
    spool.seek(0)
    while True:
        try:
            batch = pickle.load(spool)  # noqa: S301 -- our own nameless file, written a moment ago
        except EOFError:
            return
        for row_no, values in batch:
            yield CheckedRow(row_no, values, [])


# --- writing --------------------------------------------------------------------------------------


class _Applying:
    """One import being written; inside transaction()."""

    def __init__(self, run: ImportRun, layout: Layout, actor: Actor) -> None:
        self.run_id, self.filename, self.layout, self.actor = run.id, run.filename, layout, actor
        self.create, self.update = bool(run.acts.get("create")), bool(run.acts.get("update"))
        self.writers = [writer for writer in layout.writers if writer.name in run.acts.get("writers", ())]
        self.now = clock.now()
        self.counts: Counter[str] = Counter({"new": 0, "update": 0, "unchanged": 0, "problem": 0})
        self.secret = {f"extra.{d.key}" for d in fields.definitions("contact") if fields.is_sensitive(d)} if layout.extra else set()
        self.listens = bool(registry().plugins.manager.hook.contacts_saved.get_hookimpls())
        self.blank = _blank_contact(self.now, run.id)
        #: contacts whose version a plugin has raised meanwhile
        self.versions: dict[int, int] = {}

    def write(self, rows: Iterable[CheckedRow]) -> Counter[str]:
        for number, batch in enumerate(Planner(self.layout, self.run_id).plan(rows), 1):
            self._write_batch(batch)
            failpoint(f"import.after_batch_{number}")
        return self.counts

    def _write_batch(self, batch: Sequence[PlannedRow]) -> None:
        added = [row for row in batch if row.act == "new"] if self.create else []
        changed = [row for row in batch if row.act == "update"] if self.update else []
        for row in batch:
            done = not (row.act == "new" and not self.create) and not (row.act == "update" and not self.update)
            self.counts[row.act if done else "passed_over"] += 1
        ids = self._add(added)
        self._change(changed)
        if self.listens:
            self._tell(ids, changed)
        self._write_rows(ids, changed)
        self._run_writers(batch, ids)

    def _add(self, rows: Sequence[PlannedRow]) -> dict[int, int]:
        """Store new contacts; returns {row number: contact id}."""
        if not rows:
            return {}
        ids = dict(zip((row.row_no for row in rows), reserve_ids(Contact, len(rows)), strict=True))
        note = _("Import of %(filename)s", filename=self.filename)
        insert_rows(
            Contact,
            [{**self.blank, **new_contact(self.layout, row.values), "id": ids[row.row_no], "extra": self.layout.extra_values(row.values)} for row in rows],
        )
        record_many([Record("contact.created", "contact", ids[row.row_no], None, note) for row in rows], actor=self.actor)
        return ids

    def _change(self, rows: Sequence[PlannedRow]) -> None:
        if not rows:
            return
        note = _("Import of %(filename)s", filename=self.filename)
        update_rows(
            Contact,
            [{"id": _known(row).id, "version": _known(row).version, "changed_at": self.now, **changed_columns(_known(row), row.changes)} for row in rows],
        )
        records = [
            Record("contact.changed", "contact", _known(row).id, {name: HIDDEN if name in self.secret else pair for name, pair in row.changes.items()}, note)
            for row in rows
        ]
        record_many(records, actor=self.actor)

    def _tell(self, ids: dict[int, int], changed: Sequence[PlannedRow]) -> None:
        """Let plugins know, all at once; only when one of them listens."""
        before = {_known(row).id: {name: old for name, (old, _new) in row.changes.items()} for row in changed}
        registry().plugins.tell("contacts_saved", saved=SavedContacts(list(ids.values()), before), actor=self.actor)
        db.session.flush()
        query = select(Contact.id, Contact.version).where(is_one_of(Contact.id, [*ids.values(), *before]), Contact.version > 1)
        self.versions = {pk: version for pk, version in db.session.execute(query)}

    def _write_rows(self, ids: dict[int, int], changed: Sequence[PlannedRow]) -> None:
        """Keep what an undo needs."""
        versions = self.versions
        made: list[dict[str, Any]] = [
            {"import_id": self.run_id, "row_no": row_no, "contact_id": pk, "version": versions.get(pk, 1), "before": None} for row_no, pk in ids.items()
        ]
        made += [
            {
                "import_id": self.run_id,
                "row_no": row.row_no,
                "contact_id": _known(row).id,
                "version": versions.get(_known(row).id, _known(row).version + 1),
                "before": {name: _plain(old) for name, (old, _new) in row.changes.items()},
            }
            for row in changed
        ]
        if made:
            insert_rows(ImportRow, made)

    def _run_writers(self, batch: Sequence[PlannedRow], ids: dict[int, int]) -> None:
        for writer in self.writers:
            rows = list(self._rows_for(writer, batch, ids))
            if rows:
                self.counts[f"writer.{writer.name}"] += writer.write(rows, self.run_id, actor=self.actor)

    def _rows_for(self, writer: ImportWriter, batch: Sequence[PlannedRow], ids: dict[int, int]) -> Iterator[tuple[int, dict[str, Any]]]:
        for row in batch:
            contact_id = ids.get(row.row_no) or (row.contact.id if row.contact is not None and row.act != "problem" else None)
            if contact_id is not None:
                values = self.layout.plugin_values(row.values, writer.name)
                if values:
                    yield contact_id, values


def _known(row: PlannedRow) -> Any:
    return row.contact


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _blank_contact(now: datetime, import_id: int) -> dict[str, Any]:
    """Every column of a contact nothing is known of: bulk rows must all have the same ones."""
    row: dict[str, Any] = {}
    for column in inspect(Contact).columns:
        default = column.default
        row[column.key] = default.arg if default is not None and default.is_scalar else None
    row |= {"created_at": now, "changed_at": now, "import_id": import_id, "extra": {}, "whose": {}, "version": 1}
    row.pop("organisation_id")
    return row
