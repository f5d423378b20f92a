"""What joining and leaving did, over the REST API, to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.api import Actor, ApiField, Column, CoreRestApi, Filter, ListDefinition, NotFound, _l, db, is_one_of
from plugins.joining.models import JoiningAct

LIST, READ = "api_joinings", "joining.read"
_GROUP = _l("Joining and leaving")


def _of_contact(_operator: str, value: Any) -> Any:
    return JoiningAct.contact_id == int(value)


API_LIST = ListDefinition(
    name=LIST,
    model=JoiningAct,
    title=_l("Joining and leaving"),
    noun=_l("acts"),
    permission=READ,
    columns=(Column("id", LIST, _l("Number"), _GROUP, expression=JoiningAct.id, order_by=(JoiningAct.id,), default=True),),
    filters=(Filter("contact", LIST, _l("Number of the contact"), _GROUP, "number", _of_contact, operators=("is",)),),
    default_sort="id",
)


class JoiningApi(CoreRestApi):
    resource = "joinings"
    title = _l("Joining and leaving")
    description = _l("Who joined, left or was repaired in one act, and when that was put back.")
    permission = READ
    definition = API_LIST
    fields = (
        ApiField("id", "integer"),
        ApiField("contact_id", "integer"),
        ApiField("kind", help=_l("joined, left or repaired")),
        ApiField("created_at", "instant"),
        ApiField("undone_at", "instant"),
    )

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return db.session.scalars(select(JoiningAct).where(is_one_of(JoiningAct.id, ids))).all()

    def find(self, pk: int, *, actor: Actor) -> JoiningAct:
        found = db.session.scalars(select(JoiningAct).where(JoiningAct.id == pk)).one_or_none() if 0 < pk < 2**31 else None
        if found is None:
            raise NotFound(f"act {pk}")
        return found


RESOURCES = (JoiningApi,)
