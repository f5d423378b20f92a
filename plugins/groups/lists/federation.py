"""The linked groups of all clubs, as a federation and its regions read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select

from core.contacts.names import fold
from core.db import db, is_one_of
from core.i18n import _l, in_own_language
from core.lists.columns import Column, Person
from core.lists.conditions import choice_condition, instant_condition, like_pattern, number_condition, text_condition
from core.lists.contacts.columns import local_day
from core.lists.definition import ListDefinition
from core.lists.engine import COUNT_LIMIT
from core.lists.filters import Filter
from core.lists.views import ListPage
from core.organisations.models import Organisation
from plugins.groups.models import GroupLink
from plugins.groups.services.catalogue import choices_of, term_of, title_of

LIST = "federation_groups"
READ, EXPORT = "groups.read", "groups.export"
GROUP, CLUB = _l("Group"), _l("Club")
g = GroupLink


def show_name(value: tuple[str, str]) -> Person:
    name, club = value
    return Person(name, name[:2].upper(), club)


def _word(kind: str, label: Any, place: int, *, default: bool = False) -> Column:
    def show(value: tuple[str | None, Mapping[str, Any] | None]) -> str:
        key, words = value
        term = term_of(kind, key) if key else None
        return term.title if term is not None else in_own_language((words or {}).get(kind))

    expression = getattr(g, kind)
    return Column(kind, LIST, label, GROUP, expression=(expression, g.words), show=show, export=show, order_by=(expression,), default=default, position=place)


def _plain(name: str, label: Any, expression: Any, place: int, **options: Any) -> Column:
    return Column(name, LIST, label, GROUP, expression=expression, order_by=(expression,), position=place, **options)


def _orders(options: Any) -> str:
    return ", ".join(title_of("option", key) for key in options or ())


def _load_holders(ids: Sequence[int]) -> Mapping[int, Any]:
    rows = db.session.execute(select(g.id, g.holders).where(is_one_of(g.id, list(ids))))
    return {row.id: ", ".join(f"{title_of('function', h['function'])}: {h['name']}" for h in row.holders or ()) for row in rows}


COLUMNS = (
    Column(
        "name", LIST, _l("Name"), GROUP, expression=(g.name, Organisation.name), kind="person", show=show_name, export=lambda value: value[0],
        order_by=(g.name_key,), default=True, position=1,
    ),
    Column("club", LIST, _l("Club"), CLUB, expression=Organisation.name, order_by=(Organisation.name,), position=2),
    _plain("season", _l("Season"), g.season_name, 3, default=True),
    _word("type", _l("Type"), 4, default=True),
    _word("composition", _l("Composition"), 5, default=True),
    _word("category", _l("Category"), 6),
    _plain("members", _l("Members"), g.member_count, 7, kind="number", default=True),
    Column("options", LIST, _l("Options"), GROUP, expression=g.options, show=_orders, export=_orders, position=8),
    Column("holders", LIST, _l("Contacts by function"), GROUP, load=_load_holders, position=9),
    _plain("linked_on", _l("Linked on"), g.linked_on, 10, kind="date"),
    _plain("changed_at", _l("Changed on"), g.changed_at, 11, kind="date", show=local_day, export=local_day),
)  # fmt: skip


def _of_term(kind: str, label: Any, place: int) -> Filter:
    return Filter(kind, LIST, label, GROUP, "choice", choice_condition(getattr(g, kind)), choices=lambda: choices_of(kind), position=place, icon="users-group")


FILTERS = (
    Filter("club", LIST, _l("Club"), CLUB, "text", text_condition(Organisation.name), operators=("contains", "is"), position=1, icon="building-community"),
    Filter("name", LIST, _l("Name"), GROUP, "text", text_condition(g.name), position=2, icon="users-group"),
    Filter("season", LIST, _l("Season"), GROUP, "text", text_condition(g.season_name), position=3, icon="users-group"),
    _of_term("type", _l("Type"), 4),
    _of_term("composition", _l("Composition"), 5),
    _of_term("category", _l("Category"), 6),
    Filter("members", LIST, _l("Members"), GROUP, "number", number_condition(g.member_count), position=7, icon="users-group"),
    Filter(
        "changed_at", LIST, _l("Changed on"), GROUP, "date", instant_condition(g.changed_at), operators=("on", "from", "until"), position=8, icon="users-group"
    ),
)


def _search(text: str) -> Any:
    words = fold(text).split()
    by_name = and_(*(g.name_key.like(like_pattern(word), escape="/") for word in words))
    return or_(by_name, text_condition(Organisation.name)("contains", text))


def _joins(statement: Any) -> Any:
    return statement.join(Organisation, Organisation.id == g.organisation_id)


LINKED = ListDefinition(
    name=LIST,
    model=GroupLink,
    title=_l("Groups"),
    noun=_l("groups"),
    permission=READ,
    export_permission=EXPORT,
    columns=COLUMNS,
    filters=FILTERS,
    search=_search,
    search_hint=_l("Search by name or club"),
    joins=_joins,
    base_condition=lambda: g.unlinked_on.is_(None),
    base_reason=_l("The link ended"),
    profile_endpoint="FederationGroup.show",
    extra_fields=(("group", g.shared),),
    tabs=("federation_members",),
    empty_title=_l("No linked groups yet"),
    empty_text=_l("The groups your clubs link to you come here, with what you ask of them."),
)


class FederationGroupList(ListPage):
    """Linked groups of every club and season."""

    route_base = "/o/<org>/federation/groups"
    definition = LINKED


def number_of_links() -> Any:
    """For the tab; counts no further than a list does."""
    some = select(g.id).where(g.unlinked_on.is_(None)).limit(COUNT_LIMIT).subquery()
    return select(func.count()).select_from(some)
