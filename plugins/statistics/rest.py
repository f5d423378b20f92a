"""Snapshots over the REST API, for who makes a yearly declaration by program. Numbers only, no names."""

from __future__ import annotations

from typing import Any

from core.api import Actor, ApiField, Column, CoreRestApi, Filter, ListDefinition, _l, date_condition, text_condition
from plugins.statistics.models import Snapshot
from plugins.statistics.services.snapshots import get_snapshot, sheets_of

LIST = "api_snapshots"
GROUP = _l("Snapshot")

SNAPSHOTS = ListDefinition(
    name=LIST,
    model=Snapshot,
    title=_l("Snapshots"),
    noun=_l("snapshots"),
    permission="snapshots.read",
    columns=(
        Column("id", LIST, _l("Number"), GROUP, expression=Snapshot.id, order_by=(Snapshot.id,), default=True),
        Column("reference_on", LIST, _l("Reference date"), GROUP, expression=Snapshot.reference_on, order_by=(Snapshot.reference_on,)),
    ),
    filters=(
        Filter("name", LIST, _l("Name"), GROUP, "text", text_condition(Snapshot.name)),
        Filter("reference_on", LIST, _l("Reference date"), GROUP, "date", date_condition(Snapshot.reference_on)),
    ),
    default_sort="-id",
    base_condition=lambda: Snapshot.taken_at.is_not(None),
)


def _tables(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        {"key": sheet.key, "title": sheet.title, "rows": [{"key": key, "title": title, "number": number} for key, title, number in sheet.rows]}
        for sheet in sheets_of(snapshot)
    ]


class SnapshotApi(CoreRestApi):
    resource = "snapshots"
    title = _l("Snapshots")
    description = _l("Numbers of members per reference date, as they were frozen for a declaration. No names.")
    permission = "snapshots.read"
    definition = SNAPSHOTS
    kinds = ("federation",)
    fields = (
        ApiField("id", "integer"),
        ApiField("name"),
        ApiField("reference_on", "date"),
        ApiField("taken_at", "instant"),
        ApiField("clubs", "integer"),
        ApiField("members", "integer"),
        ApiField("checksum", help=_l("SHA-256 of everything that stays when people are forgotten")),
        ApiField("tables", "list", help=_l("Only when one snapshot is asked"), get=_tables, in_list=False),
    )

    def find(self, pk: int, *, actor: Actor) -> Snapshot:
        return get_snapshot(pk)


RESOURCES = (SnapshotApi,)
