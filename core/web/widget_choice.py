"""Which widgets of a dashboard somebody hid. What a plugin adds later shows until it is hidden too."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from core.access import Actor, require
from core.db import db
from core.lists.models import ListPreference

#: kept beside the columns of lists, which are the same kind of choice
HIDDEN = "dashboard.hidden"


def hidden_widgets(*, actor: Actor) -> frozenset[str]:
    """Names of the widgets this person hid in the organisation at hand."""
    names = db.session.scalar(select(ListPreference.columns).where(ListPreference.user_id == actor.user_id, ListPreference.list_name == HIDDEN))
    return frozenset(names or ())


def choose_widgets(shown: Collection[str], offered: Collection[str], *, actor: Actor) -> None:
    """Show these of the widgets on offer, and hide the others; a name nobody offers is left out."""
    require(actor, "dashboard.read")
    kept = db.session.scalars(select(ListPreference).where(ListPreference.user_id == actor.user_id, ListPreference.list_name == HIDDEN)).one_or_none()
    if kept is None:
        kept = ListPreference(user_id=actor.user_id, list_name=HIDDEN)
        db.session.add(kept)
    kept.columns = [name for name in offered if name not in shown]
    db.session.flush()
