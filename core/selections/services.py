"""Freezing rows of a list, and finding them again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.db import chunks, db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.lists.definition import definition_named
from core.lists.engine import Sort, ids_of, visible_ids
from core.lists.filterset import FilterSet
from core.lists.listing import listing_for
from core.selections.models import Selection, SelectionPart

KEPT = timedelta(days=7)
PART = 1_000
#: a selection of more rows is cut into several by the user: one job stays one job
MOST_ROWS = 250_000


def freeze(chosen: FilterSet | Iterable[int], list_name: str, *, actor: Actor, sort: str | None = None) -> Selection:
    """Keep the rows that were ticked, or all that a filter set finds, as they are now.

    Ids that are not in this list for this actor (of another organisation, in the bin) are left
    out, as if they did not exist.
    """
    listing = listing_for(definition_named(list_name), actor=actor)
    require(actor, listing.definition.permission)
    if isinstance(chosen, FilterSet):
        query = chosen.to_query()
        ids = ids_of(chosen.listing, chosen, Sort.parse(sort, chosen.listing), limit=MOST_ROWS + 1)
    else:
        query = ""
        ids = visible_ids(listing, list(chosen))
    if not ids:
        raise UserMistake(_("Nothing is selected. Tick at least one row."))
    if len(ids) > MOST_ROWS:
        raise UserMistake(_("That are more than %(number)s rows. Filter first, and do it in parts.", number=MOST_ROWS))
    selection = Selection(list_name=list_name, query=query[:20_000], count=len(ids), user_id=actor.user_id, expires_at=clock.now() + KEPT)
    selection.parts = [SelectionPart(position=number, ids=list(part)) for number, part in enumerate(chunks(ids, PART))]
    db.session.add(selection)
    db.session.flush()
    return selection


def get_selection(pk: int, *, actor: Actor) -> Selection:
    """A selection this person made and that is still kept; any other does not exist."""
    found = db.session.get(Selection, pk) if 0 < pk < 2**31 else None
    if found is None or found.expires_at <= clock.now() or (found.user_id != actor.user_id and not actor.is_system):
        raise NotFound
    return found


def forget_expired() -> int:
    """Remove selections nobody can use any more; returns how many. Inside transaction()."""
    expired = db.session.scalars(select(Selection).where(Selection.expires_at <= clock.now()).limit(1_000)).all()
    for selection in expired:
        db.session.delete(selection)
    db.session.flush()
    return len(expired)
