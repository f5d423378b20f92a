"""What somebody wants when people join: a membership, groups, functions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import plugins.memberships.api as memberships
from core.api import UserMistake, _, active_plugins, parse_date
from core.contacts.services import functions_here, today
from core.fields.forms import PREFIX

WRITE = "joining.write"
#: people for whom it is done while one waits; for more it is a job
AT_ONCE = 10


@dataclass(frozen=True)
class JoinWish:
    """The same for all who join. What is empty is not asked.

    places: (group, function) pairs. extra: values of extra fields of the membership.
    """

    from_on: date
    type_id: int | None = None
    places: tuple[tuple[int, str], ...] = ()
    functions: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return self.type_id is None and not self.places and not self.functions


def wish_of(values: Mapping[str, Any]) -> JoinWish:
    """The wish in the values of a form, or of a job that was asked with them."""
    return JoinWish(
        parse_date(values.get("from_on")) or today(),
        int(values["type"]) if values.get("type") else None,
        tuple((int(group), str(function)) for group, function in values.get("places") or ()),
        tuple(values.get("functions") or ()),
        memberships.extra_of(values),
    )


def values_of(wish: JoinWish, batch: str) -> dict[str, Any]:
    """The same the other way round."""
    extra = {PREFIX + key: value for key, value in wish.extra.items()}
    return {
        "batch": batch,
        "from_on": wish.from_on,
        "type": wish.type_id or 0,
        "places": [list(place) for place in wish.places],
        "functions": list(wish.functions),
        **extra,
    }


def kind_of(wish: JoinWish) -> memberships.MembershipType | None:
    """The membership type that is asked; a mistake when this club cannot ask it."""
    if wish.type_id is None:
        return None
    known = {kind.id: kind for _owner, kinds in memberships.types_on_offer() for kind in kinds}
    if wish.type_id not in known:
        raise UserMistake(_("Choose a membership type from the list."), field="type")
    return known[wish.type_id]


def check(wish: JoinWish) -> None:
    """Is there something to do, and does it exist?"""
    if wish.is_empty:
        raise UserMistake(_("Choose a membership, a group or a function: otherwise nothing happens."), field="type")
    if set(wish.functions) - {function.key for function in functions_here()}:
        raise UserMistake(_("Choose functions from the list."), field="functions")


def has_groups() -> bool:
    """Does this organisation use groups?"""
    return "groups" in active_plugins()


def new_batch() -> str:
    """The name all acts of one click share."""
    return secrets.token_hex(16)
