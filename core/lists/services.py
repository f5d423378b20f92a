"""Remembering how somebody wants to see a list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from core.access import Actor, require
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from core.lists.columns import Column
from core.lists.listing import Listing
from core.lists.models import ListPreference

MOST_COLUMNS = 40
#: loaded columns up to which a list is fast, and medium
FAST, MEDIUM = 1, 4


def chosen_columns(listing: Listing, *, actor: Actor) -> list[Column]:
    """The columns this person sees: her choice, as far as it still exists, else the default."""
    names = db.session.scalar(
        select(ListPreference.columns).where(ListPreference.user_id == actor.user_id, ListPreference.list_name == listing.definition.name)
    )
    found = [listing.columns[name] for name in names or () if name in listing.columns]
    return found or listing.default_columns


def choose_columns(listing: Listing, names: Sequence[str], *, actor: Actor) -> None:
    """Make these columns, in this order, the default view of this list for this person."""
    require(actor, listing.definition.permission)
    chosen = [name for name in dict.fromkeys(names) if name in listing.columns]
    if not chosen:
        raise UserMistake(_("Choose at least one column."), field="columns")
    if len(chosen) > MOST_COLUMNS:
        raise UserMistake(_("Choose at most %(number)s columns.", number=MOST_COLUMNS), field="columns")
    kept = db.session.scalars(
        select(ListPreference).where(ListPreference.user_id == actor.user_id, ListPreference.list_name == listing.definition.name)
    ).one_or_none()
    if kept is None:
        kept = ListPreference(user_id=actor.user_id, list_name=listing.definition.name)
        db.session.add(kept)
    kept.columns = chosen
    db.session.flush()


def forget_columns(listing: Listing, *, actor: Actor) -> None:
    """Back to the columns everybody gets."""
    require(actor, listing.definition.permission)
    kept = db.session.scalars(
        select(ListPreference).where(ListPreference.user_id == actor.user_id, ListPreference.list_name == listing.definition.name)
    ).one_or_none()
    if kept is not None:
        db.session.delete(kept)
        db.session.flush()


def load_words() -> list[tuple[int, str]]:
    """(most loads, word): how long a list takes, by the number of its loaded columns."""
    return [(FAST, _("fast")), (MEDIUM, _("medium")), (MOST_COLUMNS, _("slow"))]


def load_time(columns: Sequence[Column]) -> str:
    """How long a list with these columns takes, in a word: each load is a query."""
    loads = len({column.load for column in columns if column.load is not None})
    return next(word for most, word in load_words() if loads <= most)


def move_column(names: Sequence[str], name: str, *, up: bool) -> list[str]:
    """The same columns with one of them a place further to the front or the back."""
    found = list(names)
    if name in found:
        here = found.index(name)
        there = here - 1 if up else here + 1
        if 0 <= there < len(found):
            found[here], found[there] = found[there], found[here]
    return found
