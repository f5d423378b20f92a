"""The extra fields of groups: those of the club, and those a federation asks of a linked group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.access import Actor
from core.errors import UserMistake
from core.extend.registry import registry
from core.fields import services as fields
from core.fields.extra_field import ExtraField
from core.i18n import _
from core.organisations.models import Organisation

TARGET = "group"


def fields_asked_by(federation: Organisation) -> list[ExtraField]:
    """What this federation asks of a group that is linked to it, in order."""
    return [
        d for d in fields.definitions(TARGET) if d.owner_id == federation.id or (d.declared_by is not None and d.declared_by == federation.federation_plugin)
    ]


def own_fields() -> list[ExtraField]:
    """Fields of every group here: of the club itself and of modules."""
    from core.web.context import current_organisation  # noqa: PLC0415 -- circular: the context knows plugins

    here, manifests = current_organisation().id, registry().plugins.manifests

    def is_own(definition: ExtraField) -> bool:
        if definition.declared_by is not None:
            return definition.declared_by not in manifests or manifests[definition.declared_by].kind == "module"
        return definition.owner_id == here

    return [d for d in fields.definitions(TARGET) if is_own(d)]


def clean_extra(asked: Sequence[ExtraField], values: Mapping[str, Any], stored: Mapping[str, Any] | None, *, actor: Actor) -> dict[str, Any]:
    """The whole of `extra` to store: `stored` with these fields changed; a required one that is empty is a mistake."""
    keys = {d.key for d in asked}
    cleaned = fields.clean(TARGET, {k: v for k, v in values.items() if k in keys}, actor=actor, stored=stored)
    found = {k: v for k, v in {**(stored or {}), **cleaned}.items() if v is not None and v not in ("", [])}
    for definition in asked:
        if definition.required and definition.key not in found:
            raise UserMistake(_("Fill in %(label)s.", label=definition.title.lower()), field=f"extra-{definition.key}")
    return found


def describe(definitions: Sequence[ExtraField], extra: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """(label, text) of every field, also those that are empty."""
    return [(d.title, fields.show(d, (extra or {}).get(d.key))) for d in definitions if not fields.is_sensitive(d)]
