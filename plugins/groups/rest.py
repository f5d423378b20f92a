"""Groups over the REST API, to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.access import Actor, current_actor
from core.db import db, is_one_of
from core.errors import NotFound
from core.i18n import _l
from core.lists.columns import Column
from core.lists.conditions import number_condition, text_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.rest.api import ApiField, CoreRestApi, shown_extra
from plugins.groups.models import ClubGroup, GroupLink, GroupMember, Season
from plugins.groups.services.reading import get_group, get_member, with_season
from plugins.groups.services.seasons import get_season

READ = "groups.read"
GROUP = _l("Group")


def _list(name: str, model: Any, title: Any, noun: Any, *, filters: Sequence[Filter] = (), base: Any = None) -> ListDefinition:
    column = Column("id", name, _l("Number"), GROUP, expression=model.id, order_by=(model.id,), default=True)
    return ListDefinition(name, model, title, noun, READ, columns=(column,), filters=tuple(filters), default_sort="id", base_condition=base)


def _number(list_name: str, name: str, label: Any, expression: Any) -> Filter:
    return Filter(name, list_name, label, GROUP, "number", number_condition(expression), operators=("is",))


class SeasonApi(CoreRestApi):
    resource = "seasons"
    title = _l("Seasons")
    description = _l("The seasons of a club.")
    permission = READ
    definition = _list("api_seasons", Season, _l("Seasons"), _l("seasons"))
    kinds = ("club",)
    fields = (
        ApiField("id", "integer"),
        ApiField("name"),
        ApiField("start_on", "date"),
        ApiField("end_on", "date"),
        ApiField("is_current", "boolean"),
        ApiField("is_active", "boolean"),
    )

    def find(self, pk: int, *, actor: Actor) -> Season:
        return get_season(pk)


class GroupApi(CoreRestApi):
    resource = "groups"
    title = _l("Groups")
    description = _l("Groups of a season and committees.")
    permission = READ
    definition = _list(
        "api_groups",
        ClubGroup,
        _l("Groups"),
        _l("groups"),
        filters=(
            _number("api_groups", "season", _l("Number of the season"), ClubGroup.season_id),
            Filter("name", "api_groups", _l("Name"), GROUP, "text", text_condition(ClubGroup.name)),
        ),
        base=lambda: ClubGroup.removed_at.is_(None),
    )
    kinds = ("club",)
    fields = (
        ApiField("id", "integer"),
        ApiField("name"),
        ApiField("abbreviation"),
        ApiField("season_id", "integer", help=_l("Empty for a committee")),
        ApiField("season", get=lambda row: row.season.name if row.season is not None else None),
        ApiField("lineage", "integer", help=_l("The same for a group and its copies in other seasons")),
        ApiField("type", help=_l("Key of the type")),
        ApiField("composition"),
        ApiField("category"),
        ApiField("extra", "object", help=_l("Values of extra fields, by key"), get=lambda row: shown_extra("group", row.extra, current_actor())),
        ApiField("changed_at", "instant"),
    )

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return db.session.scalars(with_season().where(is_one_of(ClubGroup.id, ids))).all()

    def find(self, pk: int, *, actor: Actor) -> ClubGroup:
        return get_group(pk)


class GroupMemberApi(CoreRestApi):
    resource = "group-members"
    title = _l("Members of groups")
    description = _l("Who is or was in a group, a line per function.")
    permission = READ
    definition = _list(
        "api_group_members",
        GroupMember,
        _l("Members of groups"),
        _l("members"),
        filters=(
            _number("api_group_members", "group", _l("Number of the group"), GroupMember.group_id),
            _number("api_group_members", "contact", _l("Number of the contact"), GroupMember.contact_id),
        ),
        base=lambda: GroupMember.is_void.is_(False),
    )
    kinds = ("club",)
    fields = (
        ApiField("id", "integer"),
        ApiField("group_id", "integer"),
        ApiField("contact_id", "integer"),
        ApiField("function", help=_l("Key of the function")),
        ApiField("from_on", "date"),
        ApiField("until_on", "date"),
        ApiField("by_rule", "boolean", get=lambda row: row.rule_id is not None),
    )

    def find(self, pk: int, *, actor: Actor) -> GroupMember:
        return get_member(pk)


class LinkedGroupApi(CoreRestApi):
    resource = "linked-groups"
    title = _l("Linked groups")
    description = _l("What a federation reads of the groups its clubs linked to it.")
    permission = READ
    definition = _list(
        "api_linked_groups",
        GroupLink,
        _l("Linked groups"),
        _l("groups"),
        filters=(
            _number("api_linked_groups", "club", _l("Number of the club"), GroupLink.organisation_id),
            Filter("season", "api_linked_groups", _l("Season"), GROUP, "text", text_condition(GroupLink.season_name)),
        ),
    )
    kinds = ("federation", "region")
    fields = (
        ApiField("id", "integer"),
        ApiField("club_id", "integer", get=lambda row: row.organisation_id),
        *(ApiField(name) for name in ("name", "abbreviation", "type", "composition", "category")),
        ApiField("lineage", "integer", help=_l("The same for a group and its copies in other seasons")),
        ApiField("season", get=lambda row: row.season_name),
        ApiField("shared", "object", help=_l("Values of the fields the federation asks, by key")),
        ApiField("options", "object", help=_l("What was ordered"), get=lambda row: {"keys": list(row.options or ())}),
        ApiField("functions", "object", help=_l("People per function")),
        ApiField("holders", "object", help=_l("Who holds the functions the federation asks for"), get=lambda row: {"people": list(row.holders or ())}),
        ApiField("member_count", "integer"),
        ApiField("linked_on", "date"),
        ApiField("unlinked_on", "date"),
        ApiField("changed_at", "instant"),
    )

    def find(self, pk: int, *, actor: Actor) -> GroupLink:
        found = db.session.scalars(select(GroupLink).where(GroupLink.id == pk)).one_or_none() if 0 < pk < 2**31 else None
        if found is None:
            raise NotFound(f"linked group {pk}")
        return found


RESOURCES = (SeasonApi, GroupApi, GroupMemberApi, LinkedGroupApi)
