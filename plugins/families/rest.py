"""Families over the REST API, to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.api import Actor, _l, db, is_one_of
from core.rest.api import ApiField, CoreRestApi
from plugins.families.lists import API_LIST, READ
from plugins.families.models import Family
from plugins.families.services import get_family, members_of


def _members(family: Family) -> list[dict[str, Any]]:
    return [
        {
            "contact_id": member.contact_id,
            "function": member.function.title,
            "is_child": member.function.is_child,
            "opens_account": member.function.opens_account,
            "from_on": member.from_on.isoformat(),
            "until_on": member.until_on.isoformat() if member.until_on else None,
        }
        for member in members_of([family.id])
    ]


class FamilyApi(CoreRestApi):
    resource = "families"
    title = _l("Families")
    description = _l("Who belongs together, as the club wrote it down.")
    permission = READ
    definition = API_LIST
    fields = (
        ApiField("id", "integer"),
        ApiField("name"),
        ApiField("members", "list", help=_l("Contacts with their function and days; only of one family at a time"), get=_members, in_list=False),
        ApiField("created_at", "instant"),
    )

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return db.session.scalars(select(Family).where(is_one_of(Family.id, ids))).all()

    def find(self, pk: int, *, actor: Actor) -> Family:
        return get_family(pk)


RESOURCES = (FamilyApi,)
