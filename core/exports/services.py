"""Exporting chosen rows of a list to a file that is kept for a day."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import chunks, db, transaction
from core.errors import Forbidden, UserMistake
from core.exports.files import WRITERS, write_csv, write_xlsx
from core.files.services import store
from core.i18n import _
from core.jobs.api import Job, JobRun, enqueue, failpoint
from core.lists.columns import Column
from core.lists.definition import ListDefinition, definition_named
from core.lists.engine import read_columns
from core.lists.listing import Listing, listing_for
from core.privacy.seen import note_export
from core.selections.models import Selection
from core.selections.services import get_selection

__all__ = ["KIND", "PURPOSE", "needs_password", "run", "start_export", "write_csv", "write_xlsx"]

KIND = "export"
PURPOSE = "export"
KEPT = timedelta(hours=24)
#: above this many rows the password is asked again
MANY_ROWS = 500
BATCH = 1_000
#: values of a column whose export is kept in memory meanwhile
MOST_REMEMBERED = 5_000


def require_export(definition: ListDefinition, actor: Actor) -> None:
    """Refuse when this list, or this person, does not export."""
    if definition.export_permission is None:
        raise Forbidden("export")
    require(actor, definition.export_permission)


def columns_named(listing: Listing, names: Sequence[str]) -> list[Column]:
    """The ticked columns, in the order of the list; one that is not there is a mistake."""
    unknown = [name for name in names if name not in listing.columns]
    if unknown:
        raise UserMistake(_("“%(name)s” is not something this list can export.", name=unknown[0][:60]), field="columns")
    chosen = [column for name, column in listing.columns.items() if name in names]
    if not chosen:
        raise UserMistake(_("Tick at least one thing to export."), field="columns")
    return chosen


def needs_password(selection: Selection, columns: Sequence[Column]) -> bool:
    """Is this so much, or so private, that the password is asked again?"""
    return selection.count > MANY_ROWS or any(column.sensitive for column in columns)


def start_export(selection: Selection, names: Sequence[str], file_format: str, *, actor: Actor) -> Job:
    """Queue the job that writes the file. Inside transaction()."""
    definition = definition_named(selection.list_name)
    require_export(definition, actor)
    if file_format not in WRITERS:
        raise UserMistake(_("Choose Excel or CSV."), field="format")
    columns = columns_named(listing_for(definition, actor=actor), names)
    arguments = {"selection": selection.id, "columns": [c.name for c in columns], "format": file_format}
    return enqueue(KIND, arguments, actor=actor, title=_("Export: %(list)s", list=str(definition.title)))


def run(job: JobRun) -> None:
    """Write the file, keep it for a day, and note who took what. The right is asked again."""
    if job.result and "file_id" in job.result:
        return  # a former try got this far
    actor = job.actor
    selection = get_selection(job.arguments["selection"], actor=actor)
    definition = definition_named(selection.list_name)
    require_export(definition, actor)
    listing = listing_for(definition, actor=actor)
    columns = columns_named(listing, job.arguments["columns"])
    file_format, ids = job.arguments["format"], list(selection.ids())
    with tempfile.TemporaryDirectory(prefix="koepel-export-") as folder:
        path = Path(folder) / f"export.{file_format}"
        count = WRITERS[file_format](path, [c.label for c in columns], _values(listing, ids, columns, job))
        failpoint("export.written")
        with path.open("rb") as file, transaction():
            kept = store(file, filename=_filename(definition, file_format), purpose=PURPOSE, actor=actor, expires_at=clock.now() + KEPT)
            note = _("%(count)s rows, %(format)s: %(columns)s", count=count, format=file_format, columns=", ".join(c.name for c in columns))
            note_export(definition.name, _people(definition, ids), [c.name for c in columns], actor=actor)
            record(f"{definition.name}.exported", get_selection(selection.id, actor=actor), actor=actor, note=note)
            job.keep_result({"file_id": kept.id})
    job.progress(len(ids), len(ids))


def _people(definition: ListDefinition, ids: Sequence[int]) -> Iterator[int]:
    """The contacts these rows are about, when the list is about people."""
    if definition.model is Contact:
        yield from ids
    elif hasattr(definition.model, "contact_id"):
        for part in chunks(ids):
            yield from (pk for pk in db.session.scalars(select(definition.model.contact_id).where(definition.model.id.in_(part))) if pk)


def _values(listing: Listing, ids: Sequence[int], columns: Sequence[Column], job: JobRun) -> Iterator[Sequence[Any]]:
    changed = [(place, _remembering(column)) for place, column in enumerate(columns) if column.export is not None]
    done = 0
    for values in read_columns(listing, ids, columns, batch=BATCH):
        for place, exported in changed:
            values[place] = list(map(exported, values[place]))
        yield from zip(*values, strict=True)
        done += BATCH
        job.progress(min(done, len(ids)), len(ids))


def _remembering(column: Column) -> Callable[[Any], Any]:
    """The export of a column; a country or a date that was written before is not worked out again."""
    known: dict[Any, Any] = {}

    def exported(value: Any) -> Any:
        try:
            return known[value]
        except KeyError:
            made = column.exported(value)
            if len(known) < MOST_REMEMBERED:
                known[value] = made
            return made
        except TypeError:  # a list cannot be looked up
            return column.exported(value)

    return exported


def _filename(definition: ListDefinition, file_format: str) -> str:
    name = fold(str(definition.title)).replace(" ", "-") or definition.name
    return f"{name}-{clock.today():%Y-%m-%d}.{file_format}"
