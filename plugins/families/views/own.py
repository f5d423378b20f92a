"""The own area: one's families, and what each parent may do for each child."""

from __future__ import annotations

from typing import Any

from core.api import CoreView, current_actor, expose, needs
from plugins.families import services


class OwnFamily(CoreView):
    """Everybody sees who may act for whom: a parent, the other parents, and the child."""

    route_base = "/o/<org>/my/family"
    default_view = "show"

    @expose("/")
    @needs("home.read")
    def show(self) -> Any:
        me = current_actor().contact_id
        families = services.families_of(me) if me else []
        day = services.today()
        members = [m for m in services.members_of([family.id for family in families]) if not services.is_over(m, day)]
        mine = [family for family in families if any(m.family_id == family.id and m.contact_id == me for m in members)]
        children = [pair.child for pair in services.children_of(me)] if me else []
        whose = [(child, services.parents_of(child.id)) for child in {child.id: child for child in children}.values()]
        about_me = services.parents_of(me) if me else []
        by_family = [(family, [m for m in members if m.family_id == family.id]) for family in mine]
        return self.render("families/own.html", families=by_family, whose=whose, about_me=about_me, me=me)
