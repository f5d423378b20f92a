"""The organigram, the groups of a member, and what a federation reads of one group."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy import select

from core.access import current_actor
from core.db import db
from core.errors import NotFound
from core.organisations.models import Organisation
from core.tenancy import current_scope
from core.web.context import current_organisation
from core.web.views import CoreView, expose, needs, row_id
from plugins.groups import services
from plugins.groups.models import GroupLink
from plugins.groups.presentation import show_link, word_of
from plugins.groups.services.catalogue import title_of
from plugins.groups.services.mine import fellows_of, my_functions, my_group, my_groups
from plugins.groups.services.organigram import boxes_of


class Organigram(CoreView):
    """The club on one page: committees and groups, functions, people."""

    route_base = "/o/<org>/organigram"
    default_view = "show"
    part_of = "GroupList"

    @expose("/")
    @needs("groups.read")
    def show(self) -> Any:
        if current_organisation().kind != "club":
            raise NotFound("organigram")
        pk = request.args.get("season", type=row_id)
        season = services.get_season(pk) if pk else services.current_season()
        seasons = services.seasons_of()
        return self.render(
            "groups/organigram.html", season=season, seasons=seasons, committees=boxes_of(None), groups=boxes_of(season) if season is not None else []
        )


class MyGroups(CoreView):
    """The groups somebody is in, as the club lets its members see them."""

    route_base = "/o/<org>/my/groups"
    default_view = "list"

    @expose("/")
    @needs("groups.mine")
    def list(self) -> Any:
        contact_id = current_actor().contact_id or 0
        return self.render("groups/my_list.html", groups=my_groups(contact_id), functions=my_functions(contact_id), is_linked=bool(contact_id))

    @expose("/<int:pk>")
    @needs("groups.mine")
    def show(self, pk: int) -> Any:
        group = my_group(pk, current_actor().contact_id or 0)
        return self.render("groups/my_group.html", group=group, fellows=fellows_of(group))


class FederationGroup(CoreView):
    """One linked group as its federation reads it."""

    route_base = "/o/<org>/federation/groups"
    default_view = "show"
    part_of = "FederationGroupList"

    @expose("/<int:pk>")
    @needs("groups.read")
    def show(self, pk: int) -> Any:
        found = db.session.scalars(select(GroupLink).where(GroupLink.id == pk)).one_or_none() if 0 < pk < 2**31 else None
        if found is None or not current_scope().reads_clubs:
            raise NotFound(f"group link {pk}")
        federation = db.session.get(Organisation, found.federation_id)
        club = db.session.get(Organisation, found.organisation_id)
        if federation is None or club is None:
            raise NotFound(f"group link {pk}")
        words = [(kind, word_of(found, kind)) for kind in ("type", "composition", "category")]
        page = {"link": found, "club": club, "words": dict(words), "shown": show_link(found, federation), "seasons": _seasons(found)}
        return self.render("groups/federation_group.html", **page, group_word=title_of)


def _seasons(link: GroupLink) -> list[GroupLink]:
    """The same group in other seasons, the newest first."""
    query = select(GroupLink).where(
        GroupLink.organisation_id == link.organisation_id, GroupLink.federation_id == link.federation_id, GroupLink.lineage == link.lineage
    )
    return [other for other in db.session.scalars(query.order_by(GroupLink.season_start.desc())) if other.id != link.id]
