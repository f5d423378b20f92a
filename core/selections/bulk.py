"""Doing something with each row of a selection, one by one, as a job.

Every item has a savepoint of its own, and its result is written in the same transaction: what
was done stays done and is never done twice, whenever the power fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from core.access import Actor, require
from core.db import chunks, db, savepoint, transaction
from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.i18n import _
from core.jobs.api import Job, JobItem, JobRun, enqueue, failpoint
from core.lists.actions import BulkAction
from core.lists.definition import definition_named
from core.lists.engine import read_rows
from core.lists.listing import Listing, listing_for
from core.selections.models import Selection
from core.selections.services import get_selection

logger = logging.getLogger(__name__)

KIND = "bulk_action"
#: items written together; a crash redoes at most so many
BATCH = 25


def pack(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a form as JSON that `unpack` reads back as the same types."""
    return {name: _pack(value) for name, value in values.items() if name != "csrf_token"}


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, (list, tuple)):
        return [_pack(each) for each in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"a job cannot keep a {type(value).__name__}")


def unpack(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _unpack(value) for name, value in values.items()}


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpack(each) for each in value]
    if isinstance(value, dict):
        kind, text = next(iter(value.items()))
        makers: dict[str, Callable[[str], Any]] = {"instant": datetime.fromisoformat, "date": date.fromisoformat, "decimal": Decimal}
        return makers[kind](text)
    return value


def find_action(list_name: str, name: str, *, actor: Actor) -> BulkAction:
    """An action of a list that this actor may do here; any other does not exist."""
    action = listing_for(definition_named(list_name), actor=actor).action(name)
    if action is None:
        raise NotFound
    require(actor, action.permission)
    return action


def consequence(action: BulkAction, selection: Selection, values: Mapping[str, Any]) -> str:
    """What will happen, said before it does."""
    if action.explain is not None:
        return action.explain(selection.count, values)
    return _("“%(action)s” will be done for %(number)s rows.", action=str(action.title), number=selection.count)


def start(selection: Selection, name: str, values: Mapping[str, Any], *, actor: Actor) -> Job:
    """Queue the job that does it. Inside transaction()."""
    action = find_action(selection.list_name, name, actor=actor)
    if action.exactly and selection.count != action.exactly:
        raise UserMistake(_("Choose exactly %(number)s rows for this.", number=action.exactly))
    arguments = {"list": selection.list_name, "action": name, "selection": selection.id, "values": pack(values)}
    return enqueue(KIND, arguments, actor=actor, title=str(action.title))


def start_undo(job: Job, *, actor: Actor) -> Job:
    """Queue the job that puts back what a bulk action did; twice is the same as once. Inside transaction()."""
    if not can_be_undone(job, actor=actor):
        raise UserMistake(_("This cannot be undone."))
    action = find_action(job.arguments["list"], job.arguments["action"], actor=actor)
    title = _("Undo: %(action)s", action=str(action.title))
    return enqueue(KIND, {**job.arguments, "undo": job.id}, actor=actor, title=title, unique_key=f"undo:{job.id}")


def can_be_undone(job: Job, *, actor: Actor) -> bool:
    """Is this a bulk action, over and done, that knows the way back?"""
    if job.kind != KIND or not job.has_ended or "undo" in job.arguments:
        return False
    try:
        action = find_action(job.arguments["list"], job.arguments["action"], actor=actor)
    except (NotFound, Forbidden, KeyError):
        return False
    return action.undo is not None


def run(job: JobRun) -> None:
    """Do it to each item that has no result yet. The right is asked again, as it is now."""
    arguments, actor = job.arguments, job.actor
    action = find_action(arguments["list"], arguments["action"], actor=actor)
    values = unpack(arguments["values"])
    deed = action.execute if "undo" not in arguments else _undoing(action)
    ids = _items(arguments, actor)
    ended = set(db.session.scalars(select(JobItem.item_id).where(JobItem.job_id == job.job_id)))
    waiting = [item_id for item_id in ids if str(item_id) not in ended]
    done = len(ids) - len(waiting)
    job.progress(done, len(ids))
    listing = listing_for(definition_named(arguments["list"]), actor=actor)
    for part in chunks(waiting, BATCH):
        names = _names(listing, part)
        with transaction():
            for item_id in part:
                ok, text = _do(deed, item_id, values, actor)
                job.item(item_id, ok, text, label=names.get(item_id, ""))
        done += len(part)
        job.progress(done, len(ids))
        failpoint("bulk.after_batch")
    job.keep_result({"undo": can_be_undone_later(action, arguments)})


def can_be_undone_later(action: BulkAction, arguments: Mapping[str, Any]) -> bool:
    return action.undo is not None and "undo" not in arguments


def _undoing(action: BulkAction) -> Callable[..., Any]:
    if action.undo is None:
        raise UserMistake(_("This cannot be undone."))
    return action.undo


def _items(arguments: Mapping[str, Any], actor: Actor) -> list[int]:
    if "undo" not in arguments:
        return list(get_selection(arguments["selection"], actor=actor).ids())
    query = select(JobItem.item_id).where(JobItem.job_id == arguments["undo"], JobItem.ok.is_(True)).order_by(JobItem.id.desc())
    return [int(item_id) for item_id in db.session.scalars(query)]


def _do(deed: Callable[..., Any], item_id: int, values: Mapping[str, Any], actor: Actor) -> tuple[bool, str]:
    """Do it to one item, alone; what stands in the way is told with the item."""
    try:
        with savepoint():
            deed(item_id, values, actor=actor)
            db.session.flush()
    except (UserMistake, Forbidden, NotFound, StaleVersion) as mistake:
        return False, _words(mistake)
    except Exception:  # a bug in one item must not keep the others waiting
        logger.exception("bulk item failed", extra={"item_id": item_id})
        return False, _("Something went wrong on our side. We made a note of it.")
    return True, ""


def _words(error: Exception) -> str:
    if isinstance(error, UserMistake):
        return str(error)
    if isinstance(error, Forbidden):
        return _("You do not have the right to do this.")
    if isinstance(error, StaleVersion):
        return _("Somebody else changed this at the same moment. Try again.")
    return _("This no longer exists.")


def _names(listing: Listing, ids: Sequence[int]) -> dict[int, str]:
    """What people call these rows: the column the list is sorted on."""
    column = listing.columns.get(listing.definition.default_sort.removeprefix("-"))
    if column is None or column.is_loaded:
        return {}
    return {row.id: str(column.shown(row.values[0]) or "") for row in read_rows(listing, ids, [column])}
