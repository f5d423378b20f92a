"""The groups of a club, by season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy import and_, func, or_, select, true
from werkzeug.datastructures import MultiDict

from core.access import Actor, current_actor
from core.contacts.names import fold
from core.db import db, is_one_of
from core.i18n import _, _l, _n
from core.lists.actions import BulkAction
from core.lists.columns import Column, Person, Status
from core.lists.conditions import choice_condition, like_pattern, text_condition
from core.lists.definition import AddEntry, ListDefinition
from core.lists.filters import Filter
from core.lists.state import ListState
from core.lists.views import ListPage, RowLink
from core.web.context import current_organisation
from core.web.views import expose, needs
from plugins.groups import services
from plugins.groups.forms import copy_form
from plugins.groups.models import ClubGroup, GroupLink, Season
from plugins.groups.services.catalogue import choices_of, title_of
from plugins.groups.services.copying import Choices
from plugins.groups.services.reading import count_members
from plugins.groups.services.seasons import season_titles

LIST = "groups"
READ, WRITE, EXPORT = "groups.read", "groups.write", "groups.export"
GROUP = _l("Group")
#: choices of the season beside the seasons themselves
COMMITTEES, EVERYTHING = 0, -1
g = ClubGroup


def _named(kind: str) -> Any:
    return lambda key: title_of(kind, key)


def show_name(value: tuple[str, str | None]) -> Person:
    name, short = value
    return Person(name, (short or name)[:2].upper(), short or "")


def _term(kind: str, label: Any, place: int, *, default: bool = False) -> Column:
    expression = getattr(g, kind)
    show = _named(kind)
    return Column(kind, LIST, label, GROUP, expression=expression, order_by=(expression,), show=show, export=show, default=default, position=place)


def _linked(ids: Sequence[int]) -> Mapping[int, Any]:
    """Group -> is it linked to a federation."""
    query = select(GroupLink.group_id).where(is_one_of(GroupLink.group_id, list(ids)), GroupLink.unlinked_on.is_(None))
    held = set(db.session.scalars(query))
    return {pk: pk in held for pk in ids}


def _show_linked(value: bool) -> Status:
    return Status(_("Linked"), "ok") if value else Status(_("Not linked"), "none")


def _export_linked(value: bool) -> str:
    return str(_show_linked(value))


COLUMNS = (
    Column(
        "name", LIST, _l("Name"), GROUP, expression=(g.name, g.abbreviation), kind="person", show=show_name, export=lambda value: value[0],
        order_by=(g.name_key,), default=True, position=1,
    ),
    Column("abbreviation", LIST, _l("Abbreviation"), GROUP, expression=g.abbreviation, order_by=(g.abbreviation,), position=2),
    Column("season", LIST, _l("Season"), GROUP, expression=Season.name, order_by=(Season.start_on,), position=3),
    _term("type", _l("Type"), 4, default=True),
    _term("composition", _l("Composition"), 5, default=True),
    _term("category", _l("Category"), 6),
    Column("members", LIST, _l("Members"), GROUP, load=count_members, kind="number", default=True, position=7),
    Column("linked", LIST, _l("Federation"), GROUP, load=_linked, kind="status", show=_show_linked, export=_export_linked, default=True, position=8),
)  # fmt: skip


# --- filters --------------------------------------------------------------------------------------


def season_choices() -> list[tuple[int, str]]:
    return [*season_titles(), (COMMITTEES, _("Committees")), (EVERYTHING, _("All"))]


def _of_season(_operator: str, value: Any) -> Any:
    if value == EVERYTHING:
        return true()
    return g.season_id.is_(None) if value == COMMITTEES else g.season_id == value


def _is_linked(_operator: str, value: Any) -> Any:
    found = select(GroupLink.id).where(GroupLink.organisation_id == g.organisation_id, GroupLink.group_id == g.id, GroupLink.unlinked_on.is_(None)).exists()
    return found if value else ~found


def _of_term(kind: str, label: Any, place: int) -> Filter:
    return Filter(kind, LIST, label, GROUP, "choice", choice_condition(getattr(g, kind)), choices=lambda: choices_of(kind), position=place, icon="users-group")


FILTERS = (
    Filter("season", LIST, _l("Season"), GROUP, "choice", _of_season, choices=season_choices, operators=("is",), position=1, icon="users-group"),
    Filter("name", LIST, _l("Name"), GROUP, "text", text_condition(g.name), position=2, icon="users-group"),
    _of_term("type", _l("Type"), 3),
    _of_term("composition", _l("Composition"), 4),
    _of_term("category", _l("Category"), 5),
    Filter("linked", LIST, _l("Linked to a federation"), GROUP, "yes_no", _is_linked, position=6, icon="users-group"),
)


def _search(text: str) -> Any:
    words = fold(text).split()
    return and_(*(or_(g.name_key.like(like_pattern(word), escape="/"), func.lower(g.abbreviation).like(like_pattern(word), escape="/")) for word in words))


def _joins(statement: Any) -> Any:
    return statement.outerjoin(Season, and_(Season.organisation_id == g.organisation_id, Season.id == g.season_id))


GROUPS = ListDefinition(
    name=LIST,
    model=ClubGroup,
    title=_l("Groups"),
    noun=_l("groups"),
    permission=READ,
    export_permission=EXPORT,
    columns=COLUMNS,
    filters=FILTERS,
    search=_search,
    search_hint=_l("Search by name"),
    joins=_joins,
    base_condition=lambda: g.removed_at.is_(None),
    base_reason=_l("Was removed"),
    profile_endpoint="GroupPage.show",
    edit_endpoint="GroupPage.edit",
    edit_permission=WRITE,
    extra_fields=(("group", g.extra),),
    add=(
        AddEntry(_l("Add group"), "users-group", "GroupPage.add", WRITE),
        AddEntry(_l("Add committee"), "users", "GroupList.add_committee", WRITE),
    ),
    empty_title=_l("No groups in this season yet"),
    empty_text=_l("Add a group, or go to the season before, tick its groups and choose Actions, Copy."),
)


class GroupList(ListPage):
    """The groups of one season; the current one until another is chosen."""

    route_base = "/o/<org>/groups"
    definition = GROUPS
    template = "groups/list.html"

    def _state(self, args: Any = None) -> ListState:
        if args is None and "f.season.is" not in request.args and current_organisation().kind == "club":
            season = services.current_season()
            args = MultiDict(request.args)
            args.add("f.season.is", str(season.id if season is not None else EVERYTHING))
        return super()._state(args)

    @expose("/add-committee")
    @needs(WRITE)
    def add_committee(self) -> Any:
        return redirect(url_for("GroupPage.add", committee=1))

    def around(self, state: ListState) -> dict[str, Any]:
        chosen = state.asked.texts("season", "is")
        picker = [(name, url_for(".list", **{"f.season.is": pk}), [str(pk)] == chosen) for pk, name in season_choices()]  # type: ignore[arg-type]
        current = next((name for name, _url, is_current in picker if is_current), _("Several"))
        return {"picker": picker, "chosen_season": current, "season_id": int(chosen[0]) if len(chosen) == 1 and chosen[0].isdecimal() else 0}

    def foot_links(self) -> Sequence[RowLink]:
        return [RowLink(_("Seasons"), "calendar", url_for("Seasons.list"))] if current_actor().can("seasons.write") else []


# --- actions --------------------------------------------------------------------------------------


def _copy(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    choices = Choices(**{name: bool(values.get(name)) for name in ("members", "functions", "picture", "extra", "links")})
    services.copy_group(services.get_group(item_id), services.get_season(int(values["season"])), choices, actor=actor)


def _undo_copy(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_copy(services.get_group(item_id), services.get_season(int(values["season"])), actor=actor)


def _explain_copy(number: int, values: Mapping[str, Any]) -> str:
    name = dict(season_titles()).get(values.get("season") or 0, "")
    return _n(
        "%(num)s group is copied to season %(season)s. One that is there already stays as it is.",
        "%(num)s groups are copied to season %(season)s. Those that are there already stay as they are.",
        number,
        season=name,
    )


def _remove(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.put_away(services.get_group(item_id), actor=actor)


def _bring_back(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.bring_back(services.get_group(item_id, even_removed=True), actor=actor)


def _explain_remove(number: int, _values: Mapping[str, Any]) -> str:
    return _n("%(num)s group is removed. The contacts stay.", "%(num)s groups are removed. The contacts stay.", number)


ACTIONS = (
    BulkAction("copy_groups", LIST, _l("Copy"), WRITE, run=_copy, undo=_undo_copy, form=copy_form, explain=_explain_copy, icon="copy", position=10),
    BulkAction(
        "remove_groups", LIST, _l("Remove groups"), WRITE, run=_remove, undo=_bring_back, explain=_explain_remove, icon="trash", is_danger=True, position=900
    ),
)
