"""A list as one person sees it in one organisation: the columns, filters and actions she has."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.access import Actor
from core.exports.actions import export_actions
from core.extend.registry import registry
from core.lists.actions import BulkAction
from core.lists.columns import Column
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.web.context import active_plugins


@dataclass(frozen=True)
class Listing:
    """`columns` and `filters` are by name, in the order of the chooser and the panel."""

    definition: ListDefinition
    columns: Mapping[str, Column]
    filters: Mapping[str, Filter]
    actions: tuple[BulkAction, ...] = field(default=())

    @property
    def default_columns(self) -> list[Column]:
        return [c for c in self.columns.values() if c.default]

    def action(self, name: str) -> BulkAction | None:
        return next((a for a in self.actions if a.name == name), None)


def make_listing(
    definition: ListDefinition, actor: Actor, *, columns: Iterable[Column] = (), filters: Iterable[Filter] = (), actions: Iterable[BulkAction] = ()
) -> Listing:
    """Join what the list has with what others add, as far as the actor may use it."""

    def allowed(items: Iterable[Any]) -> list[Any]:
        return sorted((i for i in items if i.permission is None or actor.can(i.permission)), key=lambda i: i.position)

    return Listing(
        definition,
        {c.name: c for c in allowed((*definition.columns, *columns))},
        {f.name: f for f in allowed((*definition.filters, *filters))},
        tuple(sorted(allowed(actions), key=lambda a: a.is_danger)),
    )


def listing_for(definition: ListDefinition, *, actor: Actor) -> Listing:
    """The list in the organisation of the current scope."""
    names = {definition.name, definition.shares}
    active, found = active_plugins(), registry()
    columns = [c for c in found.active("columns", active) if c.list_name in names]
    filters = [f for f in found.active("filters", active) if f.list_name in names]
    for name in filter(None, (definition.name, definition.shares)):
        for answer in found.plugins.ask("columns_here", active, list_name=name):
            columns += answer
        for answer in found.plugins.ask("filters_here", active, list_name=name):
            filters += answer
    if definition.extra_fields:
        # fields import columns of lists, so the door between the rooms is opened here
        fields = importlib.import_module("core.fields.lists")
        for target, json_column in definition.extra_fields:
            columns += fields.columns(definition.name, target, json_column)
            filters += fields.filters(definition.name, target, json_column)
    if "contacts" in names:
        privacy = importlib.import_module("core.privacy.lists")  # for the same reason
        columns += privacy.columns(definition.name)
        filters += privacy.filters(definition.name)
    actions = [a for a in found.active("bulk_actions", active) if a.list_name == definition.name]
    if definition.export_permission:
        actions += export_actions(definition.name, definition.export_permission)
    return make_listing(definition, actor, columns=columns, filters=filters, actions=actions)
