"""Columns and filters that every list of memberships has, whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, false, func

from core.contacts.names import fold
from core.i18n import _l
from core.lists.columns import Column
from core.lists.conditions import choice_condition, date_condition, instant_condition, like_pattern, text_condition
from core.lists.contacts.columns import local_day
from core.lists.filters import Filter
from core.organisations.models import Organisation
from plugins.memberships.lists.words import export_state, show_state, show_type, state_choices
from plugins.memberships.models import Membership, MembershipType
from plugins.memberships.services.reading import counts_on, today, type_titles

GROUP = _l("Membership")
PANEL = _l("Membership")
ICON = "id-badge-2"

m = Membership


def column(list_name: str, name: str, label: Any, expression: Any, **options: Any) -> Column:
    options.setdefault("order_by", expression if isinstance(expression, tuple) else (expression,))
    return Column(name, list_name, label, GROUP, expression=expression, **options)


def type_name() -> Any:
    """What the database can sort types on: their place, then their key."""
    return (MembershipType.position, MembershipType.key)


def membership_columns(list_name: str, *, start: int = 20, defaults: Sequence[str] = ("type", "from_on", "until_on", "season")) -> tuple[Column, ...]:
    made = (
        column(list_name, "type", _l("Membership type"), MembershipType.name, show=show_type, export=show_type, order_by=type_name(), position=start),
        column(list_name, "from_on", _l("Start date"), m.from_on, kind="date", position=start + 1),
        column(list_name, "until_on", _l("End date"), m.until_on, kind="date", position=start + 2),
        column(list_name, "season", _l("Season"), m.season, position=start + 3),
        column(
            list_name,
            "status",
            _l("Status"),
            (m.status, m.from_on, m.until_on),
            kind="status",
            show=show_state,
            export=export_state,
            order_by=(m.status, m.from_on),
            position=start + 9,
        ),
        column(list_name, "requested_at", _l("Requested on"), m.requested_at, kind="date", show=local_day, export=local_day, position=start + 10),
        column(list_name, "requested_by", _l("Requested by"), m.requested_by, position=start + 11),
        column(list_name, "decided_at", _l("Decided on"), m.decided_at, kind="date", show=local_day, export=local_day, position=start + 12),
        column(list_name, "reason", _l("Reason of refusal"), m.reason, order_by=None, position=start + 13),
    )
    return tuple(replace(c, default=c.name in defaults) for c in made)


def state_condition(operator: str, value: Any) -> Any:
    """`value` is one of the words of state_on."""
    day = today()
    if value == "active":
        return counts_on(day)
    if value == "later":
        return and_(m.status == "accepted", m.from_on > day)
    if value == "ended":
        return and_(m.status == "accepted", m.until_on < day)
    return m.status == value


def type_choices() -> list[tuple[Any, str]]:
    return sorted(type_titles().items(), key=lambda pair: pair[1].casefold())


def on_day(_operator: str, value: Any) -> Any:
    return counts_on(value)


def membership_filters(list_name: str, *, start: int = 20) -> tuple[Filter, ...]:
    def make(name: str, label: Any, kind: Any, condition: Callable[[str, Any], Any], place: int, **options: Any) -> Filter:
        return Filter(name, list_name, label, PANEL, kind, condition, position=start + place, icon=ICON, **options)

    return (
        make("type", _l("Membership type"), "choice", choice_condition(m.type_id), 0, choices=type_choices, operators=("is",)),
        make("status", _l("Status"), "choice", state_condition, 1, choices=state_choices, operators=("is",)),
        make("from_on", _l("Start date"), "date", date_condition(m.from_on), 2, operators=("on", "from", "until")),
        make("until_on", _l("End date"), "date", date_condition(m.until_on), 3),
        make("had_on", _l("Had a membership on"), "date", on_day, 4, operators=("on",)),
        make("season", _l("Season"), "text", text_condition(m.season), 5),
        make("requested_at", _l("Requested on"), "date", instant_condition(m.requested_at), 6, operators=("on", "from", "until")),
    )


def join_type(statement: Any) -> Any:
    return statement.join(MembershipType, MembershipType.id == m.type_id)


def join_owner(statement: Any) -> Any:
    """The federation, or the club for its own memberships."""
    return statement.join(Organisation, Organisation.id == func.coalesce(m.federation_id, m.organisation_id))


def name_is_like(name_key: Any) -> Callable[[str], Any]:
    """A search box over a folded name: every word must occur."""

    def search(text: str) -> Any:
        words = fold(text).split()
        return and_(*(name_key.like(like_pattern(word), escape="/") for word in words)) if words else false()

    return search
