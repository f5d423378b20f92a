"""The extra fields of memberships: which belong to a type, and whether they are filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.access import Actor
from core.errors import UserMistake
from core.extend.registry import registry
from core.fields import services as fields
from core.i18n import _
from core.organisations.models import Organisation
from core.web.context import federations_of
from plugins.memberships.models import MembershipType


def fields_of(kind: MembershipType, organisation: Organisation) -> list[Any]:
    """Fields asked for a membership of this type in this organisation, in order.

    Those of the type's federation, of modules, and the organisation's own.
    """
    manifests = registry().plugins.manifests
    plugin = next((f.federation_plugin for f in federations_of(organisation) if f.id == kind.organisation_id), None)

    def belongs(definition: Any) -> bool:
        if definition.declared_by is not None:
            manifest = manifests.get(definition.declared_by)
            return definition.declared_by == plugin or (manifest is not None and manifest.kind == "module")
        return definition.owner_id in (None, organisation.id, kind.organisation_id)

    return [d for d in fields.definitions("membership", organisation) if belongs(d)]


def clean_extra(
    kind: MembershipType, values: Mapping[str, Any], organisation: Organisation, *, stored: Mapping[str, Any] | None = None, actor: Actor
) -> dict[str, Any]:
    """Checked values to store, over `stored`; a required field that is empty is a mistake."""
    asked = fields_of(kind, organisation)
    keys = {d.key for d in asked}
    cleaned = fields.clean("membership", {k: v for k, v in values.items() if k in keys}, actor=actor, stored=stored)
    found = {k: v for k, v in {**(stored or {}), **cleaned}.items() if k in keys and v is not None and v != [] and v != ""}
    for definition in asked:
        if definition.required and definition.key not in found:
            raise UserMistake(_("Fill in %(label)s.", label=definition.title.lower()), field=f"extra-{definition.key}")
    return found


def describe_extra(definitions: Sequence[Any], extra: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, value) of the fields that are filled in; a box that was not ticked says nothing."""
    return [(d.title, fields.show(d, extra[d.key])) for d in definitions if extra.get(d.key) not in (None, "", [], False) and not fields.is_sensitive(d)]
