"""From an uploaded file to a list that is ready to import. No contact is touched here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db, insert_rows, transaction
from core.errors import NotFound, UserMistake
from core.files import services as files
from core.files.models import StoredFile
from core.i18n import _
from core.imports import kept, mapping
from core.imports.catalogue import import_columns, import_writers
from core.imports.checking import Checker
from core.imports.layout import Layout
from core.imports.mapping import Match
from core.imports.models import BUSY, CHECKING, DRAFT, FAILED, WAITING, ImportCorrection, ImportHeading, ImportRun
from core.imports.plan import ACTS, LETTERS, ImportPlan, make_plan, show_rows
from core.imports.table import WEB, Limits, Table, read_table
from core.jobs.api import Job, enqueue

PERMISSION = "contacts.import"
PURPOSE = "import"
#: days a staged file, and with it the possibility to undo, is kept
KEPT_DAYS = 30
#: a list of more rows is checked by a job: nobody waits for a page longer than a second
LONG_LIST = 3_000
_LARGEST_ID = 2**31 - 1
_LONGEST_CELL = 5_000


@dataclass(frozen=True)
class Prepared:
    """A file that was read, before anything is stored. `plan` is empty for a list a job will check."""

    table: Table
    filename: str
    matches: list[Match]
    plan: ImportPlan | None


def prepare(data: bytes | Path, filename: str, *, limits: Limits = WEB, chosen: Mapping[str, str | None] | None = None) -> Prepared:
    """Read a file, and check it unless it is long. Without effect: call it before transaction().

    chosen: column of Koepel (None: leave out) by title, over what is remembered.
    """
    table = read_table(data, filename, limits=limits)
    columns = import_columns()
    remembered = remembered_headings() | {mapping.header_key(title): name for title, name in (chosen or {}).items()}
    samples = mapping.samples_of(table.rows(), len(table.headers))
    matches = mapping.match_headers(table.headers, columns, remembered, samples)
    plan = make_plan(table, Layout(matches, columns, import_writers()), {}) if table.row_count <= LONG_LIST else None
    return Prepared(table, filename, matches, plan)


def create_import(prepared: Prepared, *, actor: Actor) -> ImportRun:
    """Stage a prepared file; inside transaction()."""
    require(actor, PERMISSION)
    source = prepared.table.source
    # kept until purge_imports() lets it go together with the rest of the import
    if isinstance(source, Path):
        with source.open("rb") as stream:
            file = files.store(stream, filename=prepared.filename, purpose=PURPOSE, actor=actor)
    else:
        file = files.store(source, filename=prepared.filename, purpose=PURPOSE, actor=actor)
    run = ImportRun(
        filename=prepared.filename[:200],
        file_id=file.id,
        row_count=prepared.table.row_count,
        reading=prepared.table.as_json(),
        mapping=mapping.as_json(prepared.matches),
        created_by=actor.name[:160],
        created_by_id=actor.user_id,
        state=DRAFT,
        version=1,
    )
    db.session.add(run)
    if prepared.plan is not None:
        _set_plan(run, prepared.plan)
    db.session.flush()
    if prepared.plan is None:
        _ask_check(run, actor)
    return run


def is_long(run: ImportRun) -> bool:
    """Is its list so long that a job checks it?"""
    return run.row_count > LONG_LIST


def _ask_check(run: ImportRun, actor: Actor) -> None:
    run.state = CHECKING
    db.session.flush()
    run.job_id = enqueue("check_import", {"import_id": run.id}, actor=actor, title=_("Reading %(filename)s", filename=run.filename)).id
    db.session.flush()


def ask_check(pk: int, *, actor: Actor) -> ImportRun:
    """Have a long list checked again by a job; inside transaction()."""
    run = _editable(pk, actor)
    _ask_check(run, actor)
    return run


def check_long_list(pk: int, *, progress: Callable[[int, int, str], None]) -> ImportRun:
    """Do that check. Opens its own transaction; a second call finds it done."""
    run = get_import(pk)
    if run.state != CHECKING:
        return run
    total, words = run.row_count, _("Reading the list")
    table, layout, corrections = open_table(run), layout_of(run), corrections_of(run)
    plan = kept.keeping(
        run, layout, corrections, lambda keeper: make_plan(table, layout, corrections, progress=lambda done: progress(done, total, words), keeper=keeper)
    )
    with transaction():
        run = lock_import(pk)
        if run.state == CHECKING:
            run.state, run.error = DRAFT, ""
            _set_plan(run, plan)
            db.session.flush()
    return run


def get_import(pk: int) -> ImportRun:
    """An import of the organisation at hand; NotFound for all others."""
    found = db.session.scalars(select(ImportRun).where(ImportRun.id == pk)).one_or_none() if 0 < pk <= _LARGEST_ID else None
    if found is None:
        raise NotFound(f"import {pk}")
    return found


def lock_import(pk: int) -> ImportRun:
    """The same, freshly read and kept from others until the transaction ends."""
    found = db.session.scalars(select(ImportRun).where(ImportRun.id == pk).with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(f"import {pk}")
    return found


def recent_imports(*, limit: int = 100) -> Sequence[ImportRun]:
    """The imports of this organisation that were started, the last one first."""
    return db.session.scalars(select(ImportRun).where(ImportRun.state != DRAFT).order_by(ImportRun.id.desc()).limit(limit)).all()


def open_table(run: ImportRun) -> Table:
    """The staged file of an import."""
    file = db.session.get(StoredFile, run.file_id) if run.file_id else None
    if file is None:
        raise UserMistake(_("The file of this import was deleted after %(days)s days.", days=KEPT_DAYS))
    if not files.path_of(file).is_file():
        raise UserMistake(_("The file of this import is gone. Upload your list again."))
    return Table.from_json(files.path_of(file), run.reading)


def layout_of(run: ImportRun) -> Layout:
    """Which cell goes where, with the columns this organisation has now."""
    return Layout(mapping.from_json(run.mapping), import_columns(), import_writers())


def corrections_of(run: ImportRun) -> dict[int, dict[int, str]]:
    """What was typed again: {row number: {column of the file: text}}."""
    query = select(ImportCorrection.row_no, ImportCorrection.column_no, ImportCorrection.text).where(ImportCorrection.import_id == run.id)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for row_no, column_no, text in db.session.execute(query):
        found[row_no][column_no] = text
    return dict(found)


def check_import(run: ImportRun) -> ImportPlan:
    """Check the whole file as it is now. Slow and without effect: call it before transaction()."""
    return make_plan(open_table(run), layout_of(run), corrections_of(run))


def keep_check(pk: int, plan: ImportPlan, *, version: int) -> ImportRun:
    """Store what a check of `version` found, unless something was corrected meanwhile."""
    run = lock_import(pk)
    if run.version == version and run.state == DRAFT:
        _set_plan(run, plan)
        db.session.flush()
    return run


def recheck_rows(pk: int, row_nos: Collection[int]) -> ImportRun:
    """Check only these rows of a long list again, each on its own; inside transaction().

    What is between rows (the same person twice) waits for the next check of the whole list.
    """
    run = lock_import(pk)
    table, layout = open_table(run), layout_of(run)
    places = [place for place, (number, _cells, _surplus) in enumerate(table.rows()) if number in row_nos]
    states, counts, notes = list(run.states), dict(run.counts), dict(run.notes)
    for place, row in zip(places, show_rows(table, layout, corrections_of(run), places, {}), strict=True):
        counts[ACTS[states[place]]] -= 1
        counts[row.act] += 1
        states[place] = LETTERS[row.act]
        notes.pop(str(row.row_no), None)
        if row.notes:
            notes[str(row.row_no)] = [list(note) for note in row.notes]
    run.states, run.counts, run.notes = "".join(states), counts, notes
    db.session.flush()
    return run


def _set_plan(run: ImportRun, plan: ImportPlan) -> None:
    run.states = plan.states
    run.notes = {str(row_no): [list(note) for note in notes] for row_no, notes in plan.notes.items()}
    run.counts = plan.counts


def _editable(pk: int, actor: Actor) -> ImportRun:
    require(actor, PERMISSION)
    run = lock_import(pk)
    if run.state != DRAFT:
        raise UserMistake(_("This import was started already, so the list cannot be changed any more."))
    return run


def correct_cells(pk: int, texts: Mapping[tuple[int, int], str], *, actor: Actor) -> ImportRun:
    """Keep what was typed in the grid: {(row number, column of the file): text}."""
    run = _editable(pk, actor)
    rows = {row_no for row_no, _column in texts}
    query = select(ImportCorrection).where(ImportCorrection.import_id == pk)
    if len(rows) <= 500:
        query = query.where(ImportCorrection.row_no.in_(rows))
    known = {(c.row_no, c.column_no): c for c in db.session.scalars(query)}
    added = []
    for (row_no, column_no), text in texts.items():
        if not (0 < row_no <= _LARGEST_ID and 0 <= column_no < len(run.mapping)):
            raise NotFound(f"cell {row_no}, {column_no}")
        clean = text.replace("\x00", "")[:_LONGEST_CELL]
        if (row_no, column_no) in known:
            known[row_no, column_no].text = clean
        else:
            added.append({"import_id": pk, "row_no": row_no, "column_no": column_no, "text": clean})
    if added:
        insert_rows(ImportCorrection, added)
    run.changed_at = clock.now()
    db.session.flush()
    return run


def suggestions_of(run: ImportRun, tone: str) -> dict[tuple[int, int], str]:
    """All proposals of one tone ("odd" or "wrong"): {(row number, column of the file): text}."""
    checker = Checker(layout_of(run), corrections_of(run))
    return {
        (problem.row_no, problem.index): problem.suggestion
        for row in checker.check(open_table(run).rows())
        for problem in row.problems
        if problem.tone == tone and problem.suggestion is not None and problem.index is not None
    }


def link_column(pk: int, index: int, name: str | None, *, actor: Actor) -> ImportRun:
    """Link a column of the file to a column of Koepel (None: leave it out), now and next time.

    A column that was linked to `name` before is open again.
    """
    run = _editable(pk, actor)
    matches = mapping.from_json(run.mapping)
    if not 0 <= index < len(matches):
        raise NotFound(f"column {index}")
    field = f"column-{index}"
    if matches[index].how == "forbidden":
        raise UserMistake(_("This column is never imported: a list cannot give rights or passwords."), field=field)
    if name is not None and name not in {column.name for column in import_columns()}:
        raise UserMistake(_("Choose a field from the list."), field=field)
    for i, match in enumerate(matches):
        if name is not None and match.column == name and i != index:
            matches[i] = Match(None, "taken")
    matches[index] = Match(name, "left_out" if name is None else "chosen")
    run.mapping = mapping.as_json(matches)
    run.changed_at = clock.now()
    remember_heading(run.reading["headers"][index], name)
    db.session.flush()
    return run


def remembered_headings() -> dict[str, str | None]:
    """What this organisation linked before: {folded title: column, None to leave out}."""
    return {heading: column for heading, column in db.session.execute(select(ImportHeading.heading, ImportHeading.column))}


def remember_heading(title: str, name: str | None) -> None:
    key = mapping.header_key(title)[:120]
    if not key:
        return
    known = db.session.scalars(select(ImportHeading).where(ImportHeading.heading == key)).one_or_none()
    if known is None:
        db.session.add(ImportHeading(heading=key, column=name))
    else:
        known.column = name


def reopen_import(pk: int, *, actor: Actor) -> ImportRun:
    """Back to the list of an import that went wrong or hangs in a job that ended; inside transaction()."""
    require(actor, PERMISSION)
    run = lock_import(pk)
    job = db.session.get(Job, run.job_id) if run.job_id else None
    if run.state not in (FAILED, CHECKING, WAITING) or (run.state in BUSY and job is not None and not job.has_ended):
        raise UserMistake(_("This import cannot be changed any more."))
    run.state, run.error = DRAFT, ""
    db.session.flush()
    return run


def start_import(pk: int, *, create: bool, update: bool, writers: Sequence[str], actor: Actor) -> Job:
    """Ask for the import of what is in order; rows with a problem are left out."""
    require(actor, PERMISSION)
    run = lock_import(pk)
    if run.state not in (DRAFT, FAILED):
        raise UserMistake(_("This import was started already."))
    layout = layout_of(run)
    if layout.missing:
        raise UserMistake(_("Link a column to %(label)s first.", label=str(layout.missing[0].label)))
    known = {writer.name for writer in layout.writers}
    chosen = [name for name in writers if name in known]
    if not (create or update or chosen):
        raise UserMistake(_("Tick at least one thing to do."))
    run.acts = {"create": create, "update": update, "writers": chosen}
    run.state, run.error = WAITING, ""
    db.session.flush()
    job = enqueue("import_contacts", {"import_id": pk}, actor=actor, title=_("Import of %(filename)s", filename=run.filename))
    run.job_id = job.id
    record("import.started", run, actor=actor, note=run.filename)
    return job
