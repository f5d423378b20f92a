"""Joining and leaving for a selection of contacts: the same acts, one by one, as a job that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.api import Actor, BulkAction, _l, parse_date
from plugins.joining import services

LIST = "contacts"
JOIN, LEAVE = "join_club", "leave_club"


def _join(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.join_contact(item_id, services.wish_of(values), batch=values["batch"], actor=actor)


def _leave(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.leave_contact(item_id, last_day=parse_date(values.get("last_day")), reason=values.get("reason") or "", batch=values["batch"], actor=actor)


def _undo(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_for(item_id, values["batch"], actor=actor)


ACTIONS = (
    BulkAction(
        JOIN, LIST, _l("Join: membership, groups and functions at once"), services.WRITE,
        run=_join, undo=_undo, endpoint="JoinPage.join", icon="user-plus", position=35,
    ),
    BulkAction(
        LEAVE, LIST, _l("Leave: everything ends at once"), services.WRITE,
        run=_leave, undo=_undo, endpoint="LeavePage.leave", icon="logout", is_danger=True, position=795,
    ),
)  # fmt: skip
