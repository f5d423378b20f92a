"""Saved filters: a question to a list, kept under a name to ask it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select

from core import clock
from core.access import Actor, can, require
from core.db import db
from core.errors import Forbidden, NotFound, UserMistake
from core.i18n import _
from core.lists.filterset import FilterSet
from core.lists.models import SavedFilter

SHARE = "filters.share"
LONGEST_NAME = 80
MOST_FILTERS = 100
#: how long a removed filter can be brought back
KEPT = timedelta(days=30)


def saved_filters(list_name: str, *, actor: Actor) -> Sequence[SavedFilter]:
    """The filters of one list this person can run: her own and those that are shared, by name."""
    return db.session.scalars(
        select(SavedFilter)
        .where(SavedFilter.list_name == list_name, SavedFilter.removed_at.is_(None), _is_visible(actor))
        .order_by(func.lower(SavedFilter.name), SavedFilter.id)
    ).all()


def _is_visible(actor: Actor) -> Any:
    return or_(SavedFilter.user_id == actor.user_id, SavedFilter.is_shared.is_(True))


def get_filter(pk: int, list_name: str, *, actor: Actor) -> SavedFilter:
    """A filter this person may change, also a removed one; any other does not exist for her."""
    found = None
    if 0 < pk < 2**31:
        query = select(SavedFilter).where(SavedFilter.id == pk, SavedFilter.list_name == list_name, _is_visible(actor))
        found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(f"saved filter {pk}")
    if not may_change(found, actor=actor):
        raise Forbidden(SHARE)
    return found


def may_change(saved: SavedFilter, *, actor: Actor) -> bool:
    """Its maker may; a shared one also whoever may share."""
    return (saved.user_id == actor.user_id) or (saved.is_shared and can(actor, SHARE))


def save_filter(asked: FilterSet, name: str, *, actor: Actor, shared: bool = False, sort: str = "") -> SavedFilter:
    """Keep a question under a name; inside transaction()."""
    definition = asked.listing.definition
    require(actor, definition.permission)
    asked.require_clear()
    if asked.is_empty:
        raise UserMistake(_("Search or filter first; then you can save that."))
    if actor.user_id is None:
        raise Forbidden(SHARE)
    if shared:
        require(actor, SHARE)
    _forget_removed(actor)
    own = select(func.count()).select_from(SavedFilter).where(SavedFilter.user_id == actor.user_id, SavedFilter.removed_at.is_(None))
    if (db.session.scalar(own) or 0) >= MOST_FILTERS:
        raise UserMistake(_("You have %(number)s saved filters. Remove one first.", number=MOST_FILTERS))
    saved = SavedFilter(
        user_id=actor.user_id,
        list_name=definition.name,
        name=_checked_name(name, definition.name, actor=actor),
        query=asked.to_query(),
        sort=sort[:80],
        is_shared=shared,
        version=1,
    )
    db.session.add(saved)
    db.session.flush()
    return saved


def rename_filter(saved: SavedFilter, name: str, *, shared: bool, actor: Actor) -> SavedFilter:
    """Give it another name, or share it (or no longer); inside transaction()."""
    if shared != saved.is_shared:
        require(actor, SHARE)
    saved.name = _checked_name(name, saved.list_name, actor=actor, itself=saved.id)
    saved.is_shared = shared
    db.session.flush()
    return saved


def remove_filter(saved: SavedFilter) -> None:
    """Take it out of the list of filters; it can be brought back for a while. Inside transaction()."""
    saved.removed_at = clock.now()
    db.session.flush()


def restore_filter(saved: SavedFilter) -> None:
    saved.removed_at = None
    db.session.flush()


def _checked_name(name: str, list_name: str, *, actor: Actor, itself: int | None = None) -> str:
    clean = " ".join(name.split())
    if not clean:
        raise UserMistake(_("Give the filter a name."), field="name")
    if len(clean) > LONGEST_NAME:
        raise UserMistake(_("Use at most %(number)s characters for the name.", number=LONGEST_NAME), field="name")
    if any(other.name.casefold() == clean.casefold() and other.id != itself for other in saved_filters(list_name, actor=actor)):
        raise UserMistake(_("There is a filter of this name already. Choose another name."), field="name")
    return clean


def _forget_removed(actor: Actor) -> None:
    old = delete(SavedFilter).where(SavedFilter.user_id == actor.user_id, SavedFilter.removed_at < clock.now() - KEPT)
    db.session.execute(old.execution_options(synchronize_session=False))
